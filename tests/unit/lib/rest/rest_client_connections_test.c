/* The connections that a client keeps. */
#include "rest/rest_client.h"

#include <dirent.h>
#include <unistd.h>

#include "rest_fixture.h"

static void
keeps_connections(void **state)
{
	(void)state;
	for (int i = 0; i < 5; i++) {
		struct rest_call call = call_to("/ok");
		perform(&call);
		assert_answer(&call, 200, OK_BODY);
	}
	assert_int_equal(server->connections, 1);
}

/* The peer closes a kept connection: before the next request is sent, or only
 * when it gets it. Neither is seen by the caller, however often it happens. */
static void
retries_a_stale_connection(void **state)
{
	static const char *const paths[] = { "/close-after", "/stale" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(paths); i++)
		for (int round = 0; round < 8; round++) {
			struct rest_call call = call_to(paths[i]);
			perform(&call);
			assert_answer(&call, 200, OK_BODY);
		}
	assert_true(server->connections >= 15);
}

/* Four kept connections that have all gone stale. */
static void
retries_stale_connections_side_by_side(void **state)
{
	(void)state;
	for (int round = 0; round < 3; round++) {
		struct rest_call calls[REST_MAX_CALLS];
		for (size_t i = 0; i < REST_MAX_CALLS; i++)
			calls[i] = call_to("/stale");
		rest_perform(
		    client, arena, calls, REST_MAX_CALLS, deadline_in(LONG_MS));
		for (size_t i = 0; i < REST_MAX_CALLS; i++)
			assert_answer(&calls[i], 200, OK_BODY);
	}
}

static void
a_fresh_connection_is_not_retried(void **state)
{
	struct rest_call call = call_to("/hang-up");

	(void)state;
	perform(&call);
	assert_failure(&call, &ERR_UNAVAILABLE, "Empty reply");
	assert_int_equal(server->requests, 1);
}

static void
perform_with_idle(int64_t idle_ms, int64_t pause_ms, unsigned connections)
{
	struct rest_settings own = settings;
	struct rest_client *other;

	own.idle_ms = idle_ms;
	other = rest_client_create(&own);
	assert_non_null(other);
	server->connections = 0;
	for (int i = 0; i < 2; i++) {
		struct rest_call call = call_to("/ok");
		struct deadline pause = deadline_in(i * pause_ms);
		while (deadline_left_ms(pause) > 0)
			usleep(1000);
		rest_perform(other, arena, &call, 1, deadline_in(LONG_MS));
		assert_answer(&call, 200, OK_BODY);
	}
	assert_int_equal(server->connections, connections);
	rest_client_free(other);
}

static void
drops_idle_connections(void **state)
{
	(void)state;
	perform_with_idle(LONG_MS, 1010, 1);
	perform_with_idle(2000, 2010, 2);
	perform_with_idle(1999, 0, 2);
	perform_with_idle(0, 0, 2);
}

static size_t
open_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	size_t count = 0;

	while (readdir(dir))
		count++;
	closedir(dir);
	return count;
}

static void
leaves_no_descriptor_behind(void **state)
{
	size_t before = open_descriptors();
	struct rest_client *other = rest_client_create(&settings);
	struct rest_call calls[] = { call_to("/ok"), call_to("/hang-up"),
		call_to("/endless"), call_to("/close-after") };

	(void)state;
	rest_perform(
	    other, arena, calls, ARRAY_LEN(calls), deadline_in(LONG_MS));
	assert_answer(&calls[0], 200, OK_BODY);
	rest_client_free(other);
	rest_client_free(NULL);
	assert_int_equal(open_descriptors(), before);
}

#define CASE(function)                                                         \
	cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(keeps_connections),
		CASE(retries_a_stale_connection),
		CASE(retries_stale_connections_side_by_side),
		CASE(a_fresh_connection_is_not_retried),
		CASE(drops_idle_connections),
		CASE(leaves_no_descriptor_behind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
