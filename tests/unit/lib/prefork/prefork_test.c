#include "prefork/prefork.h"

#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/clock.h"
#include "core/log.h"

static const char *const phases[] = { "idle", "auth", "db", NULL };

static struct scoreboard *board;
static int events[2]; /* workers tell: one letter each */
static int gate[2];   /* workers wait here */
static int lines[2];  /* the master's log */
static FILE *log_lines;
static _Atomic unsigned *ticks;
static pid_t master;
static int policy; /* the master's */

/* --- workers ------------------------------------------------------------ */

static void
tell(char event)
{
	while (write(events[1], &event, 1) != 1)
		continue;
}

static char
hear(void)
{
	char event;

	assert_int_equal(read(events[0], &event, 1), 1);
	return event;
}

static void
open_gate(void)
{
	assert_int_equal(write(gate[1], "x", 1), 1);
}

/* Waits for a letter whatever signals come; ends with the test. */
static void
pass_gate(void)
{
	ssize_t got;
	char letter;

	close(gate[1]);
	do
		got = read(gate[0], &letter, 1);
	while (got < 0);
	if (got == 0)
		_exit(0);
}

/* Idle until a TERM. */
static int
wait_worker(void *context, struct prefork_worker *worker)
{
	sigset_t term;
	int signal;

	(void)context;
	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	sigprocmask(SIG_BLOCK, &term, NULL);
	worker->slot->requests = 1;
	scoreboard_waiting(worker->slot);
	tell('w');
	sigwait(&term, &signal);
	tell('t');
	return 0;
}

/* One request, which a TERM does not cut short. */
static int
busy_worker(void *context, struct prefork_worker *worker)
{
	sigset_t term;

	(void)context;
	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	sigprocmask(SIG_BLOCK, &term, NULL);
	scoreboard_request(worker->slot, "req-7");
	scoreboard_route(worker->slot, 3);
	scoreboard_phase(worker->slot, 2);
	tell('b');
	pass_gate();
	scoreboard_done(worker->slot);
	tell('d');
	return 0;
}

static int
crash_worker(void *context, struct prefork_worker *worker)
{
	(void)context;
	(void)worker;
	return 3;
}

/* Retires after its one request, at once. */
static int
short_worker(void *context, struct prefork_worker *worker)
{
	(void)context;
	scoreboard_request(worker->slot, "r");
	scoreboard_done(worker->slot);
	tell('s');
	pass_gate();
	return 0;
}

/* Tells what it was given. */
static int
curious_worker(void *context, struct prefork_worker *worker)
{
	sigset_t mask;
	struct sigaction action;
	bool reset;
	int death = 0;

	assert_string_equal(context, "context");
	sigprocmask(SIG_BLOCK, NULL, &mask);
	reset = !sigismember(&mask, SIGTERM) && !sigismember(&mask, SIGCHLD);
	sigaction(SIGTERM, NULL, &action);
	reset = reset && action.sa_handler == SIG_DFL;
	sigaction(SIGUSR1, NULL, &action);
	reset = reset && action.sa_handler == SIG_IGN;
	prctl(PR_GET_PDEATHSIG, &death);
	reset = reset && death == SIGTERM;
	reset = reset && worker->slot == &worker->board->slot[worker->index] &&
		worker->slot->pid == getpid();
	reset = reset && worker->max_requests >= 900 &&
		worker->max_requests <= 1100;
	tell(reset ? 'y' : 'n');
	tell((char)('0' + worker->index));
	return wait_worker(context, worker);
}

/* Tells how it is scheduled. */
static int
scheduled_worker(void *context, struct prefork_worker *worker)
{
	tell((char)('0' + sched_getscheduler(0)));
	return wait_worker(context, worker);
}

static void
count_tick(void *context)
{
	(void)context;
	(*ticks)++;
	tell('k');
}

/* --- the master under test ---------------------------------------------- */

static const char *
name_route(int route)
{
	return route == 3 ? "three" : "other";
}

