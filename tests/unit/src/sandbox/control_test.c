#include "caller.h"

static int64_t
counter(struct caller *caller, const char *service, const char *key)
{
	int64_t value = -1;

	assert_int_equal(get(caller, "/sandbox/calls"), 200);
	assert_int_equal(
	    json_integer(
		json_get(
		    json_get(json_get(answer(caller), "data"), service), key),
		&value),
	    0);
	return value;
}

static void
calls_are_counted(void **state)
{
	struct caller *caller = *state;

	assert_int_equal(counter(caller, "auth", "calls"), 0);
	assert_int_equal(authenticate(caller, "junk"), 401);
	assert_int_equal(get(caller, "/api/v1/flights/F1-a"), 200);
	assert_int_equal(get(caller, "/api/v1/flights/none"), 404);
	assert_int_equal(put(caller, "/sandbox/faults/flight",
			     "{\"mode\":\"empty\",\"count\":1}"),
	    200);
	assert_int_equal(get(caller, "/api/v1/flights/F1-a"), 200);
	assert_int_equal(counter(caller, "auth", "calls"), 1);
	assert_int_equal(counter(caller, "auth", "positive"), 0);
	assert_int_equal(counter(caller, "auth", "negative"), 1);
	assert_int_equal(counter(caller, "auth", "faults"), 0);
	assert_int_equal(counter(caller, "flight", "calls"), 3);
	assert_int_equal(counter(caller, "flight", "positive"), 1);
	assert_int_equal(counter(caller, "flight", "negative"), 1);
	assert_int_equal(counter(caller, "flight", "faults"), 1);
	assert_int_equal(
	    call(caller, HTTP_DELETE, "/sandbox/calls", NO_HEADERS, ""), 200);
	assert_int_equal(counter(caller, "auth", "calls"), 0);
	assert_int_equal(counter(caller, "flight", "faults"), 0);
}

static const struct json_value *
last_flight_call(struct caller *caller)
{
	assert_int_equal(get(caller, "/sandbox/calls"), 200);
	return json_get(
	    json_get(json_get(answer(caller), "data"), "flight"), "last");
}

static void
the_last_call_is_remembered(void **state)
{
	static const struct http_variable HEADERS[] = {
		{ "HTTP_X_REQUEST_ID", "request-7" },
		{ "HTTP_TRACEPARENT", "00-4bf9-00f0-01" },
		{ "HTTP_AUTHORIZATION", "Bearer t" },
		{ NULL, NULL },
	};
	struct caller *caller = *state;
	const struct json_value *last;
	bool flag;

	assert_int_equal(
	    call(caller, HTTP_GET, "/api/v1/flights/F1-a", HEADERS, ""), 200);
	last = last_flight_call(caller);
	assert_string_equal(
	    json_string(json_get(last, "path"), NULL), "/api/v1/flights/F1-a");
	assert_string_equal(
	    json_string(json_get(last, "request_id"), NULL), "request-7");
	assert_string_equal(json_string(json_get(last, "traceparent"), NULL),
	    "00-4bf9-00f0-01");
	assert_int_equal(json_bool(json_get(last, "authorization"), &flag), 0);
	assert_true(flag);
	assert_int_equal(json_bool(json_get(last, "x_access_token"), &flag), 0);
	assert_false(flag);
	assert_int_equal(get(caller, "/api/v1/flights/F1-a"), 200);
	last = last_flight_call(caller);
	assert_string_equal(
	    json_string(json_get(last, "request_id"), NULL), "");
}

static const struct {
	enum http_method method;
	const char *path;
	const char *body;
	int status;
} BODIES[] = {
	{ HTTP_PUT, "/sandbox/faults/auth", "", 400 },
	{ HTTP_PUT, "/sandbox/faults/auth", "[]", 400 },
	{ HTTP_PUT, "/sandbox/faults/auth", "{}", 400 },
	{ HTTP_PUT, "/sandbox/faults/auth", "{\"mode\":1}", 400 },
	{ HTTP_PUT, "/sandbox/faults/auth",
	    "{\"mode\":\"slow\",\"delay_ms\":60001}", 400 },
	{ HTTP_PUT, "/sandbox/faults/auth",
	    "{\"mode\":\"slow\",\"delay_ms\":-1}", 400 },
	{ HTTP_PUT, "/sandbox/faults/auth",
	    "{\"mode\":\"slow\",\"count\":4294967296}", 400 },
	{ HTTP_PUT, "/sandbox/faults/auth",
	    "{\"mode\":\"slow\",\"count\":\"1\"}", 400 },
	{ HTTP_PUT, "/sandbox/faults/auth",
	    "{\"mode\":\"slow\",\"delay_ms\":60000,\"count\":4294967295}",
	    200 },
	{ HTTP_PUT, "/sandbox/dialect/auth", "{}", 400 },
	{ HTTP_PUT, "/sandbox/dialect/auth", "{\"dialect\":\"camelCase\"}",
	    400 },
	{ HTTP_PUT, "/sandbox/dialect/auth",
	    "{\"dialect\":\"id\",\"failure\":\"418\"}", 400 },
	{ HTTP_PUT, "/sandbox/dialect/flight", "{\"dialect\":3}", 400 },
	{ HTTP_PUT, "/sandbox/dialect/hotel", "{\"dialect\":\"id\"}", 404 },
	{ HTTP_POST, "/sandbox/revoke", "{}", 400 },
	{ HTTP_POST, "/sandbox/revoke", "{\"token\":\"\"}", 400 },
	{ HTTP_GET, "/sandbox", "", 404 },
	{ HTTP_GET, "/api/v1/flights", "", 404 },
	{ HTTP_GET, "/api/v1/flights/a/b", "", 404 },
};

static void
wrong_requests_are_named(void **state)
{
	struct caller *caller = *state;

	for (size_t i = 0; i < ARRAY_LEN(BODIES); i++) {
		int status = call(caller, BODIES[i].method, BODIES[i].path,
		    NO_HEADERS, BODIES[i].body);

		if (status != BODIES[i].status)
			fail_msg("%s %s: %d", BODIES[i].path, BODIES[i].body,
			    status);
		assert_true(is_json(caller));
	}
	/* Nothing of a dialect that is half wrong. */
	assert_int_equal(
	    state_dialect(caller->sandbox.state, AUTH_DIALECT), AUTH_AS_OBJECT);
}

static void
a_method_that_is_none_names_those_that_are(void **state)
{
	struct caller *caller = *state;

	assert_int_equal(
	    call(caller, HTTP_POST, "/sandbox/calls", NO_HEADERS, ""), 405);
	assert_string_equal(
	    header(caller, "Allow"), "DELETE, GET, HEAD, OPTIONS");
	assert_true(is_json(caller));
}

static void
reset_is_a_new_start(void **state)
{
	struct caller *caller = *state;

	assert_int_equal(put(caller, "/sandbox/flights/own", "{}"), 200);
	assert_int_equal(
	    put(caller, "/sandbox/faults/auth", "{\"mode\":\"empty\"}"), 200);
	assert_int_equal(
	    call(caller, HTTP_DELETE, "/sandbox/state", NO_HEADERS, ""), 200);
	assert_int_equal(get(caller, "/api/v1/flights/own"), 404);
	assert_int_equal(authenticate(caller, "junk"), 401);
}

#define TEST(name)                                                             \
	cmocka_unit_test_setup_teardown(name, caller_open, caller_close)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(calls_are_counted),
		TEST(the_last_call_is_remembered),
		TEST(wrong_requests_are_named),
		TEST(a_method_that_is_none_names_those_that_are),
		TEST(reset_is_a_new_start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
