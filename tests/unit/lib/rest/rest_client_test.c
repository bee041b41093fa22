#include "rest/rest_client.h"

#include <stdlib.h>
#include <unistd.h>

#include "rest/rest_url.h"
#include "rest_fixture.h"

static void
returns_the_answer(void **state)
{
	static const struct {
		const char *path;
		int status;
		const char *body;
	} rows[] = {
		{ "/ok", 200, OK_BODY },
		{ "/not-found", 404, "nothing" },
		{ "/error", 500, "broken" },
		{ "/redirect", 302, "" },
		{ "/gzip", 200, "\x1f\x8b\x08" },
		{ "/bytes/0", 200, "" },
		{ "/headers/100", 200, "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct rest_call call = call_to(rows[i].path);
		perform(&call);
		assert_answer(&call, rows[i].status, rows[i].body);
	}
	assert_int_equal(server->requests, ARRAY_LEN(rows));
	assert_int_equal(server->connections, 1);
}

static void
keeps_the_header_that_was_asked_for(void **state)
{
	static const struct {
		const char *asked, *value;
	} rows[] = {
		{ "Content-Length", "16" },
		{ "content-length", "16" },
		{ "Content", NULL },
		{ "HTTP/1.1 200 OK", NULL },
		{ "", NULL },
		{ NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct rest_call call = call_to("/ok");

		call.header_asked = rows[i].asked;
		call.header_value = "of an earlier call";
		perform(&call);
		assert_int_equal(call.outcome, 0);
		if (rows[i].value == NULL)
			assert_null(call.header_value);
		else
			assert_string_equal(call.header_value, rows[i].value);
	}
}

/* The whole request: nothing that was not asked for is sent. */
static void
sends_what_it_is_told(void **state)
{
	static const struct rest_header headers[] = {
		{ "Authorization", "Bearer a.b-c_~d" },
		{ "x-request-id", "r 1" },
		{ "X-Empty", "" },
	};
	struct rest_call call = call_to("/echo/a%2Fb/%2E%2E/../x?q=1");

	(void)state;
	call.headers = headers;
	call.header_count = ARRAY_LEN(headers);
	perform(&call);
	assert_answer(&call, 200,
	    arena_printf(arena,
		"GET /echo/a%%2Fb/%%2E%%2E/../x?q=1 HTTP/1.1\r\n"
		"Host: 127.0.0.1:%d\r\nAccept: */*\r\n"
		"Authorization: Bearer a.b-c_~d\r\nx-request-id: r 1\r\n"
		"X-Empty:\r\n\r\n",
		server->port));
	/* Headers do not outlive their call. */
	call = call_to("/echo");
	perform(&call);
	assert_answer(&call, 200,
	    arena_printf(arena,
		"GET /echo HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n"
		"Accept: */*\r\n\r\n",
		server->port));
}

static void
refuses_headers_that_would_break_out(void **state)
{
	static const struct rest_header headers[] = {
		{ "Authorization", "Bearer x\r\nX-Role: admin" },
		{ "Authorization", "Bearer x\n" },
		{ "Authorization", "Bearer \x7f" },
		{ "Authorization", "Bearer \xc3\xa9" },
		{ "Authorization", "a\tb" },
		{ "Auth orization", "x" },
		{ "Authorization:", "x" },
		{ "X\r\nY", "x" },
		{ "", "x" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(headers); i++) {
		struct breaker breaker;
		struct rest_call call = call_to("/ok");
		breaker_init(&breaker, 1, LONG_MS, LONG_MS);
		call.headers = &headers[i];
		call.header_count = 1;
		call.breaker = &breaker;
		perform(&call);
		assert_failure(&call, &ERR_INVALID, "not visible ASCII");
		assert_null(strstr(call.err.cause, "Bearer"));
		assert_int_equal(breaker_state(&breaker), BREAKER_CLOSED);
	}
	assert_int_equal(server->connections, 0);
}

static void
calls_side_by_side(void **state)
{
	struct rest_call calls[REST_MAX_CALLS];

	(void)state;
	for (size_t i = 0; i < REST_MAX_CALLS; i++)
		calls[i] = call_to("/meet");
	rest_perform(
	    client, arena, calls, REST_MAX_CALLS, deadline_in(LONG_MS));
	for (size_t i = 0; i < REST_MAX_CALLS; i++)
		assert_answer(&calls[i], 200, OK_BODY);
	assert_int_equal(server->connections, REST_MAX_CALLS);
}

static void
each_call_has_its_own_outcome(void **state)
{
	struct rest_call calls[] = { call_to("/silent"), call_to("/ok"),
		call_to("/hang-up"), call_to("/not-found") };

	(void)state;
	calls[0].timeout_ms = 50;
	rest_perform(
	    client, arena, calls, ARRAY_LEN(calls), deadline_in(LONG_MS));
	assert_failure(&calls[0], &ERR_TIMEOUT, "");
	assert_answer(&calls[1], 200, OK_BODY);
	assert_failure(&calls[2], &ERR_UNAVAILABLE, "Empty reply");
	assert_answer(&calls[3], 404, "nothing");
	rest_perform(client, arena, NULL, 0, deadline_in(LONG_MS));
}

static void
ends_in_time(void **state)
{
	static const struct {
		const char *path;
		int64_t timeout_ms, deadline_ms;
	} rows[] = {
		{ "/silent", 50, LONG_MS },
		{ "/silent", LONG_MS, 50 },
		{ "/stall", 50, LONG_MS },
		{ "/stall", LONG_MS, 50 },
		{ "/ok", LONG_MS, 0 },
		{ "/ok", -1, LONG_MS },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct rest_call call = call_to(rows[i].path);
		int64_t started_us = clock_monotonic_us();
		call.timeout_ms = rows[i].timeout_ms;
		rest_perform(
		    client, arena, &call, 1, deadline_in(rows[i].deadline_ms));
		assert_failure(&call, &ERR_TIMEOUT,
		    arena_printf(arena, "127.0.0.1:%d: ", server->port));
		bool waits = rows[i].timeout_ms > 0 && rows[i].deadline_ms > 0;
		if (waits)
			assert_true(clock_monotonic_us() - started_us >= 49000);
	}
	/* What had no time left was never sent. */
	assert_int_equal(server->requests, 4);
}

static void
refuses_answers_beyond_its_limits(void **state)
{
	static const struct {
		const char *path, *why;
	} rows[] = {
		{ "/bytes/1001", "the body is too long" },
		{ "/bytes/5000000", "the body is too long" },
		{ "/endless", "the body is too long" },
		{ "/headers/101", "too many or too long headers" },
		{ "/endless-headers", "too many or too long headers" },
		{ "/endless-interim", "too many or too long headers" },
		{ "/long-header", "too many or too long headers" },
		{ "/truncated", "(curl 18)" },
		{ "/garbage", "HTTP/0.9" },
	};
	struct rest_call most = call_to("/bytes/1000");

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct rest_call call = call_to(rows[i].path);
		perform(&call);
		assert_failure(&call, &ERR_UNAVAILABLE, rows[i].why);
	}
	perform(&most);
	assert_int_equal(most.outcome, 0);
	assert_int_equal(most.body_len, MAX_BODY);
	assert_int_equal(most.body[MAX_BODY], '\0');
}

static void
names_the_peer_and_no_secret(void **state)
{
	static const struct rest_header token = { "Authorization",
		"Bearer s3cret" };
	int port, fd = tiny_bind(&port);
	struct rest_call call = {
		.timeout_ms = LONG_MS, .headers = &token, .header_count = 1
	};

	(void)state;
	/* Bound but not listening: refused. */
	call.url = arena_printf(
	    arena, "http://user:passw0rd@127.0.0.1:%d/private?x=s3cret", port);
	perform(&call);
	close(fd);
	assert_failure(&call, &ERR_UNAVAILABLE,
	    arena_printf(arena, "127.0.0.1:%d: ", port));
	assert_null(strstr(call.err.cause, "s3cret"));
	assert_null(strstr(call.err.cause, "passw0rd"));
	assert_null(strstr(call.err.cause, "private"));
}

static void
speaks_http_only(void **state)
{
	static const char *const urls[] = { "file:///etc/hostname",
		"ftp://127.0.0.1/x", "gopher://127.0.0.1/x", "dict://127.0.0.1",
		"", "http://", "http://127.0.0.1:99999/",
		"http://127.0.0.1/a b", "http://127.0.0.1/a\r\nX: y" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(urls); i++) {
		struct rest_call call = { .url = urls[i],
			.timeout_ms = LONG_MS };
		perform(&call);
		assert_failure(&call, &ERR_UNAVAILABLE, "");
	}
}

static void
ignores_proxies_of_the_environment(void **state)
{
	struct rest_call call = call_to("/ok");

	(void)state;
	setenv("http_proxy", "http://127.0.0.1:1", 1);
	setenv("all_proxy", "http://127.0.0.1:1", 1);
	setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
	perform(&call);
	unsetenv("http_proxy");
	unsetenv("all_proxy");
	unsetenv("ALL_PROXY");
	assert_answer(&call, 200, OK_BODY);
}

static void
encodes_segments(void **state)
{
	static const struct {
		const char *segment, *encoded;
	} rows[] = {
		{ "", "" },
		{ "AZaz09-._~", "AZaz09-._~" },
		{ "a/b", "a%2Fb" },
		{ "../../admin", "..%2F..%2Fadmin" },
		{ ".", "%2E" },
		{ "..", "%2E%2E" },
		{ "...", "..." },
		{ "a b?c#d%e", "a%20b%3Fc%23d%25e" },
		{ "FL:100", "FL%3A100" },
		{ "\r\n\x7f", "%0D%0A%7F" },
		{ "\xc3\xa9", "%C3%A9" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_string_equal(rest_encode_segment(arena, rows[i].segment),
		    rows[i].encoded);
}

#define CASE(function)                                                         \
	cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(returns_the_answer),
		CASE(keeps_the_header_that_was_asked_for),
		CASE(sends_what_it_is_told),
		CASE(refuses_headers_that_would_break_out),
		CASE(calls_side_by_side),
		CASE(each_call_has_its_own_outcome),
		CASE(ends_in_time),
		CASE(refuses_answers_beyond_its_limits),
		CASE(names_the_peer_and_no_secret),
		CASE(speaks_http_only),
		CASE(ignores_proxies_of_the_environment),
		CASE(encodes_segments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
