/* What a client tells its peers' breakers, and obeys. */
#include "rest/rest_client.h"

#include "rest_fixture.h"

static void
the_breaker_stops_calls(void **state)
{
	struct breaker breaker;
	struct rest_call call;

	(void)state;
	breaker_init(&breaker, 2, LONG_MS, LONG_MS);
	for (int i = 0; i < 4; i++) {
		call = call_to("/hang-up");
		call.breaker = &breaker;
		perform(&call);
		assert_failure(&call, &ERR_UNAVAILABLE,
		    i < 2 ? "Empty reply" : "circuit open");
	}
	assert_int_equal(server->requests, 2);
	assert_int_equal(breaker.refused_count, 2);
}

static void
the_breaker_counts_what_is_the_peers_fault(void **state)
{
	static const struct {
		const char *path;
		int64_t timeout_ms;
		bool counts;
	} rows[] = {
		{ "/ok", LONG_MS, false },
		{ "/not-found", LONG_MS, false },
		{ "/redirect", LONG_MS, false },
		{ "/error", LONG_MS, true },
		{ "/hang-up", LONG_MS, true },
		{ "/garbage", LONG_MS, true },
		{ "/endless", LONG_MS, true },
		{ "/silent", 30, true },
		{ "/ok", 0, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct breaker breaker;
		struct rest_call call = call_to(rows[i].path);
		breaker_init(&breaker, 1, LONG_MS, LONG_MS);
		call.timeout_ms = rows[i].timeout_ms;
		call.breaker = &breaker;
		perform(&call);
		assert_int_equal(breaker_state(&breaker),
		    rows[i].counts ? BREAKER_OPEN : BREAKER_CLOSED);
	}
}

static void
a_proper_500_is_taken_back(void **state)
{
	struct breaker breaker;
	struct rest_call call = call_to("/error");

	(void)state;
	breaker_init(&breaker, 2, LONG_MS, LONG_MS);
	call.breaker = &breaker;
	for (int i = 0; i < 4; i++) {
		perform(&call);
		assert_answer(&call, 500, "broken");
		rest_call_was_fine(&call);
	}
	assert_int_equal(breaker_state(&breaker), BREAKER_CLOSED);
	/* Only a 5xx can be taken back. */
	call = call_to("/hang-up");
	call.breaker = &breaker;
	for (int i = 0; i < 2; i++) {
		perform(&call);
		rest_call_was_fine(&call);
	}
	assert_int_equal(breaker_state(&breaker), BREAKER_OPEN);
	call.breaker = NULL;
	rest_call_was_fine(&call);
}

#define CASE(function)                                                         \
	cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(the_breaker_stops_calls),
		CASE(the_breaker_counts_what_is_the_peers_fault),
		CASE(a_proper_500_is_taken_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
