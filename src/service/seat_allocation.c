#include "service/seat_allocation.h"

#include <string.h>

#include "model/booking_errors.h"
#include "repository/seat_repo.h"

#define GUESSES 2

/* Seats a passenger to choose neighbours from: each is kept from all others
 * until the transaction ends, so that they do not choose the same, and more of
 * them would leave others none to lock on a small flight. */
#define CHOICE 8

struct allocation {
	struct db *db;
	struct seat_search *search;
	struct arena *arena;
	struct booking *booking;
	const struct seat_wishes *wishes;
	bool seated[PASSENGERS_MAX];
	size_t seated_count;
	struct seat *wished; /* the preferred seats that are free */
	size_t wished_count;
	bool used[SEAT_PREFERENCES_MAX]; /* of wished */
};

static void
seat_passenger(
    struct allocation *work, size_t passenger, const struct seat *seat)
{
	work->booking->passengers[passenger].seat_position = seat->position;
	work->booking->passengers[passenger].seat_number = seat->number;
	work->seated[passenger] = true;
	work->seated_count++;
}

/* Gives the named seat to the passenger if it is free and not given yet. */
static bool
give_named(struct allocation *work, size_t passenger, const char *number)
{
	for (size_t i = 0; i < work->wished_count; i++) {
		if (work->used[i] ||
		    strcmp(work->wished[i].number, number) != 0)
			continue;
		work->used[i] = true;
		seat_passenger(work, passenger, &work->wished[i]);
		return true;
	}
	return false;
}

/* Further preferences than passengers are alternatives, in their order. */
static bool
give_alternative(struct allocation *work, size_t passenger)
{
	const struct seat_wishes *wishes = work->wishes;

	for (size_t i = work->booking->passenger_count;
	     i < wishes->preference_count; i++) {
		if (give_named(work, passenger, wishes->preferences[i]))
			return true;
	}
	return false;
}

static int
give_wished(struct allocation *work, struct err *err)
{
	const struct seat_wishes *wishes = work->wishes;
	bool missed[PASSENGERS_MAX] = { false };
	size_t named = wishes->preference_count;

	if (named > work->booking->passenger_count)
		named = work->booking->passenger_count;
	if (seat_repo_find_free(work->db, work->arena, work->booking->flight_id,
		wishes->preferences, wishes->preference_count, &work->wished,
		&work->wished_count, err) != 0)
		return -1;
	for (size_t i = 0; i < named; i++)
		missed[i] = !give_named(work, i, wishes->preferences[i]);
	for (size_t i = 0; i < named; i++) {
		if (!missed[i] || give_alternative(work, i) ||
		    wishes->allow_other_seats)
			continue;
		return err_set_public(err, &SEAT_UNAVAILABLE,
		    "Seat %s is not available on flight %s",
		    wishes->preferences[i], work->booking->flight_id);
	}
	return 0;
}

/* Seats the others in the given seats, in passenger order. */
static void
give_rest(struct allocation *work, const struct seat seats[])
{
	for (size_t i = 0; i < work->booking->passenger_count; i++) {
		if (!work->seated[i])
			seat_passenger(work, i, seats++);
	}
}

static int
too_few(struct allocation *work, size_t free_count, struct err *err)
{
	return err_set_public(err, &FLIGHT_UNAVAILABLE,
	    "Flight %s has only %zu seat%s available but %zu passenger%s "
	    "requested",
	    work->booking->flight_id, free_count, free_count == 1 ? "" : "s",
	    work->booking->passenger_count,
	    work->booking->passenger_count == 1 ? "" : "s");
}

static bool
is_seated(const struct allocation *work, unsigned position)
{
	for (size_t i = 0; i < work->booking->passenger_count; i++) {
		if (work->seated[i] &&
		    work->booking->passengers[i].seat_position == position)
			return true;
	}
	return false;
}

/* Seats all of them, in what a look from the beginning found. */
static void
give_found(struct allocation *work, const struct seat seats[])
{
	size_t last = work->booking->passenger_count - 1;

	give_rest(work, seats);
	seat_hints_found(work->search->hints, work->booking->flight_id,
	    seats[0].position, seats[last].position);
	work->search->owes_look = true;
}

/* The considered choice: looks at every free seat of the flight, unlocked. */
static int
give_best(struct allocation *work, struct err *err)
{
	size_t wanted = work->booking->passenger_count - work->seated_count;
	struct seat *seats, chosen[PASSENGERS_MAX];
	size_t count, left = 0;

	if (seat_repo_free(work->db, work->arena, work->booking->flight_id,
		FLIGHT_SEATS_MAX, FLIGHT_SEATS_MAX, &seats, &count, err) != 0)
		return -1;
	if (count < work->booking->passenger_count)
		return too_few(work, count, err);
	for (size_t i = 0; i < count; i++) {
		if (!is_seated(work, seats[i].position))
			seats[left++] = seats[i];
	}
	if (seats_choose(seats, left, wanted, chosen) < wanted)
		return too_few(work, count, err);
	if (wanted == work->booking->passenger_count)
		give_found(work, chosen);
	else
		give_rest(work, chosen);
	return 0;
}

