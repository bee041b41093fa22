#include "prefork/queue_clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct queue_clock queue;

static int
set_up(void **state)
{
	(void)state;
	memset(&queue, 0, sizeof(queue));
	queue_clock_init(&queue, 2000);
	return 0;
}

static void
sample(int64_t now_ms, uint32_t waiting)
{
	const struct queue_depth depth = { waiting, 1024 };

	queue_clock_sample(&queue, now_ms, queue_clock_begin(&queue), &depth);
}

static void
steps_follow_the_limit(void **state)
{
	static const struct {
		int64_t limit_ms;
		int64_t each_ms;
	} rows[] = { { 0, 1000 }, { 1, 2 }, { 100, 2 }, { 200, 4 },
		{ 2000, 40 }, { 5000, 100 }, { 60000, 100 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		queue_clock_init(&queue, rows[i].limit_ms);
		assert_int_equal(queue.each_ms, rows[i].each_ms);
	}
}

static void
a_sample_is_due_once_a_step(void **state)
{
	(void)state;
	assert_true(queue_clock_due(&queue, 5000));
	assert_false(queue_clock_due(&queue, 5000));
	assert_false(queue_clock_due(&queue, 5039));
	assert_true(queue_clock_due(&queue, 5040));
	/* Missed ones are not made up for. */
	assert_true(queue_clock_due(&queue, 9000));
	assert_false(queue_clock_due(&queue, 9039));
}

static void
without_samples_nobody_is_known_to_have_waited(void **state)
{
	(void)state;
	assert_int_equal(queue_clock_accepted(&queue), 1);
	assert_int_equal(queue_clock_age_ms(&queue, 1, 1000000), 0);
}

static void
who_was_in_the_queue_has_waited_since(void **state)
{
	(void)state;
	sample(1000, 3);
	sample(1500, 5);
	sample(2000, 5);
	for (uint32_t k = 1; k <= 6; k++) {
		uint32_t number = queue_clock_accepted(&queue);
		int64_t age_ms = queue_clock_age_ms(&queue, number, 2600);

		assert_int_equal(number, k);
		assert_int_equal(age_ms, k <= 3 ? 1600 : k <= 5 ? 1100 : 0);
	}
	assert_int_equal(queue.depth, 5);
	assert_int_equal(queue.deepest, 5);
	assert_int_equal(queue.room, 1024);
}

static void
an_empty_queue_ends_all_ages(void **state)
{
	(void)state;
	sample(1000, 2);
	queue_clock_accepted(&queue);
	queue_clock_accepted(&queue);
	sample(3000, 0);
	assert_int_equal(
	    queue_clock_age_ms(&queue, queue_clock_accepted(&queue), 9000), 0);
}

static void
others_that_accept_make_nobody_look_older(void **state)
{
	uint32_t number = 0;

	(void)state;
	sample(1000, 100);
	/* We took 50 of these, and somebody else the rest. */
	for (int i = 0; i < 50; i++)
		number = queue_clock_accepted(&queue);
	assert_int_equal(queue_clock_age_ms(&queue, number, 1500), 500);
	sample(2000, 0);
	number = queue_clock_accepted(&queue);
	assert_int_equal(number, 51);
	assert_int_equal(queue_clock_age_ms(&queue, number, 2500), 0);
	/* From here on it counts as before. */
	sample(3000, 10);
	for (int i = 0; i < 10; i++)
		number = queue_clock_accepted(&queue);
	assert_int_equal(queue_clock_age_ms(&queue, number, 3700), 700);
}

static void
the_ring_forgets_what_is_oldest(void **state)
{
	uint32_t number;

	(void)state;
	for (int i = 0; i < 3 * QUEUE_SAMPLES; i++)
		sample(1000 + i, 1);
	number = queue_clock_accepted(&queue);
	/* The newest is 1000 + 3n - 1, the oldest known n - 1 before it. */
	assert_int_equal(
	    queue_clock_age_ms(&queue, number, 1000 + 3 * QUEUE_SAMPLES),
	    QUEUE_SAMPLES);
}

static void
counts_and_times_wrap_around(void **state)
{
	uint32_t number;
	int64_t now_ms = ((int64_t)1 << 32) - 100;

	(void)state;
	queue.accepted = UINT32_MAX - 1;
	sample(now_ms, 4);
	number = queue_clock_accepted(&queue);
	assert_int_equal(number, UINT32_MAX);
	assert_int_equal(queue_clock_age_ms(&queue, number, now_ms + 300), 300);
	number = queue_clock_accepted(&queue);
	assert_int_equal(number, 0);
	assert_int_equal(queue_clock_age_ms(&queue, number, now_ms + 300), 300);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(function) cmocka_unit_test_setup(function, set_up)
		TEST(steps_follow_the_limit),
		TEST(a_sample_is_due_once_a_step),
		TEST(without_samples_nobody_is_known_to_have_waited),
		TEST(who_was_in_the_queue_has_waited_since),
		TEST(an_empty_queue_ends_all_ages),
		TEST(others_that_accept_make_nobody_look_older),
		TEST(the_ring_forgets_what_is_oldest),
		TEST(counts_and_times_wrap_around),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
