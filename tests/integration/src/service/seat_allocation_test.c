/*
 * What a look for seats finds while other bookings go on: never what these
 * have been given and are about to lock.
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

/* All seats are free in the table, the first are other bookings' by the hints;
 * `others` are on their way to lock them. */
static struct looks
open_looks(struct fixture *f, int others)
{
	struct looks looks = { f, seat_hints_create() };

	for (size_t i = 0; i < COUNT(FREE_SEATS); i++)
		run_sql(f->db, FREE_SEATS[i]);
	seat_hints_found(looks.hints, FLIGHT, HANDED_OUT - 2, HANDED_OUT - 1);
	for (int other = 0; other < others; other++)
		seat_hints_enter(looks.hints, FLIGHT);
	return looks;
}

/* The first seat of two passengers. */
static unsigned
look(struct looks *looks, bool may_guess)
{
	struct passenger passengers[2] = { 0 };
	struct booking booking = {
		.flight_id = FLIGHT,
		.flight = { .flight_id = FLIGHT, .total_seats = SEATS },
		.passengers = passengers,
		.passenger_count = 2,
	};
	struct err err = { 0 };

	run_sql(looks->f->db, "START TRANSACTION");
	if (seat_allocation_choose(looks->f->db, looks->hints, looks->f->arena,
		&booking, &ANY, may_guess, &err) != 0)
		fail_msg("%s", err.cause);
	run_sql(looks->f->db, "ROLLBACK");
	assert_int_equal(
	    passengers[1].seat_position, passengers[0].seat_position + 1);
	return passengers[0].seat_position;
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

/* After two misses the hints are worth nothing. */
static void
without_a_guess_it_takes_whatever_is_free(void **state)
{
	struct looks looks = open_looks(*state, 1);

	sell_below(&looks, HANDED_OUT - 10);
	assert_int_equal(look(&looks, false), HANDED_OUT - 10);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(alone_it_takes_the_first_free_seats),
		cmocka_unit_test(beside_others_it_fills_holes_far_below_them),
		cmocka_unit_test(
		    beside_others_it_leaves_what_they_are_about_to_lock),
		cmocka_unit_test(without_a_guess_it_takes_whatever_is_free),
	};

	return cmocka_run_group_tests(tests, data_open, data_close);
}
