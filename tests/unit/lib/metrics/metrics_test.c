#include "metrics/metrics.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROWS 4

enum { REQUESTS, BUSY, LATENCY, PLAIN_LATENCY, DEF__COUNT };

static const char *const request_series[] = { "route=\"a\",status=\"2xx\"",
	"route=\"b\",status=\"5xx\"" };
static const char *const latency_series[] = { "route=\"a\"" };

static const struct metric_def defs[DEF__COUNT] = {
	[REQUESTS] = { "requests_total", METRIC_COUNTER,
	    "Requests\\lines\nanswered.", request_series, 2 },
	[BUSY] = { "busy", METRIC_GAUGE, "Workers at work.", NULL, 1 },
	[LATENCY] = { "latency_seconds", METRIC_HISTOGRAM, "Time.",
	    latency_series, 1 },
	[PLAIN_LATENCY] = { "wait_seconds", METRIC_HISTOGRAM, "Wait.", NULL,
	    1 },
};

static int
setup(void **state)
{
	*state = metrics_create(defs, DEF__COUNT, ROWS);
	return *state == NULL ? -1 : 0;
}

static int
teardown(void **state)
{
	metrics_free(*state);
	return 0;
}

static const char expected_text[] =
    "# HELP requests_total Requests\\\\lines\\nanswered.\n"
    "# TYPE requests_total counter\n"
    "requests_total{route=\"a\",status=\"2xx\"} 7\n"
    "requests_total{route=\"b\",status=\"5xx\"} 1\n"
    "# HELP busy Workers at work.\n"
    "# TYPE busy gauge\n"
    "busy 3\n"
    "# HELP latency_seconds Time.\n"
    "# TYPE latency_seconds histogram\n"
    "latency_seconds_bucket{route=\"a\",le=\"0.001\"} 2\n"
    "latency_seconds_bucket{route=\"a\",le=\"0.002\"} 3\n"
    "latency_seconds_bucket{route=\"a\",le=\"0.005\"} 3\n"
    "latency_seconds_bucket{route=\"a\",le=\"0.01\"} 3\n"
    "latency_seconds_bucket{route=\"a\",le=\"0.02\"} 3\n"
    "latency_seconds_bucket{route=\"a\",le=\"0.05\"} 3\n"
    "latency_seconds_bucket{route=\"a\",le=\"0.1\"} 3\n"
    "latency_seconds_bucket{route=\"a\",le=\"0.2\"} 3\n"
    "latency_seconds_bucket{route=\"a\",le=\"0.5\"} 3\n"
    "latency_seconds_bucket{route=\"a\",le=\"1\"} 3\n"
    "latency_seconds_bucket{route=\"a\",le=\"2\"} 4\n"
    "latency_seconds_bucket{route=\"a\",le=\"5\"} 4\n"
    "latency_seconds_bucket{route=\"a\",le=\"10\"} 4\n"
    "latency_seconds_bucket{route=\"a\",le=\"+Inf\"} 5\n"
    "latency_seconds_sum{route=\"a\"} 12.002002\n"
    "latency_seconds_count{route=\"a\"} 5\n"
    "# HELP wait_seconds Wait.\n"
    "# TYPE wait_seconds histogram\n"
    "wait_seconds_bucket{le=\"0.001\"} 0\n";

static void
prints_the_sum_of_all_rows(void **state)
{
	struct metrics *metrics = *state;
	struct arena *arena = arena_create(65536);
	struct buf out;

	metrics_add(metrics, REQUESTS, 0, 2);
	metrics_set(metrics, BUSY, 0, 5);
	metrics_set(metrics, BUSY, 0, 2);
	metrics_observe_us(metrics, LATENCY, 0, -5);
	metrics_observe_us(metrics, LATENCY, 0, 1000);
	metrics_use_row(metrics, ROWS - 1);
	metrics_add(metrics, REQUESTS, 0, 5);
	metrics_add(metrics, REQUESTS, 1, 1);
	metrics_add(metrics, BUSY, 0, 2);
	metrics_add(metrics, BUSY, 0, -1);
	metrics_observe_us(metrics, LATENCY, 0, 1001);
	metrics_observe_us(metrics, LATENCY, 0, 2000000);
	metrics_observe_us(metrics, LATENCY, 0, 10000001);
	assert_int_equal(metrics_sum(metrics, REQUESTS, 0), 7);
	assert_int_equal(metrics_sum(metrics, BUSY, 0), 3);
	assert_int_equal(metrics_sum(metrics, LATENCY, 0), 5);

	buf_init(&out, arena, 16384);
	metrics_print(metrics, &out);
	assert_false(out.failed);
	assert_memory_equal(
	    out.bytes, expected_text, sizeof(expected_text) - 1);
	arena_free(arena);
}

