#include "http/cgi_server.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/log.h"

static struct http_limits limits;
static int in[2];
static int out[2];
static unsigned handled;
static unsigned replied_sent;
static unsigned replied_unsent;

static void
close_end(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static int
set_up(void **state)
{
	(void)state;
	limits = (struct http_limits){
		.max_body_bytes = 100,
		.max_variables_bytes = 1000,
		.read_timeout_ms = 20000,
		.request_timeout_ms = 5000,
		.arena_bytes = 8 << 20,
		.max_response_bytes = 1 << 20,
	};
	handled = replied_sent = replied_unsent = 0;
	assert_int_equal(pipe(in), 0);
	assert_int_equal(pipe(out), 0);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		close_end(&in[i]);
		close_end(&out[i]);
	}
	return 0;
}

static void
handle(
    void *context, struct http_request *request, struct http_response *response)
{
	(void)context;
	handled++;
	if (strcmp(request->path, "/large") == 0)
		for (int i = 0; i < 500000; i++)
			buf_char(&response->body, 'l');
	else
		buf_printf(&response->body, "%s %s [%s]%s%s",
		    http_method_name(request->method), request->path,
		    request->body,
		    request->body_incomplete ? " incomplete" : "",
		    request->body_too_large ? " too large" : "");
}

static void
replied(void *context, const struct http_request *request,
    const struct http_response *response, bool sent)
{
	(void)context;
	(void)request;
	(void)response;
	replied_sent += sent;
	replied_unsent += !sent;
}

static int
serve(const char *method, const char *uri, const char *length, struct err *err)
{
	const struct http_handler handler = { .handle = handle,
		.replied = replied };
	char texts[4][64] = { "GATEWAY_INTERFACE=CGI/1.1" };
	char *const env[] = { texts[0], texts[1], texts[2],
		length != NULL ? texts[3] : NULL, NULL };

	snprintf(texts[1], sizeof(texts[1]), "REQUEST_METHOD=%s", method);
	snprintf(texts[2], sizeof(texts[2]), "REQUEST_URI=%s", uri);
	snprintf(texts[3], sizeof(texts[3]), "CONTENT_LENGTH=%s",
	    length != NULL ? length : "");
	assert_true(cgi_is_request(env));
	return cgi_serve(env, in[0], out[1], &limits, &handler, err);
}

static void
requests_are_answered(void **state)
{
	static const struct {
		const char *method;
		const char *length; /* NULL: none announced */
		const char *input;
		const char *output; /* behind "Status: 200 OK\r\n" */
	} rows[] = {
		{ "GET", NULL, "", "Content-Length: 9\r\n\r\nGET /x []" },
		{ "GET", "", "", "Content-Length: 9\r\n\r\nGET /x []" },
		{ "GET", "0", "", "Content-Length: 9\r\n\r\nGET /x []" },
		{ "HEAD", NULL, "", "Content-Length: 10\r\n\r\n" },
		/* No more is read than was announced: input stays open. */
		{ "POST", "3", "abc",
		    "Content-Length: 13\r\n\r\nPOST /x [abc]" },
		{ "POST", "3", "abcdef",
		    "Content-Length: 13\r\n\r\nPOST /x [abc]" },
		{ "POST", NULL, "abc", "Content-Length: 10\r\n\r\nPOST /x []" },
		{ "POST", "nonsense", "",
		    "Content-Length: 21\r\n\r\nPOST /x [] incomplete" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char output[256] = "";
		const char *status = "Status: 200 OK\r\n";
		struct err err;

		print_message("%zu\n", i);
		set_up(state);
		assert_int_equal(
		    write(in[1], rows[i].input, strlen(rows[i].input)),
		    strlen(rows[i].input));
		assert_int_equal(
		    serve(rows[i].method, "/x", rows[i].length, &err), 0);
		assert_true(read(out[0], output, sizeof(output) - 1) > 0);
		assert_memory_equal(output, status, strlen(status));
		assert_string_equal(output + strlen(status), rows[i].output);
		assert_int_equal(replied_sent, 1);
		tear_down(state);
	}
}

static void
a_body_that_ends_early_is_incomplete(void **state)
{
	char output[256] = "";
	struct err err;

	(void)state;
	assert_int_equal(write(in[1], "abc", 3), 3);
	close_end(&in[1]);
	assert_int_equal(serve("POST", "/x", "5", &err), 0);
	assert_true(read(out[0], output, sizeof(output) - 1) > 0);
	assert_non_null(strstr(output, "[abc] incomplete"));
}

static void
a_body_over_the_limit_is_thrown_away(void **state)
{
	char body[101];
	char output[256] = "";
	struct err err;

	(void)state;
	memset(body, 'b', sizeof(body));
	assert_int_equal(write(in[1], body, sizeof(body)), sizeof(body));
	assert_int_equal(serve("POST", "/x", "101", &err), 0);
	assert_true(read(out[0], output, sizeof(output) - 1) > 0);
	assert_non_null(strstr(output, "[] too large"));
}

static void
a_body_that_does_not_come_is_not_waited_for(void **state)
{
	struct err err;

	(void)state;
	limits.read_timeout_ms = 50;
	assert_int_equal(serve("POST", "/x", "5", &err), -1);
	assert_true(err_is(&err, &ERR_INVALID));
	assert_int_equal(handled, 0);
}

static void
a_large_environment_is_refused(void **state)
{
	struct err err;

	(void)state;
	limits.max_variables_bytes = 10;
	assert_int_equal(serve("GET", "/x", NULL, &err), -1);
	assert_true(err_is(&err, &ERR_INVALID));
	assert_int_equal(handled, 0);
}

static void
a_reader_that_left_is_noticed(void **state)
{
	struct err err;

	(void)state;
	close_end(&out[0]);
	assert_int_equal(serve("GET", "/x", NULL, &err), -1);
	assert_true(err_is(&err, &ERR_UNAVAILABLE));
	assert_int_equal(replied_unsent, 1);
}

static void
a_reader_that_does_not_read_is_let_go(void **state)
{
	struct err err;

	(void)state;
	limits.read_timeout_ms = 50;
	assert_int_equal(serve("GET", "/large", NULL, &err), -1);
	assert_true(err_is(&err, &ERR_UNAVAILABLE));
	assert_int_equal(replied_unsent, 1);
}

static void
a_cgi_environment_is_told(void **state)
{
	char method[] = "REQUEST_METHOD=GET";
	char gateway[] = "GATEWAY_INTERFACE=CGI/1.1";
	char other[] = "REQUEST_METHODS=GET";
	char *const both[] = { gateway, method, NULL };
	char *const no_method[] = { gateway, other, NULL };
	char *const no_gateway[] = { method, NULL };
	char *const nothing[] = { NULL };

	(void)state;
	assert_true(cgi_is_request(both));
	assert_false(cgi_is_request(no_method));
	assert_false(cgi_is_request(no_gateway));
	assert_false(cgi_is_request(nothing));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(function)                                                         \
	cmocka_unit_test_setup_teardown(function, set_up, tear_down)
		cmocka_unit_test(requests_are_answered),
		TEST(a_body_that_ends_early_is_incomplete),
		TEST(a_body_over_the_limit_is_thrown_away),
		TEST(a_body_that_does_not_come_is_not_waited_for),
		TEST(a_large_environment_is_refused),
		TEST(a_reader_that_left_is_noticed),
		TEST(a_reader_that_does_not_read_is_let_go),
		cmocka_unit_test(a_cgi_environment_is_told),
	};

	alarm(120);
	log_open("test", LOG_LEVEL__COUNT, 2);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
