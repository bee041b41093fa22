#include "service/seat_allocation.h"

#include <string.h>

#include "model/booking_errors.h"
#include "repository/seat_repo.h"

struct allocation {
	struct db *db;
	struct seat_hints *hints;
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
	give_rest(work, chosen);
	if (wanted == work->booking->passenger_count)
		seat_hints_found(work->hints, work->booking->flight_id,
		    chosen[0].position, chosen[wanted - 1].position);
	return 0;
}

/* The quick choice: lock the first free seats that nobody else holds. Good
 * enough when they are neighbours. */
static int
give_first(
    struct allocation *work, unsigned below, bool *given, struct err *err)
{
	size_t wanted = work->booking->passenger_count;
	struct seat *seats;
	size_t count;

	if (seat_repo_lock_free(work->db, work->arena, work->booking->flight_id,
		below, wanted, &seats, &count, err) != 0)
		return -1;
	if (count < wanted || !seats_adjacent(seats, count))
		return 0;
	give_rest(work, seats);
	seat_hints_found(work->hints, work->booking->flight_id,
	    seats[0].position, seats[count - 1].position);
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
	unsigned first,
	    below = seat_hints_settled(work->hints, booking->flight_id);

	if (below == FLIGHT_SEATS_MAX)
		return 0;
	if (below > 0 && give_first(work, below, given, err) != 0)
		return -1;
	if (*given || !seat_hints_go_on(work->hints, &booking->flight,
			  (unsigned)booking->passenger_count, &first))
		return 0;
	give_from(booking, work->arena, first);
	*given = true;
	return 0;
}

static int
give_any(struct allocation *work, bool may_guess, struct err *err)
{
	bool given = false;

	if (may_guess && give_beside(work, &given, err) != 0)
		return -1;
	if (!given && give_first(work, FLIGHT_SEATS_MAX, &given, err) != 0)
		return -1;
	return given ? 0 : give_best(work, err);
}

bool
seat_allocation_guess(struct seat_hints *hints, struct arena *arena,
    struct booking *booking, const struct seat_wishes *wishes, bool again)
{
	unsigned first, count = (unsigned)booking->passenger_count;

	if (wishes->preference_count > 0 ||
	    !(again ? seat_hints_go_on(hints, &booking->flight, count, &first)
		    : seat_hints_take(hints, &booking->flight, count, &first)))
		return false;
	give_from(booking, arena, first);
	return true;
}

int
seat_allocation_choose(struct db *db, struct seat_hints *hints,
    struct arena *arena, struct booking *booking,
    const struct seat_wishes *wishes, bool may_guess, struct err *err)
{
	struct allocation work = {
		.db = db,
		.hints = hints,
		.arena = arena,
		.booking = booking,
		.wishes = wishes,
	};

	if (wishes->preference_count == 0)
		return give_any(&work, may_guess, err);
	if (give_wished(&work, err) != 0)
		return -1;
	if (work.seated_count == booking->passenger_count)
		return 0;
	return give_best(&work, err);
}
