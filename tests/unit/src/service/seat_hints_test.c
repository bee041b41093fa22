#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "service/seat_hints.h"

#define SEATS	  6000
#define PROCESSES 8

static const struct flight FLIGHT = { .flight_id = "F6000-hints",
	.total_seats = SEATS };

static bool
take(struct seat_hints *hints, unsigned count, unsigned *first)
{
	bool chosen = false;

	return seat_hints_take(hints, &FLIGHT, count, first, &chosen);
}

static void
nothing_to_guess_by_before_a_look(void **state)
{
	struct seat_hints *hints = seat_hints_create();
	unsigned first;

	(void)state;
	assert_false(take(hints, 1, &first));
	assert_false(take(NULL, 1, &first));
}

static void
goes_on_after_what_a_look_found(void **state)
{
	struct seat_hints *hints = seat_hints_create();
	unsigned first;

	(void)state;
	seat_hints_found(hints, FLIGHT.flight_id, 0, 1);
	assert_true(take(hints, 2, &first));
	assert_int_equal(first, 2);
	/* 4 and 5 end the row: three sit together in the next one. */
	assert_true(take(hints, 3, &first));
	assert_int_equal(first, 6);
}

static void
ends_with_the_flight(void **state)
{
	struct seat_hints *hints = seat_hints_create();
	unsigned first;

	(void)state;
	seat_hints_found(hints, FLIGHT.flight_id, 0, SEATS - 3);
	assert_false(take(hints, 3, &first));
	assert_true(take(hints, 2, &first));
	assert_int_equal(first, SEATS - 2);
	assert_false(take(hints, 1, &first));
}

static void
one_looks_and_the_others_go_on(void **state)
{
	struct seat_hints *hints = seat_hints_create();
	bool chosen = false, other_chosen = false;
	unsigned first;

	(void)state;
	seat_hints_found(hints, FLIGHT.flight_id, 0, 9);
	seat_hints_doubt(hints, FLIGHT.flight_id);
	assert_false(seat_hints_take(hints, &FLIGHT, 1, &first, &chosen));
	assert_true(chosen);
	assert_true(seat_hints_take(hints, &FLIGHT, 1, &first, &other_chosen));
	assert_false(other_chosen);
	assert_int_equal(first, 10);
}

static void
who_knows_nothing_is_not_chosen(void **state)
{
	struct seat_hints *hints = seat_hints_create();
	bool chosen = false;
	unsigned first;

	(void)state;
	assert_false(seat_hints_take(hints, &FLIGHT, 1, &first, &chosen));
	seat_hints_found(hints, FLIGHT.flight_id, 0, SEATS - 1);
	assert_false(seat_hints_take(hints, &FLIGHT, 1, &first, &chosen));
	assert_false(chosen);
}

static void
looks_follow_one_another_until_one_finds_no_hole(void **state)
{
	struct seat_hints *hints = seat_hints_create();
	unsigned first;

	(void)state;
	seat_hints_found(hints, FLIGHT.flight_id, 0, 9);
	seat_hints_found(hints, FLIGHT.flight_id, 3, 3);
	assert_false(take(hints, 1, &first));
	seat_hints_found(hints, FLIGHT.flight_id, 5, 5);
	assert_false(take(hints, 1, &first));
	seat_hints_found(hints, FLIGHT.flight_id, 10, 10);
	assert_true(take(hints, 1, &first));
	assert_int_equal(first, 11);
}

static void
who_has_missed_goes_on_whatever_the_doubt(void **state)
{
	struct seat_hints *hints = seat_hints_create();
	unsigned first;

	(void)state;
	assert_false(seat_hints_go_on(hints, &FLIGHT, 1, &first));
	seat_hints_found(hints, FLIGHT.flight_id, 0, 0);
	seat_hints_doubt(hints, FLIGHT.flight_id);
	assert_true(seat_hints_go_on(hints, &FLIGHT, 1, &first));
	assert_int_equal(first, 1);
	assert_false(take(hints, 1, &first));
}

/* What was given to others a moment ago is still free in the table. */
static void
a_look_beside_others_keeps_away_from_their_seats(void **state)
{
	struct seat_hints *hints = seat_hints_create();
	const char *flight = FLIGHT.flight_id;

	(void)state;
	assert_int_equal(seat_hints_settled(hints, flight), FLIGHT_SEATS_MAX);
	seat_hints_enter(hints, flight);
	seat_hints_found(hints, flight, 998, 999);
	assert_int_equal(seat_hints_settled(hints, flight), FLIGHT_SEATS_MAX);
	seat_hints_enter(hints, flight);
	assert_int_equal(seat_hints_settled(hints, flight), 940);
	for (int leaving = 0; leaving < 3; leaving++)
		seat_hints_leave(hints, flight);
	seat_hints_enter(hints, flight);
	assert_int_equal(seat_hints_settled(hints, flight), FLIGHT_SEATS_MAX);
	seat_hints_enter(NULL, flight);
	seat_hints_leave(NULL, flight);
	assert_int_equal(seat_hints_settled(NULL, flight), FLIGHT_SEATS_MAX);
}

/* Every position is taken once, whoever takes it. */
static void
processes_take_different_seats(void **state)
{
	struct seat_hints *hints = seat_hints_create();
	unsigned char *taken = mmap(NULL, SEATS, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	unsigned first;

	(void)state;
	seat_hints_found(hints, FLIGHT.flight_id, 0, 0);
	for (int i = 0; i < PROCESSES; i++) {
		if (fork() != 0)
			continue;
		while (take(hints, 1, &first))
			__atomic_add_fetch(&taken[first], 1, __ATOMIC_RELAXED);
		_exit(0);
	}
	for (int i = 0; i < PROCESSES; i++)
		assert_true(wait(NULL) > 0);
	for (unsigned seat = 1; seat < SEATS; seat++)
		assert_int_equal(taken[seat], 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_to_guess_by_before_a_look),
		cmocka_unit_test(goes_on_after_what_a_look_found),
		cmocka_unit_test(ends_with_the_flight),
		cmocka_unit_test(one_looks_and_the_others_go_on),
		cmocka_unit_test(who_knows_nothing_is_not_chosen),
		cmocka_unit_test(
		    looks_follow_one_another_until_one_finds_no_hole),
		cmocka_unit_test(who_has_missed_goes_on_whatever_the_doubt),
		cmocka_unit_test(
		    a_look_beside_others_keeps_away_from_their_seats),
		cmocka_unit_test(processes_take_different_seats),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