static struct prefork_options
options_for(int (*worker_main)(void *context, struct prefork_worker *worker),
    unsigned workers)
{
	static char context[] = "context";

	return (struct prefork_options){
		.name = "pool",
		.scaling.workers = workers,
		.max_requests = 1000,
		.drain_ms = 60000,
		.context = context,
		.worker_main = worker_main,
	};
}

static void
start(const struct prefork_options *options)
{
	master = fork();
	assert_true(master >= 0);
	if (master == 0) {
		const struct sched_param normal = { 0 };
		struct err err;

		alarm(0);
		if (sched_setscheduler(0, policy, &normal) != 0)
			_exit(3);
		log_open("test", LOG_DEBUG, lines[1]);
		_exit(prefork_run(options, board, &err) == 0 ? 0
		      : err_is(&err, &ERR_TIMEOUT)	     ? 2
							     : 1);
	}
	close(lines[1]);
	lines[1] = -1;
}

/* The next log line with this event; fails when the master is gone. */
static const char *
await_line(const char *event)
{
	static char line[4200];
	char wanted[64];

	snprintf(wanted, sizeof(wanted), "\"event\":\"%s\"", event);
	while (fgets(line, sizeof(line), log_lines) != NULL)
		if (strstr(line, wanted) != NULL)
			return line;
	fail_msg("no line says %s", event);
	return NULL;
}

static void
assert_line_has(const char *line, const char *text)
{
	if (strstr(line, text) == NULL)
		fail_msg("%s lacks %s", line, text);
}

static int
master_status(void)
{
	int status;

	assert_int_equal(waitpid(master, &status, 0), master);
	master = 0;
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void
hear_all(char event, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		assert_int_equal(hear(), event);
}

static int
set_up(void **state)
{
	(void)state;
	board = scoreboard_create(4, phases);
	assert_non_null(board);
	assert_int_equal(pipe(events), 0);
	assert_int_equal(pipe(gate), 0);
	assert_int_equal(pipe(lines), 0);
	log_lines = fdopen(lines[0], "r");
	assert_non_null(log_lines);
	*ticks = 0;
	policy = SCHED_OTHER;
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
	fclose(log_lines);
	if (lines[1] >= 0)
		close(lines[1]);
	for (int i = 0; i < 2; i++) {
		close(events[i]);
		close(gate[i]);
	}
	scoreboard_free(board);
	return 0;
}

/* --- tests -------------------------------------------------------------- */

static void
workers_start_clean(void **state)
{
	struct prefork_options options = options_for(curious_worker, 1);

	(void)state;
	start(&options);
	assert_int_equal(hear(), 'y');
	assert_int_equal(hear(), '0');
	assert_int_equal(hear(), 'w');
	assert_line_has(await_line("worker_start"), "\"worker\":0");
	kill(master, SIGTERM);
	assert_int_equal(master_status(), 0);
}

static void
workers_wake_without_preempting(void **state)
{
	const struct {
		int masters, workers;
	} rows[] = {
		{ SCHED_OTHER, SCHED_BATCH },
		{ SCHED_IDLE, SCHED_IDLE },
	};
	struct prefork_options options = options_for(scheduled_worker, 1);

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		policy = rows[i].masters;
		start(&options);
		assert_int_equal(hear(), '0' + rows[i].workers);
		assert_int_equal(hear(), 'w');
		kill(master, SIGTERM);
		assert_int_equal(hear(), 't');
		assert_int_equal(master_status(), 0);
		tear_down(state);
		set_up(state);
	}
}

static void
each_stop_signal_drains(void **state)
{
	static const int signals[] = { SIGTERM, SIGQUIT, SIGINT };
	struct prefork_options options = options_for(wait_worker, 4);

	for (size_t i = 0; i < ARRAY_LEN(signals); i++) {
		start(&options);
		hear_all('w', 4);
		kill(master, signals[i]);
		hear_all('t', 4);
		assert_int_equal(master_status(), 0);
		for (unsigned slot = 0; slot < 4; slot++)
			assert_int_equal(board->slot[slot].state, WORKER_EMPTY);
		tear_down(state);
		set_up(state);
	}
}

