/* fcgi_server.c: requests that arrive broken, and peers that hold on. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "http/lobby.h"
#include "support/fcgi_worker.h"

static void
assert_dropped_as(const char *why, unsigned times)
{
	char text[64];

	snprintf(text, sizeof(text), "\"why\":\"%s\"", why);
	assert_int_equal(worker_logged(text), times);
}

/* Sends the first len bytes and no more, ever. */
static void
expect_cut_dropped(
    const struct fcgi_message *message, size_t len, unsigned handled)
{
	struct fcgi_reply reply;
	int fd = fcgi_connect(worker_socket);

	assert_true(fcgi_send(fd, message->bytes, len));
	assert_int_equal(shutdown(fd, SHUT_WR), 0);
	worker_finish(fd, &reply);
	worker_assert_dropped(&reply, handled);
}

static void
a_request_cut_at_any_byte_is_dropped(void **state)
{
	const char *const pairs[] = { "REQUEST_METHOD", "POST", "REQUEST_URI",
		"/x", "CONTENT_LENGTH", "5", "HTTP_AUTHORIZATION", "Bearer t",
		NULL };
	struct fcgi_message message = { 0 };

	(void)state;
	worker_start();
	fcgi_add_request(&message, false, pairs, "hello", 5);
	for (size_t len = 0; len < message.len; len++)
		expect_cut_dropped(&message, len, 0);
	worker_assert_serving();
	worker_stop(SIGTERM);
	assert_int_equal(worker_shared->counts.dropped, message.len);
	assert_int_equal(worker_shared->counts.requests, 1);
	/* No variable was looked at before all of them had arrived: only what
	 * ends in one of the two STDIN records has a broken body. */
	assert_dropped_as("body broken", 8 + 5 + 8);
	assert_dropped_as("broken", (unsigned)message.len - (8 + 5 + 8));
	fcgi_discard(&message);
}

static void
add_up_to_params(struct fcgi_message *message, enum fcgi_role role)
{
	struct fcgi_message content = { 0 };

	fcgi_add_pair(&content, "REQUEST_URI", "/x");
	fcgi_add_pair(&content, "CONTENT_LENGTH", "10");
	fcgi_add_begin(message, role, false);
	fcgi_add_stream(message, FCGI_TYPE_PARAMS, content.bytes, content.len);
	fcgi_add_record(message, FCGI_TYPE_PARAMS, NULL, 0);
	fcgi_discard(&content);
}

static void
expect_message_dropped(struct fcgi_message *message, const char *why)
{
	unsigned handled = worker_shared->handled;
	struct fcgi_reply reply;

	worker_start();
	fcgi_exchange(worker_socket, message, &reply);
	worker_assert_dropped(&reply, handled);
	worker_assert_serving();
	worker_stop(SIGTERM);
	assert_int_equal(worker_shared->counts.dropped, 1);
	assert_dropped_as(why, 1);
	fcgi_discard(message);
}

static void
an_aborted_request_is_dropped(void **state)
{
	struct fcgi_message message = { 0 };

	(void)state;
	add_up_to_params(&message, FCGI_ROLE_RESPONDER);
	fcgi_add_stream(&message, FCGI_TYPE_STDIN, "hel", 3);
	fcgi_add_record(&message, FCGI_TYPE_ABORT, NULL, 0);
	expect_message_dropped(&message, "body broken");
}

static void
another_role_is_dropped(void **state)
{
	struct fcgi_message message = { 0 };

	(void)state;
	add_up_to_params(&message, FCGI_ROLE_AUTHORIZER);
	fcgi_add_record(&message, FCGI_TYPE_STDIN, NULL, 0);
	expect_message_dropped(&message, "role");
}

static void
garbage_is_dropped(void **state)
{
	struct fcgi_message message = { 0 };

	(void)state;
	fcgi_add(&message, "GET / HTTP/1.1\r\nHost: x\r\n\r\n", 27);
	expect_message_dropped(&message, "broken");
}

static void
too_many_variables_are_dropped(void **state)
{
	static char long_value[20000];
	const char *const pairs[] = { "REQUEST_URI", "/", "HTTP_X", long_value,
		NULL };
	struct fcgi_message message = { 0 };

	(void)state;
	memset(long_value, 'v', sizeof(long_value) - 1);
	fcgi_add_request(&message, false, pairs, NULL, 0);
	expect_message_dropped(&message, "variables too large");
}

