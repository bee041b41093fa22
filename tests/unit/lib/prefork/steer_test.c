/* The master under the signals of an operator. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/log.h"
#include "prefork/prefork.h"

#define WORKERS 3

static const char *const phases[] = { "idle", NULL };

/* What the test decides and sees; shared with the master and its workers. */
static struct stage {
	_Atomic bool refuse; /* the next reload finds wrong settings */
	_Atomic bool hold;   /* new workers do not get to serve */
	_Atomic unsigned workers;
} * stage;

static struct scoreboard *board;
static int events[2];
static int gate[2]; /* held workers wait here */
static pid_t master;

/* h: a worker is held, s: it serves, u: it heard USR1, t: it was told to end;
 * r: the master reloads, o: it opens the log anew. */
static void
tell(char event)
{
	while (write(events[1], &event, 1) != 1)
		continue;
}

static void
hear(char expected, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		char event;

		assert_int_equal(read(events[0], &event, 1), 1);
		assert_int_equal(event, expected);
	}
}

/* One of each, in either order. */
static void
hear_both(char one, char other)
{
	char event;

	assert_int_equal(read(events[0], &event, 1), 1);
	assert_true(event == one || event == other);
	hear(event == one ? other : one, 1);
}

static void
let_pass(unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		assert_int_equal(write(gate[1], "x", 1), 1);
}

static int
worker_main(void *context, struct prefork_worker *worker)
{
	sigset_t mine;
	int signal = 0;
	char letter;

	(void)context;
	sigemptyset(&mine);
	sigaddset(&mine, SIGTERM);
	sigaddset(&mine, SIGUSR1);
	sigprocmask(SIG_BLOCK, &mine, NULL);
	close(gate[1]);
	if (stage->hold) {
		tell('h');
		if (read(gate[0], &letter, 1) != 1)
			return 1;
	}
	worker->slot->requests = 1;
	scoreboard_waiting(worker->slot);
	tell('s');
	while (sigwait(&mine, &signal) == 0 && signal != SIGTERM)
		tell('u');
	tell('t');
	return 0;
}

static int
reload(void *context, struct prefork_options *options, FILE *problems)
{
	(void)context;
	tell('r');
	if (stage->refuse) {
		fputs("FIRST: is wrong\nSECOND: is wrong\n", problems);
		return -1;
	}
	options->scaling.workers = stage->workers;
	return 0;
}

static void
reopen_log(void *context)
{
	(void)context;
	tell('o');
}

static void
start(bool steered)
{
	const struct prefork_options options = {
		.name = "pool",
		.scaling.workers = WORKERS,
		.drain_ms = 60000,
		.worker_main = worker_main,
		.reload = steered ? reload : NULL,
		.reopen_log = steered ? reopen_log : NULL,
	};

	master = fork();
	assert_true(master >= 0);
	if (master == 0) {
		struct err err;

		alarm(0);
		/* So that held workers see the end of the test. */
		close(gate[1]);
		_exit(prefork_run(&options, board, &err) == 0 ? 0 : 1);
	}
	hear('s', WORKERS);
}

static void
stop_pool(unsigned workers)
{
	int status;

	kill(master, SIGQUIT);
	hear('t', workers);
	assert_int_equal(waitpid(master, &status, 0), master);
	master = 0;
	assert_int_equal(status, 0);
}

static unsigned
count_alive(void)
{
	struct census census;

	scoreboard_count(board, &census);
	return census.alive;
}

/* The slot of a worker that is gone loses the pid first. */
static unsigned
count_staying(const pid_t *pids, unsigned count)
{
	unsigned staying = 0;

	for (unsigned i = 0; i < board->slots; i++) {
		bool leaving = board->slot[i].leaving;
		pid_t pid = board->slot[i].pid;

		for (unsigned j = 0; j < count; j++)
			staying += !leaving && pid == pids[j];
	}
	return staying;
}

/* The master has done all that it was about to do. */
static void
let_the_master_finish(void)
{
	stage->refuse = true;
	kill(master, SIGHUP);
	hear('r', 1);
}

static int
set_up(void **state)
{
	(void)state;
	board = scoreboard_create(4 * WORKERS, phases);
	assert_non_null(board);
	assert_int_equal(pipe(events), 0);
	assert_int_equal(pipe(gate), 0);
	*stage = (struct stage){ .workers = WORKERS };
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	if (master > 0) {
		kill(master, SIGKILL);
		waitpid(master, NULL, 0);
		master = 0;
	}
	for (int i = 0; i < 2; i++) {
		close(events[i]);
		close(gate[i]);
	}
	scoreboard_free(board);
	return 0;
}

/* --- tests -------------------------------------------------------------- */

