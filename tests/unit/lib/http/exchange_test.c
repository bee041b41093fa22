#include "http/exchange.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "core/log.h"

static const struct http_limits limits = {
	.max_body_bytes = 100,
	.max_variables_bytes = 1000,
	.request_timeout_ms = 5000,
	.arena_bytes = 65536,
	.max_response_bytes = 100,
};

static struct arena *arena;

static int
set_up(void **state)
{
	(void)state;
	arena = arena_create(limits.arena_bytes);
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
opened(char *const texts[])
{
	struct http_request request;

	assert_int_equal(exchange_open(&request, arena, texts, &limits, 7), 0);
	return request;
}

static void
the_path_comes_from_the_request_uri(void **state)
{
	static const struct {
		const char *uri; /* NULL: not sent */
		const char *script;
		const char *info;
		const char *path;
		const char *query;
	} rows[] = {
		{ "/a/b", "/x", "/y", "/a/b", "" },
		{ "/a%20b?x=%20&y", "", "", "/a%20b", "x=%20&y" },
		{ "/a?", "", "", "/a", "" },
		{ "/a?b?c", "", "", "/a", "b?c" },
		{ "?b", "", "", "/", "b" },
		{ "*", "", "", "*", "" },
		{ "//host/a", "", "", "//host/a", "" },
		{ "http://host/a?b", "", "", "/a", "b" },
		{ "HTTPS://host:1/a", "", "", "/a", "" },
		{ "http://host", "", "", "/", "" },
		{ "http://host?q", "", "", "/", "q" },
		{ "ftp://host/a", "", "", "ftp://host/a", "" },
		/* What a server decoded is escaped again. */
		{ NULL, "/api", "/v1/b k", "/api/v1/b%20k", "qs=1" },
		{ "", "/api", "/100%?#", "/api/100%25%3F%23", "qs=1" },
		{ NULL, "", "/\xc3\xa9", "/%C3%A9", "qs=1" },
		{ NULL, "", "", "/", "qs=1" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char *texts[] = {
			arena_printf(arena, "SCRIPT_NAME=%s", rows[i].script),
			arena_printf(arena, "PATH_INFO=%s", rows[i].info),
			arena_strdup(arena, "QUERY_STRING=qs=1"),
			rows[i].uri == NULL
			    ? NULL
			    : arena_printf(
				  arena, "REQUEST_URI=%s", rows[i].uri),
			NULL,
		};
		struct http_request request = opened(texts);

		print_message("%zu\n", i);
		assert_string_equal(request.path, rows[i].path);
		assert_string_equal(request.query, rows[i].query);
	}
}

static void
methods_are_known_by_name(void **state)
{
	static const struct {
		const char *text;
		enum http_method method;
	} rows[] = {
		{ "REQUEST_METHOD=GET", HTTP_GET },
		{ "REQUEST_METHOD=HEAD", HTTP_HEAD },
		{ "REQUEST_METHOD=POST", HTTP_POST },
		{ "REQUEST_METHOD=PUT", HTTP_PUT },
		{ "REQUEST_METHOD=PATCH", HTTP_PATCH },
		{ "REQUEST_METHOD=DELETE", HTTP_DELETE },
		{ "REQUEST_METHOD=OPTIONS", HTTP_OPTIONS },
		{ "REQUEST_METHOD=get", HTTP_OTHER },
		{ "REQUEST_METHOD=OTHER", HTTP_OTHER },
		{ "REQUEST_METHOD=TRACE", HTTP_OTHER },
		{ "REQUEST_METHOD=", HTTP_OTHER },
		{ "NOTHING=", HTTP_OTHER },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char *texts[] = { arena_strdup(arena, rows[i].text), NULL };

		assert_int_equal(opened(texts).method, rows[i].method);
	}
}

static void
a_request_has_an_identity(void **state)
{
	static const char parent[] =
	    "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
	char id[] = "HTTP_X_REQUEST_ID=caller-1.a_B";
	char bad[] = "HTTP_X_REQUEST_ID=has blank";
	char trace[] = "HTTP_TRACEPARENT="
		       "00-0af7651916cd43dd8448eb211c80319c-"
		       "b7ad6b7169203331-01";
	char *const good_texts[] = { id, trace, NULL };
	char *const bad_texts[] = { bad, NULL };
	char *const twice_texts[] = { id, id, trace, trace, NULL };
	struct http_request request = opened(good_texts);

	(void)state;
	assert_string_equal(request.request_id, "caller-1.a_B");
	assert_memory_equal(request.traceparent, parent, 36);
	assert_string_not_equal(request.traceparent, parent);
	request = opened(bad_texts);
	assert_true(request_id_valid(request.request_id));
	assert_int_equal(strlen(request.traceparent), 55);
	request = opened(twice_texts);
	assert_string_not_equal(request.request_id, "caller-1.a_B");
	assert_memory_not_equal(request.traceparent, parent, 36);
}

static void
variables_are_copied_and_limited(void **state)
{
	char first[] = "A=1=2";
	char second[] = "B";
	char *const texts[] = { first, second, NULL };
	struct http_limits tight = limits;
	struct http_request request = opened(texts);

	(void)state;
	memset(first, 'x', sizeof(first) - 1);
	assert_int_equal(request.variable_count, 2);
	assert_string_equal(http_variable(&request, "A"), "1=2");
	assert_string_equal(http_variable(&request, "B"), "");
	assert_string_equal(request.client_address, "");
	assert_string_equal(request.body, "");
	assert_int_equal(request.started_us, 7);
	tight.max_variables_bytes = 6;
	assert_int_equal(exchange_open(&request, arena, texts, &tight, 0), 0);
	tight.max_variables_bytes = 5;
	assert_int_equal(exchange_open(&request, arena, texts, &tight, 0), -1);
}

/* --- bodies ------------------------------------------------------------- */

struct pieces {
	size_t left;
	size_t piece;
	bool breaks;
};

static ssize_t
give(void *context, char *out, size_t size)
{
	struct pieces *pieces = context;
	size_t n = pieces->left < pieces->piece ? pieces->left : pieces->piece;

	assert_true(n <= size);
	if (n == 0)
		return pieces->breaks ? -1 : 0;
	memset(out, 'b', n);
	pieces->left -= n;
	return (ssize_t)n;
}

static void
bodies_are_put_together(void **state)
{
	static const struct {
		const char *length;
		struct pieces pieces;
		int result;
		size_t body_len;
		bool too_large;
		bool incomplete;
	} rows[] = {
		{ "CONTENT_LENGTH=100", { 100, 1, false }, 0, 100, false,
		    false },
		{ "CONTENT_LENGTH=100", { 100, 33, false }, 0, 100, false,
		    false },
		{ "CONTENT_LENGTH=101", { 101, 33, false }, 0, 0, true, false },
		{ "CONTENT_LENGTH=101", { 99, 33, false }, 0, 99, false, true },
		{ "CONTENT_LENGTH=1000000", { 1000000, 8192, false }, 0, 0,
		    true, false },
		{ "CONTENT_LENGTH=50", { 50, 7, true }, -1, 0, false, false },
		{ "NONE=", { 100, 33, false }, 0, 100, false, false },
		{ "NONE=", { 101, 33, false }, 0, 0, true, false },
		{ "NONE=", { 0, 1, false }, 0, 0, false, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char *texts[] = { arena_strdup(arena, rows[i].length), NULL };
		struct http_request request = opened(texts);
		struct pieces pieces = rows[i].pieces;
		struct body_source source = { &pieces, give };

		print_message("%zu\n", i);
		assert_int_equal(exchange_read_body(&request, &limits, &source),
		    rows[i].result);
		assert_int_equal(request.body_len, rows[i].body_len);
		assert_int_equal(strlen(request.body), rows[i].body_len);
		assert_int_equal(request.body_too_large, rows[i].too_large);
		assert_int_equal(request.body_incomplete, rows[i].incomplete);
	}
}

/* --- replies ------------------------------------------------------------ */

static void
fill(
    void *context, struct http_request *request, struct http_response *response)
{
	const size_t *len = context;

	assert_true(deadline_left_ms(request->deadline) > 0);
	response->status = 201;
	http_set_header(response, "Location", "/b/1");
	for (size_t i = 0; i < *len; i++)
		buf_char(&response->body, 'r');
}

static void
replies_have_a_head(void **state)
{
	static const struct {
		size_t len;
		const char *head;
	} rows[] = {
		{ 0, "Status: 201 Created\r\nLocation: /b/1\r\n"
		     "Content-Length: 0\r\n\r\n" },
		{ 100, "Status: 201 Created\r\nLocation: /b/1\r\n"
		       "Content-Length: 100\r\n\r\n" },
		{ 101, "Status: 500 Internal Server Error\r\n"
		       "Content-Length: 0\r\n\r\n" },
	};
	char *const texts[] = { NULL };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		size_t len = rows[i].len;
		struct http_handler handler = { .context = &len,
			.handle = fill };
		struct http_request request = opened(texts);
		struct http_response response;
		struct buf head;

		exchange_handle(&handler, &request, &limits, &response, &head);
		assert_string_equal(head.bytes, rows[i].head);
		exchange_close(&handler, &request, &response, true);
	}
}

static void
some_replies_have_no_body(void **state)
{
	static const struct {
		enum http_method method;
		int status;
		bool body;
	} rows[] = {
		{ HTTP_GET, 200, true },
		{ HTTP_HEAD, 200, false },
		{ HTTP_GET, 204, false },
		{ HTTP_GET, 304, false },
		{ HTTP_GET, 404, true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct http_request request = { .method = rows[i].method };
		struct http_response response = { .status = rows[i].status };

		assert_int_equal(
		    exchange_sends_body(&request, &response), rows[i].body);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_path_comes_from_the_request_uri),
		cmocka_unit_test(methods_are_known_by_name),
		cmocka_unit_test(a_request_has_an_identity),
		cmocka_unit_test(variables_are_copied_and_limited),
		cmocka_unit_test(bodies_are_put_together),
		cmocka_unit_test(replies_have_a_head),
		cmocka_unit_test(some_replies_have_no_body),
	};

	log_open("test", LOG_LEVEL__COUNT, 2);
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
