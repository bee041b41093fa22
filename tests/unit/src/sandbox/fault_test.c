#include "caller.h"

#include <sys/wait.h>

#include "core/clock.h"
#include "jwt/jwt.h"

#define FLIGHT_PATH "/api/v1/flights/F9-a"

struct fault_row_want {
	const char *mode;
	int status;
	const char *body; /* a part of it */
};

static const struct fault_row_want COMMON[] = {
	{ "none", 200, "\"success\":true" },
	{ "slow", 200, "\"success\":true" },
	{ "error500", 500, "<html>" },
	{ "error503", 503, "<html>" },
	{ "error500_json", 500, "SequelizeConnectionRefusedError" },
	{ "bad_request", 400, "\"success\":false" },
	{ "html200", 200, "<html>" },
	{ "empty", 200, "" },
	{ "garbage", 200, "{\"success\":true" },
	{ "huge", 200, "\"success\":true" },
	{ "deep", 200, "[[[[" },
	{ "duplicate_key", 200, ",\"success\":true}" },
	{ "redirect", 302, "" },
	{ "wrong_type", 200, "\"data\":[]" },
	{ "not_object", 200, "[true]" },
	{ "success_false", 200, "\"success\":false" },
	{ "success_text", 200, "\"success\":\"true\"" },
	{ "no_success", 200, "{}" },
	{ "data_null", 200, "\"data\":null" },
	{ "not_found", 404, "\"success\":false" },
};

static const struct fault_row_want OF_AUTH[] = {
	{ "jwt_error_500", 500, "\"name\":\"JsonWebTokenError\"" },
	{ "token_expired_500", 500, "\"name\":\"TokenExpiredError\"" },
	{ "not_before_500", 500, "\"name\":\"NotBeforeError\"" },
	{ "no_id", 200, "\"data\":{\"roles\":" },
};

static const struct fault_row_want OF_FLIGHT[] = {
	{ "no_price", 200, "30:00Z\",\"currency\"" },
	{ "null_price", 200, "\"price\":null," },
	{ "negative_price", 200, "\"price\":-299.99," },
	{ "nan_price", 200, "\"price\":NaN," },
	{ "infinite_price", 200, "\"price\":1e999," },
	{ "text_price", 200, "\"price\":\"cheap\"," },
	{ "many_decimals", 200, "\"price\":299.999," },
	{ "no_departure", 200, "\"destination\":\"LAX\",\"arrival\"" },
	{ "bad_departure", 200, "\"departure\":\"2030-02-30T08:00:00Z\"" },
	{ "bad_seats", 200, "\"total_seats\":\"many\"" },
	{ "negative_seats", 200, "\"available_seats\":-1" },
	{ "wrong_id", 200, "\"id\":\"F1-another\"" },
};

/* Which answers stay JSON is part of what a fault means. */
static const char *const NO_JSON[] = { "error500", "error503", "html200",
	"empty", "garbage", "deep", "duplicate_key", "redirect", "nan_price" };

static bool
meant_as_json(const char *mode)
{
	for (size_t i = 0; i < ARRAY_LEN(NO_JSON); i++)
		if (strcmp(NO_JSON[i], mode) == 0)
			return false;
	return true;
}

static int
set_fault(struct caller *caller, const char *service, const char *mode)
{
	return put(caller,
	    arena_printf(caller->arena, "/sandbox/faults/%s", service),
	    arena_printf(caller->arena, "{\"mode\":\"%s\"}", mode));
}

static int
call_service(struct caller *caller, const char *service)
{
	static const char CLAIMS[] = "{\"id\":\"u1\"}";

	if (strcmp(service, "flight") == 0)
		return get(caller, FLIGHT_PATH);
	return authenticate(caller, jwt_sign(caller->arena, CLAIMS, SECRET));
}

static void
check(struct caller *caller, const char *service,
    const struct fault_row_want rows[], size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct fault_row_want *row = &rows[i];
		int status;

		assert_int_equal(set_fault(caller, service, row->mode), 200);
		status = call_service(caller, service);
		if (status != row->status ||
		    strstr(caller->response.body.bytes, row->body) == NULL)
			fail_msg("%s %s: %d %.300s", service, row->mode, status,
			    caller->response.body.bytes);
		if (is_json(caller) != meant_as_json(row->mode))
			fail_msg("%s %s: JSON or not?", service, row->mode);
		assert_false(caller->response.body.failed);
		arena_reset(caller->arena);
	}
}