static void
a_kept_connection_does_not_pin_the_worker(void **state)
{
	struct fcgi_reply reply;
	int kept;

	(void)state;
	worker_start();
	kept = worker_send_get("/kept", true);
	/* Its peer neither reads nor closes, yet the next one is served. */
	worker_assert_serving();
	worker_finish(kept, &reply);
	assert_true(reply.ended);
	assert_non_null(strstr(reply.text, "path=/kept\n"));
	free(reply.text);
	worker_stop(SIGTERM);
}

static void
a_silent_peer_is_dropped(void **state)
{
	struct fcgi_reply reply;
	int silent;

	(void)state;
	worker_read_timeout_ms = 1000;
	worker_start();
	silent = fcgi_connect(worker_socket);
	worker_finish(silent, &reply);
	worker_assert_dropped(&reply, 0);
	worker_assert_serving();
	worker_stop(SIGTERM);
	assert_int_equal(worker_shared->counts.dropped, 1);
	assert_dropped_as("slow", 1);
}

/* Each byte comes well within the time of a single read. */
static void
drip(int fd, const struct fcgi_message *message)
{
	size_t sent = 0;

	while (sent < message->len && fcgi_send(fd, message->bytes + sent, 1)) {
		sent++;
		usleep(2000);
	}
	assert_true(sent < message->len);
}

static void
a_dripping_peer_is_dropped(void **state)
{
	static char filler[16000];
	struct fcgi_message params = { 0 };
	struct fcgi_message body = { 0 };
	struct fcgi_reply reply;
	int fd;

	(void)state;
	memset(filler, 'f', sizeof(filler));
	worker_read_timeout_ms = 1000;
	worker_start();
	fcgi_add_begin(&params, FCGI_ROLE_RESPONDER, false);
	fcgi_add_stream(&params, FCGI_TYPE_PARAMS, filler, sizeof(filler));
	fd = fcgi_connect(worker_socket);
	drip(fd, &params);
	worker_finish(fd, &reply);
	worker_assert_dropped(&reply, 0);

	fd = fcgi_connect(worker_socket);
	add_up_to_params(&body, FCGI_ROLE_RESPONDER);
	assert_true(fcgi_send(fd, body.bytes, body.len));
	fcgi_discard(&body);
	fcgi_add_stream(&body, FCGI_TYPE_STDIN, filler, sizeof(filler));
	drip(fd, &body);
	worker_finish(fd, &reply);
	worker_assert_dropped(&reply, 0);

	worker_assert_serving();
	worker_stop(SIGTERM);
	assert_int_equal(worker_shared->counts.dropped, 2);
	assert_dropped_as("slow", 2);
	fcgi_discard(&params);
	fcgi_discard(&body);
}

static void
a_peer_that_never_stops_sending_is_dropped(void **state)
{
	static char filler[60000];
	struct fcgi_message record = { 0 };
	struct fcgi_reply reply;
	int fd;

	(void)state;
	worker_read_timeout_ms = 1000;
	worker_start();
	fd = fcgi_connect(worker_socket);
	add_up_to_params(&record, FCGI_ROLE_RESPONDER);
	assert_true(fcgi_send(fd, record.bytes, record.len));
	fcgi_discard(&record);
	fcgi_add_stream(&record, FCGI_TYPE_STDIN, filler, sizeof(filler));
	while (fcgi_send(fd, record.bytes, record.len))
		continue;
	worker_finish(fd, &reply);
	worker_assert_dropped(&reply, 0);
	worker_assert_serving();
	worker_stop(SIGTERM);
	fcgi_discard(&record);
}

/* libfcgi passes over a record of another request and reads on: what looks like
 * the end is none, and the peer says no more. */
static void
an_end_that_is_anothers_does_not_pin_the_worker(void **state)
{
	struct fcgi_message message = { 0 };
	struct fcgi_reply reply;
	int fd;

	(void)state;
	worker_read_timeout_ms = 1000;
	worker_start();
	add_up_to_params(&message, FCGI_ROLE_RESPONDER);
	fcgi_add_record(&message, FCGI_TYPE_STDIN, NULL, 0);
	message.bytes[message.len - 5] = 2; /* the request's number */
	fd = fcgi_connect(worker_socket);
	assert_true(fcgi_send(fd, message.bytes, message.len));
	worker_finish(fd, &reply);
	worker_assert_dropped(&reply, 0);
	worker_assert_serving();
	worker_stop(SIGTERM);
	assert_dropped_as("slow", 1);
	fcgi_discard(&message);
}

