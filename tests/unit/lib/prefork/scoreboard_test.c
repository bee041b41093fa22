#include "prefork/scoreboard.h"

#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/clock.h"

#define CLAIMANTS 8
#define ROUNDS	  3000

static const char *const phases[] = { "idle", "auth", "db", NULL };

static struct scoreboard *board;

static int
set_up(void **state)
{
	(void)state;
	board = scoreboard_create(CLAIMANTS, phases);
	assert_non_null(board);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	scoreboard_free(board);
	return 0;
}

static void
slots_begin_empty(void **state)
{
	(void)state;
	assert_int_equal(board->slots, CLAIMANTS);
	assert_ptr_equal(board->phase_names, phases);
	for (unsigned i = 0; i < board->slots; i++) {
		assert_int_equal(board->slot[i].state, WORKER_EMPTY);
		assert_int_equal(board->slot[i].pid, 0);
		assert_int_equal(board->slot[i].route, -1);
		assert_int_equal(board->slot[i].generation, 0);
	}
}

/* Spins for at least this long: the clock is what is measured. */
static void
spend_us(int64_t us)
{
	int64_t until_us = clock_monotonic_us() + us;

	while (clock_monotonic_us() < until_us)
		continue;
}

static void
a_request_leaves_its_trace(void **state)
{
	struct scoreboard_slot *slot = &board->slot[2];

	(void)state;
	scoreboard_start(slot);
	assert_int_equal(slot->state, WORKER_STARTING);
	assert_true(slot->started_ms > 0);
	assert_int_equal(slot->generation, 1);
	scoreboard_waiting(slot);
	assert_int_equal(slot->state, WORKER_IDLE);
	scoreboard_reading(slot);
	assert_int_equal(slot->state, WORKER_READING);
	assert_true(slot->request_started_us > 0);
	scoreboard_request(slot, "req-1");
	assert_int_equal(slot->state, WORKER_BUSY);
	assert_string_equal(slot->request_id, "req-1");
	assert_int_equal(slot->route, -1);
	scoreboard_route(slot, 4);
	assert_int_equal(slot->route, 4);
	scoreboard_phase(slot, 1);
	assert_int_equal(slot->phase, 1);
	spend_us(2000);
	scoreboard_phase(slot, 2);
	spend_us(1000);
	scoreboard_phase(slot, 1);
	spend_us(500);
	scoreboard_done(slot);
	assert_true(slot->phase_us[1] >= 2500);
	assert_true(slot->phase_us[2] >= 1000);
	assert_int_equal(slot->phase, 0);
	assert_int_equal(slot->requests, 1);
	assert_int_equal(slot->state, WORKER_IDLE);
	assert_int_equal(slot->request_started_us, 0);

	scoreboard_request(slot, "req-2");
	assert_int_equal(slot->phase_us[1], 0);
	assert_int_equal(slot->route, -1);
	scoreboard_stopping(slot);
	assert_int_equal(slot->state, WORKER_STOPPING);
	scoreboard_start(slot);
	assert_int_equal(slot->generation, 2);
	assert_int_equal(slot->requests, 0);
	assert_string_equal(slot->request_id, "");
}

static void
long_request_ids_are_cut(void **state)
{
	char id[200];

	(void)state;
	memset(id, 'i', sizeof(id));
	id[199] = '\0';
	scoreboard_request(&board->slot[0], id);
	assert_int_equal(
	    strlen(board->slot[0].request_id), REQUEST_ID_SIZE - 1);
	assert_int_equal(board->slot[1].state, WORKER_EMPTY);
}

static void
without_a_pool_nothing_happens(void **state)
{
	(void)state;
	scoreboard_waiting(NULL);
	scoreboard_reading(NULL);
	scoreboard_request(NULL, "x");
	scoreboard_route(NULL, 1);
	scoreboard_phase(NULL, 1);
	scoreboard_done(NULL);
	scoreboard_stopping(NULL);
	scoreboard_release(NULL);
	scoreboard_free(NULL);
	assert_true(scoreboard_claim(NULL, NULL, 7));
	assert_true(scoreboard_claim(board, NULL, 7));
	assert_true(scoreboard_claim(board, NULL, 7));
}

static void
states_have_names(void **state)
{
	(void)state;
	assert_string_equal(scoreboard_state_name(WORKER_BUSY), "busy");
	assert_string_equal(scoreboard_state_name(WORKER_EMPTY), "empty");
	assert_string_equal(scoreboard_state_name(-1), "unknown");
	assert_string_equal(
	    scoreboard_state_name(WORKER_STATE__COUNT), "unknown");
}

/* --- claims ------------------------------------------------------------- */

static void
a_key_is_claimed_once(void **state)
{
	static const uint64_t keys[] = { 0, 1, 7, UINT64_MAX };
	struct scoreboard_slot *a = &board->slot[0];
	struct scoreboard_slot *b = &board->slot[1];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		assert_true(scoreboard_claim(board, a, keys[i]));
		/* One's own claim is no obstacle. */
		assert_true(scoreboard_claim(board, a, keys[i]));
		assert_false(scoreboard_claim(board, b, keys[i]));
		assert_true(scoreboard_claim(board, b, 99));
		scoreboard_release(a);
		assert_true(scoreboard_claim(board, b, keys[i]));
		scoreboard_release(b);
	}
}

static void
claims_end_with_their_request_or_worker(void **state)
{
	struct scoreboard_slot *a = &board->slot[0];
	struct scoreboard_slot *b = &board->slot[1];

	(void)state;
	assert_true(scoreboard_claim(board, a, 7));
	scoreboard_done(a);
	assert_true(scoreboard_claim(board, b, 7));
	scoreboard_empty(b);
	assert_true(scoreboard_claim(board, a, 7));
}

