#include "http/http.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct arena *arena;

static int
set_up(void **state)
{
	(void)state;
	arena = arena_create(65536);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

static struct http_request
request_with(const struct http_variable *variables, size_t count)
{
	return (struct http_request){
		.arena = arena,
		.variables = variables,
		.variable_count = count,
		.query = "",
	};
}

static void
headers_are_found_by_their_http_name(void **state)
{
	static const struct http_variable variables[] = {
		{ "REQUEST_METHOD", "GET" },
		{ "HTTP_IF_MATCH", "\"7\"" },
		{ "HTTP_X_REQUEST_ID", "abc" },
		{ "HTTP_X_REQUEST_ID", "def" },
		{ "HTTP_ACCEPT", "" },
		{ "CONTENT_TYPE", "text/plain" },
		{ "CONTENT_LENGTH", "3" },
		{ "HTTP_CONTENT_TYPE", "forged/type" },
	};
	static const struct {
		const char *name;
		const char *value;
		bool repeated;
	} rows[] = {
		{ "If-Match", "\"7\"", false },
		{ "if-match", "\"7\"", false },
		{ "IF-MATCH", "\"7\"", false },
		{ "If-Matc", NULL, false },
		{ "If-Match-Not", NULL, false },
		{ "X-Request-Id", "abc", true },
		{ "Accept", "", false },
		{ "Content-Type", "text/plain", false },
		{ "content-length", "3", false },
		{ "Request-Method", NULL, false },
	};
	struct http_request request =
	    request_with(variables, ARRAY_LEN(variables));

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		bool repeated = !rows[i].repeated;
		const char *value =
		    http_header(&request, rows[i].name, &repeated);

		print_message("%s\n", rows[i].name);
		assert_int_equal(repeated, rows[i].repeated);
		if (rows[i].value == NULL)
			assert_null(value);
		else
			assert_string_equal(value, rows[i].value);
	}
	assert_string_equal(http_header(&request, "Accept", NULL), "");
	assert_string_equal(http_variable(&request, "REQUEST_METHOD"), "GET");
	assert_null(http_variable(&request, "request_method"));
}