/* Whether they sit in no more groups than they fill rows. */
static bool
sit_together(const struct seat seats[], size_t count)
{
	size_t groups = 1;

	for (size_t i = 1; i < count; i++)
		groups += !seats_adjacent(&seats[i - 1], 2);
	return (groups - 1) * SEATS_ABREAST < count;
}

/* The quick choice: lock the first free seats that nobody else holds. Good
 * enough when some of them are neighbours. */
static int
give_first(struct allocation *work, unsigned below, size_t most, bool *given,
    struct err *err)
{
	size_t wanted = work->booking->passenger_count;
	struct seat *seats, chosen[PASSENGERS_MAX];
	size_t count;

	if (seat_repo_lock_free(work->db, work->arena, work->booking->flight_id,
		below, most, &seats, &count, err) != 0)
		return -1;
	if (seats_choose(seats, count, wanted, chosen) < wanted ||
	    !sit_together(chosen, wanted))
		return 0;
	give_found(work, chosen);
	*given = true;
	return 0;
}

static void
give_from(struct booking *booking, struct arena *arena, unsigned first)
{
	for (unsigned i = 0; i < booking->passenger_count; i++) {
		char *number = arena_alloc(arena, SEAT_NUMBER_SIZE);

		booking->passengers[i].seat_position = first + i;
		booking->passengers[i].seat_number =
		    flight_seat_number(&booking->flight, first + i, number);
	}
}

/* A look beside bookings that go on: what is free below them, or else what
 * comes next. */
static int
give_beside(struct allocation *work, bool *given, struct err *err)
{
	struct booking *booking = work->booking;
	struct seat_hints *hints = work->search->hints;
	unsigned first, below = seat_hints_settled(hints, booking->flight_id);

	if (below == FLIGHT_SEATS_MAX)
		return 0;
	if (below > 0 &&
	    give_first(work, below, CHOICE * booking->passenger_count, given,
		err) != 0)
		return -1;
	if (*given || !seat_hints_go_on(hints, &booking->flight,
			  (unsigned)booking->passenger_count, &first))
		return 0;
	give_from(booking, work->arena, first);
	*given = true;
	return 0;
}

static int
give_any(struct allocation *work, bool may_guess, struct err *err)
{
	size_t wanted = work->booking->passenger_count;
	const size_t locked[] = { wanted, CHOICE * wanted };
	bool given = false;

	if (may_guess && give_beside(work, &given, err) != 0)
		return -1;
	for (size_t i = 0; !given && i < ARRAY_LEN(locked); i++) {
		if (give_first(
			work, FLIGHT_SEATS_MAX, locked[i], &given, err) != 0)
			return -1;
	}
	return given ? 0 : give_best(work, err);
}

static int
choose(
    struct seat_search *search, struct db *db, bool may_guess, struct err *err)
{
	struct allocation work = {
		.db = db,
		.search = search,
		.arena = search->arena,
		.booking = search->booking,
		.wishes = search->wishes,
	};

	if (work.wishes->preference_count == 0)
		return give_any(&work, may_guess, err);
	if (give_wished(&work, err) != 0)
		return -1;
	if (work.seated_count == work.booking->passenger_count)
		return 0;
	return give_best(&work, err);
}

void
seat_search_begin(struct seat_search *search, struct seat_hints *hints,
    struct arena *arena, struct booking *booking,
    const struct seat_wishes *wishes, bool may_guess)
{
	*search = (struct seat_search){
		.hints = hints,
		.arena = arena,
		.booking = booking,
		.wishes = wishes,
		.guesses = may_guess ? GUESSES : 0,
	};
	seat_hints_enter(hints, booking->flight_id);
}

bool
seat_search_guess(struct seat_search *search)
{
	struct booking *booking = search->booking;
	const struct flight *flight = &booking->flight;
	unsigned first, count = (unsigned)booking->passenger_count;

	if (search->guesses == 0 || search->is_to_look ||
	    search->wishes->preference_count > 0)
		return false;
	if (!(search->is_tried
		    ? seat_hints_go_on(search->hints, flight, count, &first)
		    : seat_hints_take(search->hints, flight, count, &first,
			  &search->owes_look))) {
		search->is_to_look = true;
		return false;
	}
	search->guesses--;
	search->is_tried = true;
	give_from(booking, search->arena, first);
	return true;
}

int
seat_search_next(struct seat_search *search, struct db *db, struct err *err)
{
	bool may_guess = search->guesses > 0;

	if (search->is_tried)
		seat_hints_doubt(search->hints, search->booking->flight_id);
	if (seat_search_guess(search))
		return 0;
	search->guesses = 0;
	search->is_tried = true;
	return choose(search, db, may_guess, err);
}

void
seat_search_settle(struct seat_search *search, bool is_sold)
{
	if (search->owes_look && !is_sold)
		seat_hints_doubt(search->hints, search->booking->flight_id);
	seat_hints_leave(search->hints, search->booking->flight_id);
}