static void
a_claimant_that_froze_counts_as_first(void **state)
{
	(void)state;
	/* Stopped between showing its key and drawing its ticket. */
	board->slot[3].claim = 7;
	assert_false(scoreboard_claim(board, &board->slot[0], 7));
	assert_true(scoreboard_claim(board, &board->slot[0], 8));
	scoreboard_empty(&board->slot[3]);
	assert_true(scoreboard_claim(board, &board->slot[0], 7));
}

struct race {
	_Atomic unsigned arrived;
	_Atomic unsigned finished;
	_Atomic unsigned winners[ROUNDS];
};

static void
meet(_Atomic unsigned *arrived, unsigned round)
{
	(*arrived)++;
	while (*arrived < (round + 1) * CLAIMANTS)
		sched_yield();
}

/* All claim one key at once; nobody releases before all have tried. */
static _Noreturn void
compete(struct race *race, unsigned index)
{
	for (unsigned round = 0; round < ROUNDS; round++) {
		meet(&race->arrived, round);
		if (scoreboard_claim(board, &board->slot[index], round))
			race->winners[round]++;
		meet(&race->finished, round);
		scoreboard_release(&board->slot[index]);
	}
	_exit(0);
}

static void
of_many_claimants_exactly_one_wins(void **state)
{
	struct race *race = mmap(NULL, sizeof(*race), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t pids[CLAIMANTS];

	(void)state;
	assert_true(race != MAP_FAILED);
	for (unsigned i = 0; i < CLAIMANTS; i++) {
		pids[i] = fork();
		if (pids[i] == 0)
			compete(race, i);
	}
	for (unsigned i = 0; i < CLAIMANTS; i++) {
		int status;

		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_int_equal(status, 0);
	}
	for (unsigned round = 0; round < ROUNDS; round++)
		assert_int_equal(race->winners[round], 1);
	munmap(race, sizeof(*race));
}

static void
all_are_counted(void **state)
{
	struct census census;

	(void)state;
	for (unsigned i = 0; i < 4; i++)
		scoreboard_start(&board->slot[i]);
	scoreboard_waiting(&board->slot[1]);
	scoreboard_waiting(&board->slot[2]);
	board->slot[2].leaving = true;
	scoreboard_request(&board->slot[3], "r");
	scoreboard_shed(&board->slot[3]);
	scoreboard_count(board, &census);
	assert_int_equal(census.by_state[WORKER_STARTING], 1);
	assert_int_equal(census.by_state[WORKER_IDLE], 2);
	assert_int_equal(census.by_state[WORKER_BUSY], 1);
	assert_int_equal(census.by_state[WORKER_EMPTY], CLAIMANTS - 4);
	assert_int_equal(census.alive, 4);
	assert_int_equal(census.leaving, 1);
	assert_int_equal(census.ready, 1);
	assert_int_equal(census.shed, 1);
	assert_int_equal(census.requests, 0);
	/* Totals outlive the worker that they count. */
	scoreboard_done(&board->slot[3]);
	scoreboard_empty(&board->slot[3]);
	scoreboard_count(board, &census);
	assert_int_equal(census.requests, 1);
	assert_int_equal(census.shed, 1);
	assert_int_equal(census.alive, 3);
}

/* How often the master was woken since the last look. */
static unsigned
woken(void)
{
	uint64_t count = 0;

	(void)!read(board->wake_fd, &count, sizeof(count));
	board->woken = false;
	return (unsigned)count;
}

static void
the_master_is_woken_when_it_matters(void **state)
{
	(void)state;
	board->wake_fd = eventfd(0, EFD_NONBLOCK);
	board->idle_least = 2;
	for (unsigned i = 0; i < 3; i++) {
		scoreboard_start(&board->slot[i]);
		assert_int_equal(woken(), 0);
		/* It serves now. */
		scoreboard_waiting(&board->slot[i]);
		assert_int_equal(woken(), 1);
		scoreboard_waiting(&board->slot[i]);
		assert_int_equal(woken(), 0);
	}
	/* Two are still idle, then one. */
	scoreboard_reading(&board->slot[0]);
	assert_int_equal(woken(), 0);
	scoreboard_reading(&board->slot[1]);
	assert_int_equal(woken(), 1);
	/* Not again while it has not looked. */
	scoreboard_reading(&board->slot[1]);
	scoreboard_reading(&board->slot[2]);
	assert_int_equal(woken(), 1);
	close(board->wake_fd);
	board->wake_fd = -1;
}

static void
ends_have_names(void **state)
{
	(void)state;
	for (int end = 0; end < WORKER_END__COUNT; end++)
		assert_true(
		    strlen(scoreboard_end_name((enum worker_end)end)) > 0);
	assert_string_equal(scoreboard_end_name(END_OVERDUE), "overdue");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(function)                                                         \
	cmocka_unit_test_setup_teardown(function, set_up, tear_down)
		TEST(slots_begin_empty),
		TEST(a_request_leaves_its_trace),
		TEST(long_request_ids_are_cut),
		TEST(without_a_pool_nothing_happens),
		TEST(states_have_names),
		TEST(a_key_is_claimed_once),
		TEST(claims_end_with_their_request_or_worker),
		TEST(a_claimant_that_froze_counts_as_first),
		TEST(of_many_claimants_exactly_one_wins),
		TEST(all_are_counted),
		TEST(the_master_is_woken_when_it_matters),
		TEST(ends_have_names),
	};

	alarm(300);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
