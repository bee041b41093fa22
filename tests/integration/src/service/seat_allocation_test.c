/*
 * How a booking searches for seats: when it guesses and when it looks, that a
 * look which sells nothing is handed on, and what a look finds while other
 * bookings go on: never what these have been given and are about to lock, nor
 * what another look has chosen.
 */
#include "data_fixture.h"

#include "service/seat_allocation.h"

#define FLIGHT	   "F300-look"
#define SEATS	   300
#define HANDED_OUT 100 /* seats, the first of the flight */

static const struct seat_wishes ANY = { 0 };

static const char *const FREE_SEATS[] = {
	"DELETE FROM seats WHERE flight_id = '" FLIGHT "'",
	"INSERT IGNORE INTO flights SELECT '" FLIGHT "', 'AA100', 'American', "
	"'JFK', 'LAX', '2027-01-01', NULL, 299.99, 'USD', 'SCHEDULED', 300, "
	"'2025-01-01', '2025-01-01'",
	"INSERT INTO seats (flight_id, position, id, seat_number, "
	"is_available, created_at) SELECT '" FLIGHT "', i, " ID_OF(
	    "i + 900000") ", CONCAT(1 + i DIV 6, SUBSTR('ABCDEF', 1 + i % 6, "
			  "1)), TRUE, '2025-01-01' FROM " NUMBERS
			  "WHERE i < 300",
};

struct looks {
	struct fixture *f;
	struct seat_hints *hints;
};

/* A booking on its way to seats. */
struct searcher {
	struct passenger passengers[PASSENGERS_MAX];
	struct booking booking;
	struct seat_search search;
};

/* All seats are free in the table, the first are other bookings' by the hints;
 * `others` are on their way to lock them. */
static struct looks
open_looks(struct fixture *f, int others)
{
	struct looks looks = { f, seat_hints_create() };

	for (size_t i = 0; i < COUNT(FREE_SEATS); i++)
		run_sql(f->db, FREE_SEATS[i]);
	seat_hints_found(looks.hints, FLIGHT, HANDED_OUT - 2, HANDED_OUT - 1);
	seat_hints_leave(looks.hints, FLIGHT);
	for (int other = 0; other < others; other++)
		seat_hints_enter(looks.hints, FLIGHT);
	return looks;
}

static void
begin(struct looks *looks, struct searcher *searcher, size_t passenger_count,
    const struct seat_wishes *wishes, bool may_guess)
{
	searcher->booking = (struct booking){
		.flight_id = FLIGHT,
		.flight = { .flight_id = FLIGHT, .total_seats = SEATS },
		.passengers = searcher->passengers,
		.passenger_count = passenger_count,
	};
	seat_search_begin(&searcher->search, looks->hints, looks->f->arena,
	    &searcher->booking, wishes, may_guess);
}

/* The first seat of them. */
static unsigned
next_in(struct searcher *searcher, struct db *db)
{
	struct err err = { 0 };

	if (seat_search_next(&searcher->search, db, &err) != 0)
		fail_msg("%s", err.cause);
	return searcher->passengers[0].seat_position;
}

/* The same in a transaction that sells nothing. */
static unsigned
next(struct looks *looks, struct searcher *searcher)
{
	unsigned first;

	run_sql(looks->f->db, "START TRANSACTION");
	first = next_in(searcher, looks->f->db);
	run_sql(looks->f->db, "ROLLBACK");
	return first;
}

/* What a booking of two gets that the hints have chosen for a look, or that
 * may not guess. */
static unsigned
look(struct looks *looks, bool may_guess)
{
	struct searcher searcher;
	unsigned first;

	seat_hints_doubt(looks->hints, FLIGHT);
	begin(looks, &searcher, 2, &ANY, may_guess);
	first = next(looks, &searcher);
	assert_int_equal(searcher.passengers[1].seat_position, first + 1);
	seat_search_settle(&searcher.search, true);
	return first;
}

/* Whether the flight's next booking is to look. */
static bool
is_look_due(struct looks *looks)
{
	struct flight flight = { .flight_id = FLIGHT, .total_seats = SEATS };
	bool chosen = false;
	unsigned first;

	seat_hints_take(looks->hints, &flight, 2, &first, &chosen);
	return chosen;
}