/* A counter's family has no "_total", its samples have; all else is the same.
 */
static void
open_metrics_differ_in_the_head_of_counters(void **state)
{
	struct metrics *metrics = *state;
	struct arena *arena = arena_create(65536);
	struct buf plain;
	struct buf out;

	metrics_add(metrics, REQUESTS, 0, 2);
	buf_init(&plain, arena, 16384);
	metrics_print(metrics, &plain);
	buf_init(&out, arena, 16384);
	metrics_print_open(metrics, &out);
	assert_non_null(strstr(out.bytes, "# TYPE requests counter\n"));
	assert_non_null(strstr(out.bytes, "# HELP requests "));
	assert_non_null(strstr(out.bytes, "\nrequests_total{route=\"a\""));
	assert_non_null(strstr(out.bytes, "# TYPE busy gauge\n"));
	assert_int_equal(out.len, plain.len - 2 * strlen("_total"));
	arena_free(arena);
}

/* One bound each, from both sides. */
static void
buckets_include_their_bound(void **state)
{
	static const struct {
		int64_t us;
		const char *line;
	} rows[] = {
		{ 1000, "le=\"0.001\"} 1" },
		{ 1001, "le=\"0.002\"} 2" },
		{ 10000000, "le=\"10\"} 3" },
		{ 10000001, "le=\"+Inf\"} 4" },
		{ INT64_C(3600000000), "le=\"+Inf\"} 5" },
	};
	struct arena *arena = arena_create(1024 * 1024);

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf out;

		metrics_observe_us(*state, PLAIN_LATENCY, 0, rows[i].us);
		buf_init(&out, arena, 16384);
		metrics_print(*state, &out);
		assert_non_null(strstr(
		    strstr(out.bytes, "wait_seconds_bucket"), rows[i].line));
	}
	arena_free(arena);
}

static void
count_in_a_child(struct metrics *metrics, unsigned row)
{
	metrics_use_row(metrics, row);
	for (int i = 0; i < 100000; i++) {
		metrics_add(metrics, REQUESTS, 0, 1);
		metrics_observe_us(metrics, LATENCY, 0, i);
	}
	metrics_set(metrics, BUSY, 0, 1);
	_exit(0);
}

/* Two children share each row: nothing is lost even then. */
static void
processes_count_without_loss(void **state)
{
	struct metrics *metrics = *state;
	pid_t children[2 * ROWS];

	for (unsigned i = 0; i < ARRAY_LEN(children); i++) {
		children[i] = fork();
		assert_true(children[i] >= 0);
		if (children[i] == 0)
			count_in_a_child(metrics, i % ROWS);
	}
	for (size_t i = 0; i < ARRAY_LEN(children); i++)
		assert_int_equal(waitpid(children[i], NULL, 0), children[i]);
	assert_int_equal(metrics_sum(metrics, REQUESTS, 0), 800000);
	assert_int_equal(metrics_sum(metrics, REQUESTS, 1), 0);
	assert_int_equal(metrics_sum(metrics, LATENCY, 0), 800000);
	assert_int_equal(metrics_sum(metrics, BUSY, 0), ROWS);
}

static void
a_new_process_ends_the_gauges_of_its_row(void **state)
{
	struct metrics *metrics = *state;

	metrics_use_row(metrics, 1);
	metrics_set(metrics, BUSY, 0, 1);
	metrics_add(metrics, REQUESTS, 1, 4);
	metrics_use_row(metrics, 2);
	metrics_set(metrics, BUSY, 0, 1);
	assert_int_equal(metrics_sum(metrics, BUSY, 0), 2);
	metrics_use_row(metrics, 1);
	assert_int_equal(metrics_sum(metrics, BUSY, 0), 1);
	assert_int_equal(metrics_sum(metrics, REQUESTS, 1), 4);
}

static void
no_metrics_no_work(void **state)
{
	struct arena *arena = arena_create(65536);
	struct buf out;

	(void)state;
	metrics_use_row(NULL, 7);
	metrics_add(NULL, REQUESTS, 0, 1);
	metrics_set(NULL, BUSY, 0, 1);
	metrics_observe_us(NULL, LATENCY, 0, 1);
	assert_int_equal(metrics_sum(NULL, REQUESTS, 0), 0);
	buf_init(&out, arena, 16384);
	metrics_print(NULL, &out);
	assert_string_equal(out.bytes, "");
	metrics_free(NULL);
	arena_free(arena);
}

#define TEST(function)                                                         \
	cmocka_unit_test_setup_teardown(function, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(prints_the_sum_of_all_rows),
		TEST(open_metrics_differ_in_the_head_of_counters),
		TEST(buckets_include_their_bound),
		TEST(processes_count_without_loss),
		TEST(a_new_process_ends_the_gauges_of_its_row),
		TEST(no_metrics_no_work),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
