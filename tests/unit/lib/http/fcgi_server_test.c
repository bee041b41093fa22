#include "http/fcgi_server.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/fcgi_worker.h"

static void
expect_body(const char *const pairs[], const char *body, size_t body_len,
    const char *expected)
{
	struct fcgi_message message = { 0 };
	struct fcgi_reply reply;

	fcgi_add_request(&message, false, pairs, body, body_len);
	fcgi_exchange(worker_socket, &message, &reply);
	assert_true(reply.ended);
	if (strstr(fcgi_body(&reply), expected) == NULL)
		fail_msg("%s lacks %s", reply.text, expected);
	free(reply.text);
	fcgi_discard(&message);
}

static void
a_request_is_answered(void **state)
{
	const char *const pairs[] = { "REQUEST_METHOD", "POST", "REQUEST_URI",
		"/a%20b?x=1", "CONTENT_LENGTH", "5", NULL };
	struct fcgi_message message = { 0 };
	struct fcgi_reply reply;

	(void)state;
	worker_start();
	fcgi_add_request(&message, false, pairs, "hello", 5);
	fcgi_exchange(worker_socket, &message, &reply);
	assert_true(reply.ended);
	assert_string_equal(reply.text,
	    "Status: 200 OK\r\n"
	    "Content-Type: text/plain\r\n"
	    "Content-Length: 64\r\n"
	    "\r\n"
	    "method=POST\npath=/a%20b\nquery=x=1\nkey=-\n"
	    "announced=5\nbody=5\nhello");
	free(reply.text);
	fcgi_discard(&message);
	worker_stop(SIGTERM);
	assert_int_equal(worker_shared->counts.requests, 1);
	assert_int_equal(worker_shared->counts.dropped, 0);
	assert_int_equal(worker_shared->counts.unsent, 0);
	assert_int_equal(worker_shared->replied_sent, 1);
}

static void
what_the_surroundings_see(void **state)
{
	struct fcgi_reply reply;

	(void)state;
	worker_start();
	worker_get("/x", &reply);
	free(reply.text);
	assert_int_equal(worker_hear(), 'r');
	assert_int_equal(worker_hear(), 'k');
	assert_int_equal(worker_hear(), 'd');
	/* Soon, then each second. */
	assert_int_equal(worker_hear(), 'w');
	assert_int_equal(worker_hear(), 'i');
	assert_int_equal(worker_hear(), 'w');
	assert_int_equal(worker_hear(), 'i');
	worker_stop(SIGTERM);
}

static void
replies_without_a_body(void **state)
{
	const char *const head[] = { "REQUEST_METHOD", "HEAD", "REQUEST_URI",
		"/x", NULL };
	struct fcgi_message message = { 0 };
	struct fcgi_reply reply;

	(void)state;
	worker_start();
	fcgi_add_request(&message, false, head, NULL, 0);
	fcgi_exchange(worker_socket, &message, &reply);
	assert_non_null(strstr(reply.text, "Content-Length: 52\r\n"));
	assert_string_equal(fcgi_body(&reply), "");
	free(reply.text);
	fcgi_discard(&message);
	worker_get("/empty", &reply);
	assert_string_equal(reply.text,
	    "Status: 204 No Content\r\nContent-Type: text/plain\r\n\r\n");
	free(reply.text);
	worker_stop(SIGTERM);
}

static void
a_reply_over_the_limit_is_never_sent_cut(void **state)
{
	struct fcgi_reply reply;

	(void)state;
	worker_start();
	worker_get("/over", &reply);
	assert_string_equal(reply.text,
	    "Status: 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n");
	free(reply.text);
	worker_stop(SIGTERM);
}

static void
bodies_are_kept_up_to_the_limit(void **state)
{
	static char body[70000];
	static const struct {
		const char *announced;
		size_t sent;
		const char *expected;
	} rows[] = {
		{ "0", 0, "announced=0\nbody=0\n" },
		{ "", 0, "announced=0\nbody=0\n" },
		{ "", 7, "announced=0\nbody=7\n" },
		{ "4096", 4096, "announced=4096\nbody=4096\n" },
		{ "4097", 4097, "announced=4097\nbody=0 too large\n" },
		{ "70000", 70000, "announced=70000\nbody=0 too large\n" },
		{ "", 70000, "announced=0\nbody=0 too large\n" },
		{ "10", 5, "announced=10\nbody=5 incomplete\n" },
		{ "10", 0, "announced=10\nbody=0 incomplete\n" },
		{ "5", 10, "announced=5\nbody=0 incomplete\n" },
		{ "-1", 0, "announced=0\nbody=0 incomplete\n" },
		{ "x", 3, "announced=0\nbody=3 incomplete\n" },
		{ "99999999999999999999", 3,
		    "announced=0\nbody=3 incomplete\n" },
	};

	(void)state;
	worker_start();
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const char *const pairs[] = { "REQUEST_URI", "/",
			"CONTENT_LENGTH", rows[i].announced, NULL };

		memset(body, 'b', rows[i].sent);
		print_message("'%s' %zu\n", rows[i].announced, rows[i].sent);
		expect_body(pairs, body, rows[i].sent, rows[i].expected);
	}
	worker_stop(SIGTERM);
}

static void
repeated_headers_are_visible(void **state)
{
	const char *const twice[] = { "REQUEST_URI", "/",
		"HTTP_IDEMPOTENCY_KEY", "a", "HTTP_IDEMPOTENCY_KEY", "b",
		NULL };
	const char *const lengths[] = { "REQUEST_URI", "/", "CONTENT_LENGTH",
		"3", "CONTENT_LENGTH", "3", NULL };

	(void)state;
	worker_start();
	expect_body(twice, NULL, 0, "key=a repeated\n");
	expect_body(lengths, "abc", 3, "incomplete\n");
	worker_stop(SIGTERM);
}

static void
go_on_ends_the_loop(void **state)
{
	(void)state;
	worker_stop_after = 3;
	worker_start();
	for (int i = 0; i < 3; i++)
		worker_assert_serving();
	assert_int_equal(worker_status(), 0);
	assert_int_equal(worker_shared->counts.requests, 3);
}

static void
what_is_no_listener_is_refused(void **state)
{
	const struct http_limits limits = { .arena_bytes = 65536 };
	const struct http_handler handler = { 0 };
	struct fcgi_counts counts = { 0 };
	int connection = fcgi_connect(worker_socket);
	struct err err;

	(void)state;
	assert_true(fcgi_is_listener(worker_listen_fd));
	assert_false(fcgi_is_listener(connection));
	assert_false(fcgi_is_listener(-1));
	assert_int_equal(
	    fcgi_server_run(-1, &limits, &handler, NULL, &counts, &err), -1);
	assert_true(err_is(&err, &ERR_INTERNAL));
	close(connection);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(function)                                                         \
	cmocka_unit_test_setup_teardown(                                       \
	    function, worker_set_up, worker_tear_down)
		TEST(a_request_is_answered),
		TEST(what_the_surroundings_see),
		TEST(replies_without_a_body),
		TEST(a_reply_over_the_limit_is_never_sent_cut),
		TEST(bodies_are_kept_up_to_the_limit),
		TEST(repeated_headers_are_visible),
		TEST(go_on_ends_the_loop),
		TEST(what_is_no_listener_is_refused),
	};

	/* A hang becomes a failure. */
	alarm(300);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
