#include "caller.h"

static const char *
flight_text(struct caller *caller, const char *key)
{
	return json_string(
	    json_get(json_get(answer(caller), "data"), key), NULL);
}

static const char *
flight_number(struct caller *caller, const char *key)
{
	return json_number_text(
	    json_get(json_get(answer(caller), "data"), key));
}

static void
a_named_flight_is_answered(void **state)
{
	struct caller *caller = *state;
	bool success;

	assert_int_equal(get(caller, "/api/v1/flights/F42-test"), 200);
	assert_string_equal(
	    header(caller, "Content-Type"), "application/json; charset=utf-8");
	assert_int_equal(
	    json_bool(json_get(answer(caller), "success"), &success), 0);
	assert_true(success);
	assert_string_equal(flight_text(caller, "id"), "F42-test");
	assert_string_equal(flight_number(caller, "total_seats"), "42");
	assert_string_equal(flight_number(caller, "price"), "299.99");
	assert_string_equal(
	    flight_text(caller, "departure"), "2030-02-15T08:00:00Z");
}

static const struct {
	const char *dialect;
	const char *path;
	const char *key; /* of data */
	const char *text;
	const char *number;
} DIALECTS[] = {
	{ "{\"dialect\":\"snake_case\"}", "F1-a", "flight_number", "AA100",
	    NULL },
	{ "{\"dialect\":\"snake_case_time\"}", "X-named", "departure_time",
	    "2030-02-15T08:00:00Z", NULL },
	{ "{\"dialect\":\"camelCase\"}", "F1-a", "departureAirportId", "JFK",
	    NULL },
	{ "{\"dialect\":\"camelCase\"}", "F7-a", "totalSeats", NULL, "7" },
	{ "{\"prices\":\"string\"}", "F1-a", "price", "299.99", NULL },
	{ "{\"ids\":\"cast\"}", "1x", "id", NULL, "1" },
	{ "{\"ids\":\"cast\"}", "1", "id", NULL, "1" },
	{ "{\"ids\":\"cast\"}", "F1-a", "id", "F1-a", NULL },
	{ "{\"ids\":\"exact\"}", "1", "id", "1", NULL },
};

static void
dialects_change_the_answer(void **state)
{
	struct caller *caller = *state;

	for (size_t i = 0; i < ARRAY_LEN(DIALECTS); i++) {
		char path[128];

		snprintf(
		    path, sizeof(path), "/api/v1/flights/%s", DIALECTS[i].path);
		state_reset(caller->sandbox.state);
		assert_int_equal(
		    put(caller, "/sandbox/dialect/flight", DIALECTS[i].dialect),
		    200);
		assert_int_equal(get(caller, path), 200);
		if (DIALECTS[i].text != NULL)
			assert_string_equal(
			    flight_text(caller, DIALECTS[i].key),
			    DIALECTS[i].text);
		else
			assert_string_equal(
			    flight_number(caller, DIALECTS[i].key),
			    DIALECTS[i].number);
	}
}

static void
unknown_flights_are_404_or_null(void **state)
{
	struct caller *caller = *state;

	assert_int_equal(get(caller, "/api/v1/flights/nothing"), 404);
	assert_int_equal(get(caller, "/api/v1/flights/1x"), 404);
	assert_int_equal(put(caller, "/sandbox/dialect/flight",
			     "{\"unknown\":\"data_null\"}"),
	    200);
	assert_int_equal(get(caller, "/api/v1/flights/nothing"), 200);
	assert_string_equal(caller->response.body.bytes,
	    "{\"success\":true,\"message\":\"Successfully fetched the "
	    "flight\",\"data\":null}");
}

static void
put_flights_override_their_names(void **state)
{
	struct caller *caller = *state;

	assert_int_equal(
	    put(caller, "/sandbox/flights/F9-own",
		"{\"price\":\"310.5\",\"departureTime\":\"2031-01-01T00:00:00Z\","
		"\"total_seats\":12,\"seat_map\":[\"1A\",\"9Z\"],"
		"\"status\":null,\"airline\":\"A \\\"B\\\"\",\"omit\":[\"currency\"]}"),
	    200);
	assert_int_equal(get(caller, "/api/v1/flights/F9-own"), 200);
	assert_string_equal(flight_text(caller, "price"), "310.5");
	assert_string_equal(
	    flight_text(caller, "departure"), "2031-01-01T00:00:00Z");
	assert_string_equal(flight_number(caller, "total_seats"), "12");
	assert_string_equal(flight_text(caller, "airline"), "A \"B\"");
	assert_string_equal(flight_text(caller, "origin"), "JFK");
	assert_false(json_has(json_get(answer(caller), "data"), "currency"));
	assert_true(json_has(json_get(answer(caller), "data"), "status"));
	assert_null(flight_text(caller, "status"));
	assert_int_equal(
	    json_length(json_get(json_get(answer(caller), "data"), "seats")),
	    2);
	assert_int_equal(call(caller, HTTP_DELETE, "/sandbox/flights/F9-own",
			     NO_HEADERS, ""),
	    200);
	assert_int_equal(get(caller, "/api/v1/flights/F9-own"), 200);
	assert_string_equal(flight_number(caller, "total_seats"), "9");
	assert_int_equal(call(caller, HTTP_DELETE, "/sandbox/flights/F9-own",
			     NO_HEADERS, ""),
	    404);
}

/* What a name says nothing of can be put as well, and anew each time. */
static void
put_flights_need_no_name_of_the_rule(void **state)
{
	struct caller *caller = *state;

	assert_int_equal(
	    put(caller, "/sandbox/flights/own", "{\"price\":1}"), 200);
	assert_int_equal(put(caller, "/sandbox/flights/own", "{}"), 200);
	assert_int_equal(get(caller, "/api/v1/flights/own"), 200);
	assert_string_equal(flight_number(caller, "price"), "299.99");
}

static void
wrong_flights_are_refused(void **state)
{
	static const char *const BODIES[] = {
		"",
		"[]",
		"{\"price\":{}}",
		"{\"seats\":[[]]}",
		"{\"omit\":[\"colour\"]}",
		"{\"omit\":[1]}",
		"{\"status\":\"0123456789012345678901234567890123456789"
		"01234567890123456789012345678901234567890123456789"
		"0123456789\"}",
		"{\"omit\":\"price\"}",
	};
	struct caller *caller = *state;

	for (size_t i = 0; i < ARRAY_LEN(BODIES); i++)
		assert_int_equal(
		    put(caller, "/sandbox/flights/own", BODIES[i]), 400);
	assert_int_equal(
	    put(caller,
		"/sandbox/flights/"
		"12345678901234567890123456789012345678901234567890123456789"
		"012345",
		"{}"),
	    400);
	assert_int_equal(get(caller, "/api/v1/flights/own"), 404);
}

#define TEST(name)                                                             \
	cmocka_unit_test_setup_teardown(name, caller_open, caller_close)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_named_flight_is_answered),
		TEST(dialects_change_the_answer),
		TEST(unknown_flights_are_404_or_null),
		TEST(put_flights_override_their_names),
		TEST(put_flights_need_no_name_of_the_rule),
		TEST(wrong_flights_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