static void
a_killed_worker_is_replaced(void **state)
{
	struct prefork_options options = options_for(wait_worker, 2);
	pid_t victim;
	const char *line;

	(void)state;
	start(&options);
	hear_all('w', 2);
	victim = board->slot[1].pid;
	assert_true(scoreboard_claim(board, &board->slot[1], 7));
	scoreboard_phase(&board->slot[1], 2);
	kill(victim, SIGKILL);
	assert_int_equal(hear(), 'w');
	line = await_line("worker_exit");
	assert_line_has(line, "\"worker\":1");
	assert_line_has(line, "\"signal\":\"KILL\"");
	assert_line_has(line, "\"state\":\"idle\"");
	assert_line_has(line, "\"phase\":\"db\"");
	assert_true(board->slot[1].pid != victim);
	assert_int_equal(board->slot[1].generation, 2);
	assert_int_equal(board->slot[0].generation, 1);
	/* Its claim died with it. */
	assert_true(scoreboard_claim(board, &board->slot[2], 7));
	scoreboard_release(&board->slot[2]);
	kill(master, SIGTERM);
	assert_int_equal(master_status(), 0);
}

static int64_t
number_in(const char *line, const char *name)
{
	char key[32];
	const char *at;

	snprintf(key, sizeof(key), "\"%s\":", name);
	at = strstr(line, key);
	assert_non_null(at);
	return strtoll(at + strlen(key), NULL, 10);
}

static void
a_crash_loop_is_braked(void **state)
{
	struct prefork_options options = options_for(crash_worker, 1);
	int64_t before_ms = clock_monotonic_ms();

	(void)state;
	start(&options);
	for (int i = 0; i < 4; i++) {
		const char *line = await_line("worker_exit");

		assert_line_has(line, "\"cause\":\"exit\"");
		assert_int_equal(number_in(line, "status"), 3);
	}
	/* Waits of 100, 200 and 400 ms lie between four lives. */
	assert_true(clock_monotonic_ms() - before_ms >= 700);
	/* A stop does not wait for the brake. */
	kill(master, SIGTERM);
	assert_int_equal(master_status(), 0);
}

static void
a_worker_that_retires_is_replaced_at_once(void **state)
{
	struct prefork_options options = options_for(short_worker, 1);

	(void)state;
	start(&options);
	for (int i = 0; i < 50; i++) {
		assert_int_equal(hear(), 's');
		open_gate();
	}
	assert_int_equal(hear(), 's');
	assert_line_has(await_line("worker_exit"), "\"level\":\"info\"");
	kill(master, SIGTERM);
	open_gate();
	master_status();
}

static void
a_drain_finishes_the_request_in_work(void **state)
{
	struct prefork_options options = options_for(busy_worker, 1);

	(void)state;
	start(&options);
	assert_int_equal(hear(), 'b');
	kill(master, SIGTERM);
	await_line("pool_drain");
	open_gate();
	assert_int_equal(hear(), 'd');
	assert_int_equal(master_status(), 0);
	assert_int_equal(board->slot[0].generation, 1);
}

static void
a_drain_ends_after_its_time(void **state)
{
	struct prefork_options options = options_for(busy_worker, 2);

	(void)state;
	options.drain_ms = 100;
	start(&options);
	hear_all('b', 2);
	kill(master, SIGTERM);
	assert_int_equal(master_status(), 2);
	assert_line_has(await_line("worker_exit"), "\"signal\":\"KILL\"");
	assert_line_has(await_line("worker_exit"), "\"signal\":\"KILL\"");
}

static void
workers_go_with_their_master(void **state)
{
	struct prefork_options options = options_for(wait_worker, 3);

	(void)state;
	start(&options);
	hear_all('w', 3);
	kill(master, SIGKILL);
	waitpid(master, NULL, 0);
	master = 0;
	hear_all('t', 3);
	/* The log's last writer is gone: so are all of them. */
	while (fgetc(log_lines) != EOF)
		continue;
}