static void
sell_below(struct looks *looks, int position)
{
	char sql[200];

	snprintf(sql, sizeof(sql),
	    "UPDATE seats SET is_available = FALSE WHERE flight_id = '" FLIGHT
	    "' AND position < %d",
	    position);
	run_sql(looks->f->db, sql);
}

static void
alone_it_takes_the_first_free_seats(void **state)
{
	struct looks looks = open_looks(*state, 0);

	assert_int_equal(look(&looks, true), 0);
}

static void
beside_others_it_fills_holes_far_below_them(void **state)
{
	struct looks looks = open_looks(*state, 1);

	sell_below(&looks, 10);
	assert_int_equal(look(&looks, true), 10);
}

static void
beside_others_it_leaves_what_they_are_about_to_lock(void **state)
{
	struct looks looks = open_looks(*state, 1);

	sell_below(&looks, HANDED_OUT - 10);
	assert_int_equal(look(&looks, true), HANDED_OUT);
	assert_int_equal(look(&looks, true), HANDED_OUT + 2);
}

static void
a_look_that_missed_takes_whatever_is_free(void **state)
{
	struct looks looks = open_looks(*state, 1);
	struct searcher searcher;

	sell_below(&looks, HANDED_OUT - 10);
	seat_hints_doubt(looks.hints, FLIGHT);
	begin(&looks, &searcher, 2, &ANY, true);
	assert_int_equal(next(&looks, &searcher), HANDED_OUT);
	assert_int_equal(next(&looks, &searcher), HANDED_OUT - 10);
	seat_search_settle(&searcher.search, true);
}

/* After two misses the hints are worth nothing. */
static void
without_a_guess_it_takes_whatever_is_free(void **state)
{
	struct looks looks = open_looks(*state, 1);

	sell_below(&looks, HANDED_OUT - 10);
	assert_int_equal(look(&looks, false), HANDED_OUT - 10);
}

static void
it_guesses_twice_and_then_looks(void **state)
{
	struct looks looks = open_looks(*state, 0);
	struct searcher searcher;

	begin(&looks, &searcher, 2, &ANY, true);
	assert_true(seat_search_guess(&searcher.search));
	assert_int_equal(searcher.passengers[0].seat_position, HANDED_OUT);
	assert_int_equal(searcher.passengers[1].seat_position, HANDED_OUT + 1);
	assert_string_equal(searcher.passengers[0].seat_number, "17E");
	assert_int_equal(next(&looks, &searcher), HANDED_OUT + 2);
	assert_true(is_look_due(&looks));
	for (int looked = 0; looked < 3; looked++) {
		assert_false(seat_search_guess(&searcher.search));
		assert_int_equal(next(&looks, &searcher), 0);
	}
	seat_search_settle(&searcher.search, true);
}

/* Statement by statement, without a round trip of its own for the guess. */
static void
next_guesses_as_often(void **state)
{
	struct looks looks = open_looks(*state, 0);
	struct searcher searcher;

	begin(&looks, &searcher, 2, &ANY, true);
	assert_int_equal(next(&looks, &searcher), HANDED_OUT);
	assert_int_equal(next(&looks, &searcher), HANDED_OUT + 2);
	assert_int_equal(next(&looks, &searcher), 0);
	seat_search_settle(&searcher.search, true);
}

static void
who_is_chosen_looks_and_guesses_no_more(void **state)
{
	struct looks looks = open_looks(*state, 0);
	struct searcher searcher;

	seat_hints_doubt(looks.hints, FLIGHT);
	begin(&looks, &searcher, 2, &ANY, true);
	assert_false(seat_search_guess(&searcher.search));
	assert_false(seat_search_guess(&searcher.search));
	assert_int_equal(next(&looks, &searcher), 0);
	assert_int_equal(next(&looks, &searcher), 0);
	seat_search_settle(&searcher.search, true);
}