static void
each_fault_has_its_answer(void **state)
{
	check(*state, "auth", COMMON, ARRAY_LEN(COMMON));
	check(*state, "flight", COMMON, ARRAY_LEN(COMMON));
	check(*state, "auth", OF_AUTH, ARRAY_LEN(OF_AUTH));
	check(*state, "flight", OF_FLIGHT, ARRAY_LEN(OF_FLIGHT));
	/* all of them but close */
	assert_int_equal(
	    ARRAY_LEN(COMMON) + ARRAY_LEN(OF_AUTH) + ARRAY_LEN(OF_FLIGHT) + 1,
	    FAULT_MODE__COUNT);
}

static void
a_service_has_no_fault_of_the_other(void **state)
{
	assert_int_equal(set_fault(*state, "auth", "no_price"), 400);
	assert_int_equal(set_fault(*state, "flight", "no_id"), 400);
	assert_int_equal(set_fault(*state, "flight", "colour"), 400);
	assert_int_equal(set_fault(*state, "hotel", "none"), 404);
}

static void
a_fault_meets_one_service(void **state)
{
	struct caller *caller = *state;

	assert_int_equal(set_fault(caller, "auth", "error500"), 200);
	assert_int_equal(call_service(caller, "flight"), 200);
	assert_int_equal(call_service(caller, "auth"), 500);
}

static void
a_counted_fault_is_over(void **state)
{
	struct caller *caller = *state;

	assert_int_equal(put(caller, "/sandbox/faults/flight",
			     "{\"mode\":\"error503\",\"count\":2}"),
	    200);
	assert_int_equal(call_service(caller, "flight"), 503);
	assert_int_equal(call_service(caller, "flight"), 503);
	assert_int_equal(call_service(caller, "flight"), 200);
}

static void
clearing_ends_all_faults(void **state)
{
	struct caller *caller = *state;

	assert_int_equal(set_fault(caller, "auth", "error500"), 200);
	assert_int_equal(set_fault(caller, "flight", "error500"), 200);
	assert_int_equal(
	    call(caller, HTTP_DELETE, "/sandbox/faults", NO_HEADERS, ""), 200);
	assert_int_equal(call_service(caller, "auth"), 200);
	assert_int_equal(call_service(caller, "flight"), 200);
}

static void
a_delay_comes_before_the_answer(void **state)
{
	static const char *const MODES[] = { "none", "slow", "error500" };
	struct caller *caller = *state;

	for (size_t i = 0; i < ARRAY_LEN(MODES); i++) {
		int64_t before_ms = clock_monotonic_ms();

		assert_int_equal(
		    put(caller, "/sandbox/faults/flight",
			arena_printf(caller->arena,
			    "{\"mode\":\"%s\",\"delay_ms\":30,\"count\":1}",
			    MODES[i])),
		    200);
		call_service(caller, "flight");
		assert_true(clock_monotonic_ms() - before_ms >= 30);
	}
}

static void
huge_is_ten_mebibytes(void **state)
{
	struct caller *caller = *state;

	assert_int_equal(set_fault(caller, "flight", "huge"), 200);
	assert_int_equal(call_service(caller, "flight"), 200);
	assert_true(caller->response.body.len >= 10u * 1024 * 1024);
}

static void
a_redirect_leads_to_where_it_came_from(void **state)
{
	struct caller *caller = *state;

	assert_int_equal(set_fault(caller, "flight", "redirect"), 200);
	assert_int_equal(call_service(caller, "flight"), 302);
	assert_string_equal(header(caller, "Location"), FLIGHT_PATH);
}

/* The dying call is counted all the same. */
static void
close_ends_the_process(void **state)
{
	struct caller *caller = *state;
	int status = 0;
	pid_t pid;

	assert_int_equal(set_fault(caller, "flight", "close"), 200);
	pid = fork();
	if (pid == 0) {
		call_service(caller, "flight");
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == LEAVE_EXIT);
	assert_int_equal(
	    state_counted(caller->sandbox.state, SERVICE_FLIGHT, TALLY_CALLS),
	    1);
	assert_int_equal(
	    state_counted(caller->sandbox.state, SERVICE_FLIGHT, TALLY_FAULTS),
	    1);
}

#define TEST(name)                                                             \
	cmocka_unit_test_setup_teardown(name, caller_open, caller_close)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_fault_has_its_answer),
		TEST(a_service_has_no_fault_of_the_other),
		TEST(a_fault_meets_one_service),
		TEST(a_counted_fault_is_over),
		TEST(clearing_ends_all_faults),
		TEST(a_delay_comes_before_the_answer),
		TEST(huge_is_ten_mebibytes),
		TEST(a_redirect_leads_to_where_it_came_from),
		TEST(close_ends_the_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