static void
a_length_of_two_gigabytes_is_dropped(void **state)
{
	static const char pair[] = "\x0b\xff\xff\xff\xff"
				   "REQUEST_URI/x";
	struct fcgi_message message = { 0 };

	(void)state;
	fcgi_add_begin(&message, FCGI_ROLE_RESPONDER, false);
	fcgi_add_stream(&message, FCGI_TYPE_PARAMS, pair, sizeof(pair) - 1);
	fcgi_add_record(&message, FCGI_TYPE_PARAMS, NULL, 0);
	fcgi_add_record(&message, FCGI_TYPE_STDIN, NULL, 0);
	expect_message_dropped(&message, "broken");
}

/* Nobody's time is over in these: what they hold on to is not the worker. */
static void
many_silent_peers_do_not_pin_the_worker(void **state)
{
	int silent[4 * LOBBY_GUESTS];

	(void)state;
	worker_start();
	for (size_t i = 0; i < ARRAY_LEN(silent); i++) {
		silent[i] = fcgi_connect(worker_socket);
		if (i % LOBBY_GUESTS == 0)
			worker_assert_serving();
	}
	worker_assert_serving();
	for (size_t i = 0; i < ARRAY_LEN(silent); i++)
		close(silent[i]);
	worker_assert_serving();
	worker_stop(SIGTERM);
	assert_int_equal(worker_shared->counts.dropped, ARRAY_LEN(silent));
	/* The first to come were the first to give way. */
	assert_dropped_as("slow", 3 * LOBBY_GUESTS);
}

static void
peers_in_the_middle_do_not_pin_the_worker(void **state)
{
	const char *const pairs[] = { "REQUEST_URI", "/late", "CONTENT_LENGTH",
		"5", NULL };
	struct fcgi_message message = { 0 };
	struct fcgi_reply reply;
	int late[LOBBY_GUESTS];

	(void)state;
	fcgi_add_request(&message, false, pairs, "hello", 5);
	worker_start();
	for (size_t i = 0; i < ARRAY_LEN(late); i++) {
		late[i] = fcgi_connect(worker_socket);
		assert_true(fcgi_send(
		    late[i], message.bytes, message.len - 1 - i % 30));
	}
	worker_assert_serving();
	for (size_t i = 0; i < ARRAY_LEN(late); i++) {
		size_t sent = message.len - 1 - i % 30;

		assert_true(fcgi_send(
		    late[i], message.bytes + sent, message.len - sent));
		worker_finish(late[i], &reply);
		assert_true(reply.ended);
		assert_non_null(strstr(reply.text, "body=5\n"));
		free(reply.text);
	}
	worker_stop(SIGTERM);
	assert_int_equal(worker_shared->counts.dropped, 0);
	assert_int_equal(worker_shared->counts.requests, LOBBY_GUESTS + 1);
	fcgi_discard(&message);
}

static void
a_peer_that_does_not_read_is_let_go(void **state)
{
	int deaf;

	(void)state;
	worker_read_timeout_ms = 1000;
	worker_start();
	deaf = worker_send_get("/large", false);
	worker_await('d');
	assert_int_equal(worker_shared->replied_unsent, 1);
	worker_assert_serving();
	close(deaf);
	worker_stop(SIGTERM);
	assert_int_equal(worker_shared->counts.unsent, 1);
	assert_int_equal(worker_shared->counts.requests, 2);
}

static void
a_peer_that_left_is_noticed(void **state)
{
	int gone;

	(void)state;
	worker_start();
	gone = worker_send_get("/gate", false);
	worker_await('g');
	close(gone);
	worker_open_gate();
	worker_await('d');
	assert_int_equal(worker_shared->replied_unsent, 1);
	worker_assert_serving();
	worker_stop(SIGTERM);
	assert_int_equal(worker_shared->counts.unsent, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(function)                                                         \
	cmocka_unit_test_setup_teardown(                                       \
	    function, worker_set_up, worker_tear_down)
		TEST(a_request_cut_at_any_byte_is_dropped),
		TEST(an_aborted_request_is_dropped),
		TEST(another_role_is_dropped),
		TEST(garbage_is_dropped),
		TEST(too_many_variables_are_dropped),
		TEST(a_kept_connection_does_not_pin_the_worker),
		TEST(a_silent_peer_is_dropped),
		TEST(a_dripping_peer_is_dropped),
		TEST(a_peer_that_never_stops_sending_is_dropped),
		TEST(an_end_that_is_anothers_does_not_pin_the_worker),
		TEST(a_length_of_two_gigabytes_is_dropped),
		TEST(many_silent_peers_do_not_pin_the_worker),
		TEST(peers_in_the_middle_do_not_pin_the_worker),
		TEST(a_peer_that_does_not_read_is_let_go),
		TEST(a_peer_that_left_is_noticed),
	};

	/* A hang becomes a failure. */
	alarm(300);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