static void
each_new_worker_that_serves_relieves_one(void **state)
{
	pid_t old[WORKERS];

	(void)state;
	start(true);
	for (unsigned i = 0; i < WORKERS; i++)
		old[i] = board->slot[i].pid;
	stage->hold = true;
	kill(master, SIGHUP);
	hear('r', 1);
	hear('h', WORKERS);
	for (unsigned left = WORKERS; left > 0; left--) {
		let_the_master_finish();
		assert_int_equal(count_staying(old, WORKERS), left);
		let_pass(1);
		/* The master may be quicker than who serves is to say so. */
		hear_both('s', 't');
	}
	assert_int_equal(board->pool.generation, 2);
	assert_int_equal(board->pool.reloads, 1);
	stop_pool(WORKERS);
	assert_int_equal(board->pool.ends[END_RELOADED], WORKERS);
	assert_int_equal(board->pool.ends[END_DRAINED], WORKERS);
}

static void
a_generation_that_never_serves_relieves_nobody(void **state)
{
	(void)state;
	start(true);
	stage->hold = true;
	kill(master, SIGHUP);
	hear('r', 1);
	hear('h', WORKERS);
	/* It dies instead, and again. */
	for (unsigned i = 0; i < board->slots; i++)
		if (board->slot[i].state == WORKER_STARTING)
			kill(board->slot[i].pid, SIGKILL);
	hear('h', WORKERS);
	assert_int_equal(board->pool.ends[END_RELOADED], 0);
	assert_int_equal(board->pool.ends[END_CRASHED], WORKERS);
	kill(master, SIGKILL);
	hear('t', WORKERS);
}

static void
a_refused_reload_changes_nothing(void **state)
{
	(void)state;
	start(true);
	stage->refuse = true;
	kill(master, SIGHUP);
	hear('r', 1);
	/* The next signal is looked at after that. */
	kill(master, SIGUSR1);
	hear('o', 1);
	hear('u', WORKERS);
	assert_int_equal(board->pool.generation, 1);
	assert_int_equal(board->pool.failed_reloads, 1);
	assert_int_equal(board->pool.starts, WORKERS);
	stop_pool(WORKERS);
}

static void
a_reload_brings_another_number(void **state)
{
	unsigned held = 0;
	unsigned ended = 0;

	(void)state;
	start(true);
	stage->workers = 1;
	stage->hold = true;
	kill(master, SIGHUP);
	hear('r', 1);
	/* Those that are too many by now need no successor. */
	for (unsigned i = 0; i < WORKERS; i++) {
		char event;

		assert_int_equal(read(events[0], &event, 1), 1);
		held += event == 'h';
		ended += event == 't';
	}
	assert_int_equal(held, 1);
	assert_int_equal(ended, WORKERS - 1);
	let_pass(1);
	hear_both('s', 't');
	stop_pool(1);
}

static void
one_more_and_one_less(void **state)
{
	(void)state;
	start(true);
	kill(master, SIGTTIN);
	hear('s', 1);
	kill(master, SIGTTIN);
	hear('s', 1);
	assert_int_equal(board->pool.most, WORKERS + 2);
	for (unsigned i = 0; i < WORKERS + 1; i++) {
		kill(master, SIGTTOU);
		hear('t', 1);
	}
	/* One is left, whatever comes. */
	kill(master, SIGTTOU);
	kill(master, SIGUSR1);
	hear('o', 1);
	hear('u', 1);
	stop_pool(1);
	assert_int_equal(board->pool.ends[END_SCALED], WORKERS + 1);
}

static void
half_of_the_slots_is_the_most(void **state)
{
	(void)state;
	start(true);
	for (unsigned i = WORKERS; i < 2 * WORKERS; i++) {
		kill(master, SIGTTIN);
		hear('s', 1);
	}
	kill(master, SIGTTIN);
	kill(master, SIGUSR1);
	hear('o', 1);
	hear('u', 2 * WORKERS);
	stop_pool(2 * WORKERS);
}

static void
the_log_is_opened_by_all(void **state)
{
	(void)state;
	start(true);
	kill(master, SIGUSR1);
	hear('o', 1);
	hear('u', WORKERS);
	stop_pool(WORKERS);
}

/* Duties have a slot each. */
static void
a_pool_of_fixed_workers_is_not_steered(void **state)
{
	static const int signals[] = { SIGHUP, SIGUSR1, SIGUSR2, SIGTTIN,
		SIGTTOU };

	(void)state;
	start(false);
	for (size_t i = 0; i < ARRAY_LEN(signals); i++)
		kill(master, signals[i]);
	/* A dead worker is replaced after they were looked at. */
	kill(board->slot[0].pid, SIGKILL);
	hear('s', 1);
	assert_int_equal(board->pool.generation, 1);
	assert_int_equal(board->pool.most, WORKERS);
	assert_int_equal(count_alive(), WORKERS);
	stop_pool(WORKERS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(function)                                                         \
	cmocka_unit_test_setup_teardown(function, set_up, tear_down)
		TEST(each_new_worker_that_serves_relieves_one),
		TEST(a_generation_that_never_serves_relieves_nobody),
		TEST(a_refused_reload_changes_nothing),
		TEST(a_reload_brings_another_number),
		TEST(one_more_and_one_less),
		TEST(half_of_the_slots_is_the_most),
		TEST(the_log_is_opened_by_all),
		TEST(a_pool_of_fixed_workers_is_not_steered),
	};

	alarm(300);
	stage = mmap(NULL, sizeof(*stage), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (stage == MAP_FAILED)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