static void
decoding_refuses_bad_escapes(void **state)
{
	static const struct {
		const char *text;
		bool plus;
		const char *decoded;
	} rows[] = {
		{ "", false, "" },
		{ "plain", false, "plain" },
		{ "a+b", true, "a b" },
		{ "a+b", false, "a+b" },
		{ "%2B%2f%7E", true, "+/~" },
		{ "%C3%A9", false, "\xc3\xa9" },
		{ "%", false, NULL },
		{ "%4", false, NULL },
		{ "x%4", false, NULL },
		{ "%zz", false, NULL },
		{ "%4z", false, NULL },
		{ "%-1", false, NULL },
		{ "%00", false, NULL },
		{ "a%00b", false, NULL },
		{ "%25", false, "%" },
		{ "%2541", false, "%41" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char *decoded = http_decode(
		    arena, rows[i].text, strlen(rows[i].text), rows[i].plus);

		print_message("'%s'\n", rows[i].text);
		if (rows[i].decoded == NULL)
			assert_null(decoded);
		else
			assert_string_equal(decoded, rows[i].decoded);
	}
	/* An escape that only the bytes behind the text would complete. */
	assert_null(http_decode(arena, "%41", 2, false));
	assert_string_equal(http_decode(arena, "%41B", 3, false), "A");
}

static void
queries_are_split_and_decoded(void **state)
{
	static const struct {
		const char *query;
		int result;
		const char *fields; /* name=value; */
	} rows[] = {
		{ "", 0, "" },
		{ "a=1", 0, "a=1;" },
		{ "a=1&b=2", 0, "a=1;b=2;" },
		{ "a=1&a=2", 0, "a=1;a=2;" },
		{ "&&a=1&&", 0, "a=1;" },
		{ "a", 0, "a=;" },
		{ "a=", 0, "a=;" },
		{ "=x", 0, "=x;" },
		{ "a=b=c", 0, "a=b=c;" },
		{ "a+b=c+d", 0, "a b=c d;" },
		{ "a%3Db=%26", 0, "a=b=&;" },
		{ "a=%zz", -1, "" },
		{ "%=1", -1, "" },
		{ "a=1&b=%00", -1, "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct http_request request = request_with(NULL, 0);
		const struct http_query_field *fields;
		struct buf seen;
		size_t count = 0;

		print_message("'%s'\n", rows[i].query);
		request.query = rows[i].query;
		buf_init(&seen, arena, 1024);
		assert_int_equal(
		    http_query(&request, &fields, &count), rows[i].result);
		for (size_t f = 0; f < count; f++)
			buf_printf(
			    &seen, "%s=%s;", fields[f].name, fields[f].value);
		assert_string_equal(seen.bytes, rows[i].fields);
	}
}

static void
json_is_told_by_its_content_type(void **state)
{
	static const struct {
		const char *type;
		bool json;
	} rows[] = {
		{ "application/json", true },
		{ "Application/JSON", true },
		{ "application/json; charset=utf-8", true },
		{ "application/json;charset=UTF-8", true },
		{ "application/json; charset=\"utf-8\"", true },
		{ "application/json; version=1; charset=utf-8", true },
		{ "application/json; q=\"a;charset=x\"", true },
		{ "application/json ;", true },
		{ "application/json; charset=latin1", false },
		{ "application/json; charset=", false },
		{ "application/json; charset=utf-16", false },
		{ "application/json; charset=utf-8; charset=x", false },
		{ "application/jsonp", false },
		{ "application/json+x", false },
		{ "application/json, text/plain", false },
		{ "application/problem+json", false },
		{ "text/plain", false },
		{ "", false },
	};
	struct http_request none = request_with(NULL, 0);

	(void)state;
	assert_false(http_content_is_json(&none));
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct http_variable variable = { "CONTENT_TYPE",
			rows[i].type };
		struct http_request request = request_with(&variable, 1);

		print_message("'%s'\n", rows[i].type);
		assert_int_equal(http_content_is_json(&request), rows[i].json);
	}
}

static void
a_header_set_again_is_replaced(void **state)
{
	struct http_response response;

	(void)state;
	http_response_init(&response, arena, 1024);
	assert_int_equal(response.status, 200);
	http_set_header(&response, "Location", "/a");
	http_set_header(&response, "ETag", "\"1\"");
	http_set_header(&response, "location", "/b");
	assert_int_equal(response.header_count, 2);
	assert_string_equal(response.headers[0].value, "/b");
	assert_string_equal(response.headers[1].value, "\"1\"");
}

static void
a_header_never_breaks_its_line(void **state)
{
	static const char *const forged[] = {
		"a\r\nSet-Cookie: x=1",
		"a\nb",
		"a\rb",
	};
	struct http_response response;

	(void)state;
	http_response_init(&response, arena, 1024);
	for (size_t i = 0; i < ARRAY_LEN(forged); i++)
		http_set_header(&response, "Location", forged[i]);
	assert_int_equal(response.header_count, 0);
}

static void
every_header_fits(void **state)
{
	struct http_response response;

	(void)state;
	http_response_init(&response, arena, 1024);
	for (int i = 0; i < HTTP_MAX_HEADERS; i++)
		http_set_header(&response, arena_printf(arena, "X-%d", i), "1");
	assert_int_equal(response.header_count, HTTP_MAX_HEADERS);
}

static void
names_are_given(void **state)
{
	(void)state;
	assert_string_equal(http_method_name(HTTP_GET), "GET");
	assert_string_equal(http_method_name(HTTP_DELETE), "DELETE");
	assert_string_equal(http_method_name(HTTP_OTHER), "OTHER");
	assert_string_equal(http_reason(200), "OK");
	assert_string_equal(http_reason(409), "Conflict");
	assert_string_equal(http_reason(777), "Unknown");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(headers_are_found_by_their_http_name),
		cmocka_unit_test(decoding_refuses_bad_escapes),
		cmocka_unit_test(queries_are_split_and_decoded),
		cmocka_unit_test(json_is_told_by_its_content_type),
		cmocka_unit_test(a_header_set_again_is_replaced),
		cmocka_unit_test(a_header_never_breaks_its_line),
		cmocka_unit_test(every_header_fits),
		cmocka_unit_test(names_are_given),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
