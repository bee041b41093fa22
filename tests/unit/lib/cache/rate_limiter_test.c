#include "cache/rate_limiter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#define SECOND_US INT64_C(1000000)

static bool
take(struct rate_limiter *limiter, const char *key, int64_t now_us)
{
	return rate_limiter_take(limiter, key, strlen(key), now_us);
}

static int
take_many(struct rate_limiter *limiter, const char *key, int64_t now_us)
{
	int taken = 0;

	while (take(limiter, key, now_us))
		taken++;
	return taken;
}

static const int64_t RATES[] = { 1, 2, 3, 7, 1000, 999983, 1000000 };

static void
bucket_holds_a_second_s_worth(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(RATES); i++) {
		struct rate_limiter *limiter =
		    rate_limiter_create(64, RATES[i]);

		/* Whole nanoseconds between tokens: a few more at most. */
		int64_t taken = take_many(limiter, "a", 5 * SECOND_US);
		assert_true(
		    taken >= RATES[i] && taken <= RATES[i] + RATES[i] / 900);
		assert_false(take(limiter, "a", 5 * SECOND_US));
		rate_limiter_free(limiter);
	}
}

static void
bucket_fills_up_steadily(void **state)
{
	struct rate_limiter *limiter = rate_limiter_create(64, 10);
	int64_t now_us = SECOND_US;

	(void)state;
	assert_int_equal(take_many(limiter, "a", now_us), 10);
	assert_false(take(limiter, "a", now_us + 99999));
	for (int i = 1; i <= 20; i++)
		assert_int_equal(
		    take_many(limiter, "a", now_us + i * 100000), 1);
	/* Time that nobody used makes no second second's worth. */
	assert_int_equal(take_many(limiter, "a", now_us + 60 * SECOND_US), 10);
	rate_limiter_free(limiter);
}

static void
keys_do_not_touch_each_other(void **state)
{
	struct rate_limiter *limiter = rate_limiter_create(4096, 5);
	char key[16];

	(void)state;
	for (int i = 0; i < 200; i++) {
		snprintf(key, sizeof(key), "k%d", i);
		assert_int_equal(take_many(limiter, key, SECOND_US), 5);
	}
	for (int i = 0; i < 200; i++) {
		snprintf(key, sizeof(key), "k%d", i);
		assert_false(take(limiter, key, SECOND_US));
	}
	rate_limiter_free(limiter);
}

/* More keys than slots: all get their worth, nothing breaks. */
static void
flood_of_keys_errs_to_the_client_s_side(void **state)
{
	struct rate_limiter *limiter = rate_limiter_create(1, 2);
	char key[16];

	(void)state;
	for (int i = 0; i < 1000; i++) {
		snprintf(key, sizeof(key), "k%d", i);
		assert_true(take(limiter, key, i * SECOND_US));
		assert_true(take(limiter, key, i * SECOND_US));
	}
	rate_limiter_free(limiter);
}

static void
processes_share_the_buckets(void **state)
{
	struct rate_limiter *limiter = rate_limiter_create(64, 1000);
	int taken = 0, status;

	(void)state;
	for (int i = 0; i < 4; i++) {
		if (fork() == 0) {
			int mine = 0;

			for (int turn = 0; turn < 250; turn++)
				mine += take(limiter, "a", SECOND_US);
			_exit(mine);
		}
	}
	for (int i = 0; i < 4; i++) {
		assert_true(wait(&status) > 0);
		taken += WEXITSTATUS(status);
	}
	assert_int_equal(taken, 1000);
	assert_false(take(limiter, "a", SECOND_US));
	rate_limiter_free(limiter);
}

static void
sizes_that_cannot_be(void **state)
{
	(void)state;
	assert_null(rate_limiter_create(SIZE_MAX, 1));
	rate_limiter_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bucket_holds_a_second_s_worth),
		cmocka_unit_test(bucket_fills_up_steadily),
		cmocka_unit_test(keys_do_not_touch_each_other),
		cmocka_unit_test(flood_of_keys_errs_to_the_client_s_side),
		cmocka_unit_test(processes_share_the_buckets),
		cmocka_unit_test(sizes_that_cannot_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
