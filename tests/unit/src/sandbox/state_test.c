/* Includes the source, to die with its lock held. */
#include "sandbox/state.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define CHILDREN   4
#define TAKES_EACH 5000

static int
open_state(void **state)
{
	*state = state_create();
	return *state == NULL ? -1 : 0;
}

static int
close_state(void **state)
{
	state_free(*state);
	return 0;
}

/* Runs work in a process of its own; its exit status. */
static int
in_child(struct state *shared, int (*work)(struct state *shared))
{
	pid_t pid = fork();
	int status = 0;

	if (pid == 0)
		_exit(work(shared));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void
a_fault_is_kept_whole(void **state)
{
	static const struct fault FAULTS[] = {
		{ FAULT_NONE, 0, 0 },
		{ FAULT_WRONG_ID, FAULT_MAX_DELAY_MS, 0 },
		{ FAULT_SLOW, 1, UINT32_MAX },
		{ FAULT_HUGE, 0, 1 },
	};

	for (size_t i = 0; i < ARRAY_LEN(FAULTS); i++) {
		struct fault fault;

		state_set_fault(*state, SERVICE_FLIGHT, &FAULTS[i]);
		fault = state_fault(*state, SERVICE_FLIGHT);
		assert_int_equal(fault.mode, FAULTS[i].mode);
		assert_int_equal(fault.delay_ms, FAULTS[i].delay_ms);
		assert_int_equal(fault.count, FAULTS[i].count);
		assert_int_equal(
		    state_fault(*state, SERVICE_AUTH).mode, FAULT_NONE);
	}
}

static void
a_counted_fault_ends(void **state)
{
	static const struct fault TWICE = { FAULT_EMPTY, 5, 2 };

	state_set_fault(*state, SERVICE_AUTH, &TWICE);
	for (int i = 0; i < 2; i++) {
		struct fault fault = state_take_fault(*state, SERVICE_AUTH);

		assert_int_equal(fault.mode, FAULT_EMPTY);
		assert_int_equal(fault.delay_ms, 5);
	}
	assert_int_equal(
	    state_take_fault(*state, SERVICE_AUTH).mode, FAULT_NONE);
	assert_int_equal(state_take_fault(*state, SERVICE_AUTH).delay_ms, 0);
}

static void
an_uncounted_fault_stays(void **state)
{
	static const struct fault ALWAYS = { FAULT_EMPTY, 0, 0 };

	state_set_fault(*state, SERVICE_AUTH, &ALWAYS);
	for (int i = 0; i < 100; i++)
		assert_int_equal(
		    state_take_fault(*state, SERVICE_AUTH).mode, FAULT_EMPTY);
}

static int
take_many(struct state *shared)
{
	for (int i = 0; i < TAKES_EACH; i++)
		if (state_take_fault(shared, SERVICE_AUTH).mode == FAULT_EMPTY)
			state_count(shared, SERVICE_AUTH, TALLY_FAULTS);
	return 0;
}

static void
workers_share_a_counted_fault(void **state)
{
	static const struct fault MANY = { FAULT_EMPTY, 0, 2 * TAKES_EACH };
	pid_t pids[CHILDREN];

	state_set_fault(*state, SERVICE_AUTH, &MANY);
	for (int i = 0; i < CHILDREN; i++) {
		pids[i] = fork();
		if (pids[i] == 0)
			_exit(take_many(*state));
	}
	for (int i = 0; i < CHILDREN; i++)
		waitpid(pids[i], NULL, 0);
	assert_int_equal(
	    state_counted(*state, SERVICE_AUTH, TALLY_FAULTS), 2 * TAKES_EACH);
}

static int
put_from_child(struct state *shared)
{
	struct flight flight;

	flight_default(&flight);
	return state_put_flight(shared, "from-a-child", &flight);
}

static void
flights_are_put_replaced_and_dropped(void **state)
{
	struct flight flight;

	assert_false(state_find_flight(*state, "from-a-child", &flight));
	assert_int_equal(in_child(*state, put_from_child), 0);
	assert_true(state_find_flight(*state, "from-a-child", &flight));
	assert_string_equal(flight_get(&flight, FLIGHT_PRICE), "299.99");
	assert_int_equal(flight_set(&flight, FLIGHT_PRICE, "1.00"), 0);
	assert_int_equal(state_put_flight(*state, "from-a-child", &flight), 0);
	flight_default(&flight);
	assert_true(state_find_flight(*state, "from-a-child", &flight));
	assert_string_equal(flight_get(&flight, FLIGHT_PRICE), "1.00");
	assert_true(state_drop_flight(*state, "from-a-child"));
	assert_false(state_drop_flight(*state, "from-a-child"));
	assert_false(state_find_flight(*state, "from-a-child", &flight));
}

static void
the_flight_table_has_an_end(void **state)
{
	struct flight flight;
	char id[FLIGHT_ID_SIZE];

	flight_default(&flight);
	for (int i = 0; i < STATE_MAX_FLIGHTS; i++) {
		snprintf(id, sizeof(id), "flight-%d", i);
		assert_int_equal(state_put_flight(*state, id, &flight), 0);
	}
	assert_int_equal(state_put_flight(*state, "one-more", &flight), -1);
	assert_int_equal(state_put_flight(*state, id, &flight), 0);
	assert_true(state_drop_flight(*state, "flight-7"));
	assert_int_equal(state_put_flight(*state, "one-more", &flight), 0);
}

static void
tokens_are_revoked(void **state)
{
	struct digest one = digest_of("one", 3);
	struct digest two = digest_of("two", 3);

	assert_false(state_any_revoked(*state));
	assert_int_equal(state_revoke(*state, &one), 0);
	assert_true(state_any_revoked(*state));
	assert_true(state_revoked(*state, &one));
	assert_false(state_revoked(*state, &two));
}

static void
the_token_table_has_an_end(void **state)
{
	struct digest digest = digest_of("first", 5);

	for (int i = 0; i < STATE_MAX_REVOKED; i++)
		assert_int_equal(state_revoke(*state, &digest), 0);
	for (int i = 1; i < STATE_MAX_REVOKED; i++) {
		digest = digest_of(&i, sizeof(i));
		assert_int_equal(state_revoke(*state, &digest), 0);
	}
	assert_int_equal(state_revoke(*state, &digest), 0);
	digest = digest_of("one more", 8);
	assert_int_equal(state_revoke(*state, &digest), -1);
}

static void
reset_forgets_everything(void **state)
{
	static const struct fault FAULT = { FAULT_EMPTY, 0, 0 };
	struct digest token = digest_of("one", 3);
	struct state_call last = { .path = "/x" };
	struct flight flight;

	state_set_fault(*state, SERVICE_AUTH, &FAULT);
	state_set_dialect(*state, FLIGHT_IDS, IDS_CAST);
	state_count(*state, SERVICE_AUTH, TALLY_CALLS);
	state_set_last_call(*state, SERVICE_AUTH, &last);
	assert_int_equal(put_from_child(*state), 0);
	assert_int_equal(state_revoke(*state, &token), 0);
	state_reset(*state);
	assert_int_equal(state_fault(*state, SERVICE_AUTH).mode, FAULT_NONE);
	assert_int_equal(state_dialect(*state, FLIGHT_IDS), IDS_EXACT);
	assert_int_equal(state_counted(*state, SERVICE_AUTH, TALLY_CALLS), 0);
	state_last_call(*state, SERVICE_AUTH, &last);
	assert_string_equal(last.path, "");
	assert_false(state_find_flight(*state, "from-a-child", &flight));
	assert_false(state_revoked(*state, &token));
	assert_false(state_any_revoked(*state));
}

/* Dies while it replaces a flight, with the lock held. */
static int
die_in_the_middle(struct state *shared)
{
	lock(shared);
	find_slot(shared, "half", false)->used = false;
	return 0;
}

static void
a_death_with_the_lock_leaves_it_usable(void **state)
{
	struct flight flight;

	flight_default(&flight);
	assert_int_equal(state_put_flight(*state, "half", &flight), 0);
	assert_int_equal(state_put_flight(*state, "whole", &flight), 0);
	assert_int_equal(in_child(*state, die_in_the_middle), 0);
	assert_true(state_find_flight(*state, "whole", &flight));
	assert_false(state_find_flight(*state, "half", &flight));
	assert_int_equal(state_put_flight(*state, "half", &flight), 0);
	assert_true(state_find_flight(*state, "half", &flight));
}

#define TEST(name)                                                             \
	cmocka_unit_test_setup_teardown(name, open_state, close_state)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_fault_is_kept_whole),
		TEST(a_counted_fault_ends),
		TEST(an_uncounted_fault_stays),
		TEST(workers_share_a_counted_fault),
		TEST(flights_are_put_replaced_and_dropped),
		TEST(the_flight_table_has_an_end),
		TEST(tokens_are_revoked),
		TEST(the_token_table_has_an_end),
		TEST(reset_forgets_everything),
		TEST(a_death_with_the_lock_leaves_it_usable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