static void
a_request_over_the_limit_is_told_to_end(void **state)
{
	struct prefork_options options = options_for(busy_worker, 1);
	const char *line;

	(void)state;
	options.request_limit_ms = 50;
	options.route_name = name_route;
	start(&options);
	assert_int_equal(hear(), 'b');
	line = await_line("request_too_slow");
	assert_line_has(line, "\"request_id\":\"req-7\"");
	assert_line_has(line, "\"route\":\"three\"");
	assert_line_has(line, "\"phase\":\"db\"");
	assert_line_has(line, "\"state\":\"busy\"");
	assert_line_has(line, "\"db_ms\":");
	assert_null(strstr(line, "\"auth_ms\":"));
	assert_true(number_in(line, "age_ms") > 50);
	/* The TERM is held back by the request, the KILL is not. */
	assert_line_has(await_line("worker_exit"), "\"signal\":\"KILL\"");
	assert_int_equal(hear(), 'b');
	kill(master, SIGKILL);
}

static void
a_frozen_request_is_killed(void **state)
{
	struct prefork_options options = options_for(busy_worker, 1);

	(void)state;
	options.request_limit_ms = 50;
	start(&options);
	assert_int_equal(hear(), 'b');
	kill(board->slot[0].pid, SIGSTOP);
	await_line("request_too_slow");
	assert_line_has(await_line("worker_exit"), "\"signal\":\"KILL\"");
	assert_int_equal(hear(), 'b');
	kill(master, SIGKILL);
}

static void
a_request_below_the_limit_is_left_alone(void **state)
{
	struct prefork_options options = options_for(busy_worker, 1);

	(void)state;
	options.request_limit_ms = 60000;
	options.tick = count_tick;
	start(&options);
	assert_int_equal(hear(), 'b');
	hear_all('k', 2);
	open_gate();
	assert_int_equal(hear(), 'd');
	kill(master, SIGKILL);
}

static void
the_master_ticks(void **state)
{
	struct prefork_options options = options_for(wait_worker, 1);
	int64_t before_ms = clock_monotonic_ms();

	(void)state;
	options.tick = count_tick;
	start(&options);
	assert_int_equal(hear(), 'w');
	hear_all('k', 2);
	/* Not more often than it says, whatever wakes it. */
	for (int i = 0; i < 20; i++)
		kill(master, SIGCHLD);
	kill(master, SIGTERM);
	assert_int_equal(hear(), 't');
	assert_int_equal(master_status(), 0);
	assert_true(clock_monotonic_ms() - before_ms >= *ticks * 1000);
}

static void
other_children_are_left_alone(void **state)
{
	struct prefork_options options = options_for(wait_worker, 1);
	int status = 0;

	(void)state;
	master = fork();
	assert_true(master >= 0);
	if (master == 0) {
		struct err err;
		pid_t other = fork();

		alarm(0);
		if (other == 0)
			_exit(9);
		log_open("test", LOG_DEBUG, lines[1]);
		if (prefork_run(&options, board, &err) != 0)
			_exit(1);
		_exit(waitpid(other, &status, 0) == other &&
			      WEXITSTATUS(status) == 9
			  ? 0
			  : 3);
	}
	assert_int_equal(hear(), 'w');
	kill(master, SIGTERM);
	assert_int_equal(master_status(), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(function)                                                         \
	cmocka_unit_test_setup_teardown(function, set_up, tear_down)
		TEST(workers_start_clean),
		TEST(workers_wake_without_preempting),
		TEST(each_stop_signal_drains),
		TEST(a_killed_worker_is_replaced),
		TEST(a_crash_loop_is_braked),
		TEST(a_worker_that_retires_is_replaced_at_once),
		TEST(a_drain_finishes_the_request_in_work),
		TEST(a_drain_ends_after_its_time),
		TEST(workers_go_with_their_master),
		TEST(a_request_over_the_limit_is_told_to_end),
		TEST(a_frozen_request_is_killed),
		TEST(a_request_below_the_limit_is_left_alone),
		TEST(the_master_ticks),
		TEST(other_children_are_left_alone),
	};

	alarm(300);
	ticks = mmap(NULL, sizeof(*ticks), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (ticks == MAP_FAILED)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
