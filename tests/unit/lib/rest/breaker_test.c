#include "rest/breaker.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/clock.h"

#define LONG_MS	 60000
#define SHORT_MS 20

/* The next millisecond at which `ms` have passed since now. */
static void
let_pass(int64_t ms)
{
	int64_t until_ms = clock_monotonic_ms() + ms;

	while (clock_monotonic_ms() < until_ms)
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
}

static void
report_bad(struct breaker *breaker, unsigned times)
{
	for (unsigned i = 0; i < times; i++) {
		assert_true(breaker_allow(breaker));
		breaker_report(breaker, false);
	}
}

static void
opens_after_failures_in_a_row(void **state)
{
	struct breaker breaker;

	(void)state;
	breaker_init(&breaker, 3, LONG_MS, LONG_MS);
	assert_int_equal(breaker_state(&breaker), BREAKER_CLOSED);
	report_bad(&breaker, 2);
	breaker_report(&breaker, true);
	report_bad(&breaker, 2);
	assert_int_equal(breaker_state(&breaker), BREAKER_CLOSED);
	report_bad(&breaker, 1);
	assert_int_equal(breaker_state(&breaker), BREAKER_OPEN);
	assert_int_equal(breaker.opened_count, 1);
	assert_false(breaker_allow(&breaker));
	assert_false(breaker_allow(&breaker));
	assert_int_equal(breaker.refused_count, 2);
}

static void
late_failures_do_not_prolong_it(void **state)
{
	struct breaker breaker;
	int64_t opened_at_ms;

	(void)state;
	breaker_init(&breaker, 1, LONG_MS, LONG_MS);
	report_bad(&breaker, 1);
	opened_at_ms = breaker.opened_at_ms;
	let_pass(2);
	breaker_report(&breaker, false);
	assert_int_equal(breaker.opened_at_ms, opened_at_ms);
	assert_int_equal(breaker.opened_count, 1);
}

static void
one_probe_at_a_time(void **state)
{
	struct breaker breaker;

	(void)state;
	breaker_init(&breaker, 1, SHORT_MS, LONG_MS);
	report_bad(&breaker, 1);
	let_pass(SHORT_MS);
	assert_int_equal(breaker_state(&breaker), BREAKER_HALF_OPEN);
	assert_true(breaker_allow(&breaker));
	assert_false(breaker_allow(&breaker));
	assert_int_equal(breaker_state(&breaker), BREAKER_HALF_OPEN);
	breaker_report(&breaker, true);
	assert_int_equal(breaker_state(&breaker), BREAKER_CLOSED);
	assert_true(breaker_allow(&breaker));
	assert_true(breaker_allow(&breaker));
	assert_int_equal(breaker.refused_count, 1);
}

static void
a_failed_probe_opens_again(void **state)
{
	struct breaker breaker;

	(void)state;
	breaker_init(&breaker, 1, SHORT_MS, LONG_MS);
	report_bad(&breaker, 1);
	let_pass(SHORT_MS);
	assert_true(breaker_allow(&breaker));
	breaker.open_ms = LONG_MS; /* what follows must not be timed */
	breaker.opened_at_ms -= LONG_MS;
	breaker_report(&breaker, false);
	assert_int_equal(breaker_state(&breaker), BREAKER_OPEN);
	assert_int_equal(breaker.opened_count, 2);
	assert_false(breaker_allow(&breaker));
	/* The next probe is not kept waiting by the one that failed. */
	breaker.opened_at_ms -= LONG_MS;
	assert_true(breaker_allow(&breaker));
}

static void
a_dead_probe_frees_its_place(void **state)
{
	struct breaker breaker;

	(void)state;
	breaker_init(&breaker, 1, 0, SHORT_MS);
	report_bad(&breaker, 1);
	assert_true(breaker_allow(&breaker));
	let_pass(SHORT_MS);
	assert_true(breaker_allow(&breaker));
}

static void
threshold_0_never_opens(void **state)
{
	struct breaker breaker;

	(void)state;
	breaker_init(&breaker, 0, LONG_MS, LONG_MS);
	report_bad(&breaker, 100);
	assert_int_equal(breaker_state(&breaker), BREAKER_CLOSED);
}

enum { WORKERS = 4, TRIES = 20000 };

/* Allowed and refused calls of all workers, in shared memory. */
struct tally {
	struct breaker breaker;
	_Atomic unsigned allowed;
	_Atomic bool go;
};

static void
run_workers(struct tally *tally, void (*work)(struct tally *tally))
{
	pid_t workers[WORKERS];

	for (int i = 0; i < WORKERS; i++) {
		workers[i] = fork();
		assert_true(workers[i] >= 0);
		if (workers[i] == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			while (!tally->go)
				continue;
			work(tally);
			_exit(0);
		}
	}
	tally->go = true;
	for (int i = 0; i < WORKERS; i++) {
		int status = -1;
		assert_int_equal(waitpid(workers[i], &status, 0), workers[i]);
		assert_int_equal(status, 0);
	}
}

static void
report_failures(struct tally *tally)
{
	for (int i = 0; i < TRIES; i++)
		breaker_report(&tally->breaker, false);
}

static void
ask(struct tally *tally)
{
	for (int i = 0; i < TRIES; i++)
		if (breaker_allow(&tally->breaker))
			tally->allowed++;
}

static void
workers_share_one_state(void **state)
{
	struct tally *tally = mmap(NULL, sizeof(*tally), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	(void)state;
	assert_ptr_not_equal(tally, MAP_FAILED);
	breaker_init(&tally->breaker, WORKERS * TRIES, LONG_MS, LONG_MS);
	run_workers(tally, report_failures);
	/* None is lost, and the last one opens, once. */
	assert_int_equal(breaker_state(&tally->breaker), BREAKER_OPEN);
	assert_int_equal(tally->breaker.opened_count, 1);

	tally->go = false;
	tally->breaker.opened_at_ms -= LONG_MS;
	run_workers(tally, ask);
	assert_int_equal(tally->allowed, 1);
	assert_int_equal(tally->breaker.refused_count, WORKERS * TRIES - 1);
	munmap(tally, sizeof(*tally));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(opens_after_failures_in_a_row),
		cmocka_unit_test(late_failures_do_not_prolong_it),
		cmocka_unit_test(one_probe_at_a_time),
		cmocka_unit_test(a_failed_probe_opens_again),
		cmocka_unit_test(a_dead_probe_frees_its_place),
		cmocka_unit_test(threshold_0_never_opens),
		cmocka_unit_test(workers_share_one_state),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
