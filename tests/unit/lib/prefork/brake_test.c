#include "prefork/brake.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void
young_deaths_double_the_wait(void **state)
{
	static const int64_t waits_ms[] = { 100, 200, 400, 800, 1600, 3200,
		6400, 10000, 10000 };
	struct brake brake = { 0 };
	int64_t now_ms = 1000000;

	(void)state;
	assert_int_equal(brake_wait_ms(&brake, now_ms), 0);
	for (size_t i = 0; i < ARRAY_LEN(waits_ms); i++) {
		brake_failed(&brake, now_ms, 5);
		assert_int_equal(brake_wait_ms(&brake, now_ms), waits_ms[i]);
		now_ms += waits_ms[i];
		assert_int_equal(brake_wait_ms(&brake, now_ms - 1), 1);
		assert_int_equal(brake_wait_ms(&brake, now_ms), 0);
	}
}

static void
one_trouble_counts_once(void **state)
{
	struct brake brake = { 0 };

	(void)state;
	for (int i = 0; i < 64; i++)
		brake_failed(&brake, 1000000 + i, 5);
	assert_int_equal(brake_wait_ms(&brake, 1000000), 100);
}

static void
old_workers_may_die(void **state)
{
	struct brake brake = { 0 };

	(void)state;
	brake_failed(&brake, 1000000, BRAKE_YOUNG_MS);
	assert_int_equal(brake_wait_ms(&brake, 1000000), 0);
	brake_failed(&brake, 1000000, BRAKE_YOUNG_MS - 1);
	assert_int_equal(brake_wait_ms(&brake, 1000000), 100);
}

static void
a_quiet_while_recovers(void **state)
{
	struct brake brake = { 0 };
	int64_t now_ms = 1000000;

	(void)state;
	for (int i = 0; i < 5; i++) {
		brake_failed(&brake, now_ms, 0);
		now_ms += brake_wait_ms(&brake, now_ms);
	}
	/* One that lived for nearly long enough is the same trouble. */
	brake_failed(&brake, now_ms + BRAKE_YOUNG_MS - 1, BRAKE_YOUNG_MS - 1);
	assert_int_equal(
	    brake_wait_ms(&brake, now_ms + BRAKE_YOUNG_MS - 1), 3200);
	now_ms += BRAKE_YOUNG_MS - 1 + 3200 + BRAKE_YOUNG_MS;
	brake_failed(&brake, now_ms, 0);
	assert_int_equal(brake_wait_ms(&brake, now_ms), 100);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(young_deaths_double_the_wait),
		cmocka_unit_test(one_trouble_counts_once),
		cmocka_unit_test(old_workers_may_die),
		cmocka_unit_test(a_quiet_while_recovers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