static void
names_and_seats_without_a_name_are_not_guessed(void **state)
{
	static const char *const NAMES[] = { "2A" };
	static const struct seat_wishes NAMED = { NAMES, COUNT(NAMES), false };
	struct looks looks = open_looks(*state, 0);
	struct searcher searcher;

	begin(&looks, &searcher, 1, &NAMED, true);
	assert_false(seat_search_guess(&searcher.search));
	assert_int_equal(next(&looks, &searcher), 6);
	seat_search_settle(&searcher.search, true);
	begin(&looks, &searcher, 1, &ANY, false);
	assert_false(seat_search_guess(&searcher.search));
	seat_search_settle(&searcher.search, true);
}

static void
a_look_that_sells_nothing_is_handed_back(void **state)
{
	static const struct {
		bool is_chosen, looks, is_sold, is_due;
	} ROWS[] = {
		{ true, false, false, true },
		{ true, true, false, true },
		{ true, true, true, false },
		{ false, true, false, true },
		{ false, true, true, false },
		{ false, false, false, false },
	};

	for (size_t i = 0; i < COUNT(ROWS); i++) {
		struct looks looks = open_looks(*state, 0);
		struct searcher searcher;

		sell_below(&looks, HANDED_OUT);
		if (ROWS[i].is_chosen)
			seat_hints_doubt(looks.hints, FLIGHT);
		begin(&looks, &searcher, 2, &ANY,
		    ROWS[i].is_chosen || !ROWS[i].looks);
		assert_int_equal(seat_search_guess(&searcher.search),
		    !ROWS[i].is_chosen && !ROWS[i].looks);
		if (ROWS[i].looks)
			assert_int_equal(next(&looks, &searcher), HANDED_OUT);
		seat_search_settle(&searcher.search, ROWS[i].is_sold);
		assert_int_equal(is_look_due(&looks), ROWS[i].is_due);
	}
}

/* Searches that are over are not at work beside the next. */
static void
who_has_settled_is_no_other(void **state)
{
	struct looks looks = open_looks(*state, 0);
	struct searcher searcher;

	begin(&looks, &searcher, 2, &ANY, true);
	seat_search_settle(&searcher.search, true);
	sell_below(&looks, HANDED_OUT - 10);
	assert_int_equal(look(&looks, true), HANDED_OUT - 10);
}

/* Between single seats neither finds neighbours at the first free ones. */
static void
looks_at_once_choose_different_neighbours(void **state)
{
	static const struct {
		size_t passenger_count;
		unsigned first, second;
	} ROWS[] = { { 2, 12, 24 }, { 6, 12, 60 }, { 9, 12, 80 } };

	for (size_t i = 0; i < COUNT(ROWS); i++) {
		struct looks looks = open_looks(*state, 0);
		struct db *other = db_create(&looks.f->settings);
		size_t count = ROWS[i].passenger_count;
		struct searcher one, two;

		run_sql(looks.f->db,
		    "UPDATE seats SET is_available = FALSE WHERE flight_id = "
		    "'" FLIGHT "' AND position < 12 AND position % 3 > 0");
		run_sql(looks.f->db, "START TRANSACTION");
		run_sql(other, "START TRANSACTION");
		begin(&looks, &one, count, &ANY, false);
		begin(&looks, &two, count, &ANY, false);
		assert_int_equal(next_in(&one, looks.f->db), ROWS[i].first);
		assert_int_equal(next_in(&two, other), ROWS[i].second);
		run_sql(looks.f->db, "ROLLBACK");
		run_sql(other, "ROLLBACK");
		db_free(other);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_guesses_twice_and_then_looks),
		cmocka_unit_test(next_guesses_as_often),
		cmocka_unit_test(who_is_chosen_looks_and_guesses_no_more),
		cmocka_unit_test(
		    names_and_seats_without_a_name_are_not_guessed),
		cmocka_unit_test(a_look_that_sells_nothing_is_handed_back),
		cmocka_unit_test(who_has_settled_is_no_other),
		cmocka_unit_test(looks_at_once_choose_different_neighbours),
		cmocka_unit_test(alone_it_takes_the_first_free_seats),
		cmocka_unit_test(beside_others_it_fills_holes_far_below_them),
		cmocka_unit_test(
		    beside_others_it_leaves_what_they_are_about_to_lock),
		cmocka_unit_test(a_look_that_missed_takes_whatever_is_free),
		cmocka_unit_test(without_a_guess_it_takes_whatever_is_free),
	};

	return cmocka_run_group_tests(tests, data_open, data_close);
}
