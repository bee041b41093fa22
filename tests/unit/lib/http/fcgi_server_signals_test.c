/* fcgi_server.c: signals in every moment. */
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "http/lobby.h"
#include "support/fcgi_worker.h"

static void
shower(void *context)
{
	static const int signals[] = { SIGUSR2, SIGHUP, SIGCHLD };

	(void)context;
	for (size_t i = 0; i < ARRAY_LEN(signals); i++)
		kill(worker_pid, signals[i]);
}

static void
signals_cut_no_reply(void **state)
{
	struct fcgi_reply reply;
	const char *line;
	int fd;

	(void)state;
	worker_start();
	fd = worker_send_get("/large", false);
	fcgi_finish(fd, &reply, shower, NULL);
	assert_true(reply.ended);
	line = fcgi_body(&reply);
	for (int i = 0; i < WORKER_LARGE_BYTES / 10; i++, line += 10) {
		char expected[16];

		snprintf(expected, sizeof(expected), "%09d\n", i);
		if (memcmp(line, expected, 10) != 0)
			fail_msg("line %d is wrong", i);
	}
	assert_int_equal(*line, '\0');
	free(reply.text);
	worker_await('i');
	/* They were held back, not lost. */
	assert_true(worker_shared->other_signals > 0);
	worker_stop(SIGTERM);
	assert_int_equal(worker_shared->counts.unsent, 0);
}

static void
signals_cut_no_request(void **state)
{
	const char *const pairs[] = { "REQUEST_URI", "/x", "CONTENT_LENGTH",
		"50000", NULL };
	static char body[50000];
	struct fcgi_message message = { 0 };
	struct fcgi_reply reply;
	size_t sent = LOBBY_ENOUGH_BYTES;
	int fd;

	(void)state;
	memset(body, 'b', sizeof(body));
	worker_start();
	fcgi_add_request(&message, false, pairs, body, sizeof(body));
	fd = fcgi_connect(worker_socket);
	/* So much that the worker does not wait for the rest, but reads. */
	assert_true(fcgi_send(fd, message.bytes, sent));
	worker_await('r');
	for (; sent < message.len; sent++) {
		assert_true(fcgi_send(fd, message.bytes + sent, 1));
		shower(NULL);
	}
	worker_finish(fd, &reply);
	assert_non_null(strstr(reply.text, "body=0 too large\n"));
	free(reply.text);
	fcgi_discard(&message);
	worker_stop(SIGTERM);
}

static void
stop_signals_end_an_idle_worker(void **state)
{
	static const int signals[] = { SIGTERM, SIGQUIT, SIGINT, SIGUSR1 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(signals); i++) {
		worker_start();
		worker_stop(signals[i]);
	}
}

static void
a_stop_finishes_the_request_and_takes_no_other(void **state)
{
	static const int signals[] = { SIGTERM, SIGQUIT, SIGINT, SIGUSR1 };
	struct fcgi_reply reply;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(signals); i++) {
		uint64_t before = worker_shared->counts.requests;
		int first;
		int second;

		worker_start();
		first = worker_send_get("/gate", false);
		worker_await('g');
		second = worker_send_get("/second", false);
		kill(worker_pid, signals[i]);
		worker_open_gate();
		worker_finish(first, &reply);
		assert_true(reply.ended);
		assert_non_null(strstr(reply.text, "path=/gate\n"));
		free(reply.text);
		assert_int_equal(worker_status(), 0);
		assert_int_equal(worker_shared->counts.requests, before + 1);
		/* It stays queued for the next worker. */
		worker_start();
		worker_finish(second, &reply);
		assert_true(reply.ended);
		free(reply.text);
		worker_stop(SIGTERM);
	}
}

static void
a_stop_waits_for_a_request_that_is_on_its_way(void **state)
{
	const char *const pairs[] = { "REQUEST_URI", "/late", NULL };
	struct fcgi_message message = { 0 };
	struct fcgi_reply reply;
	int fd;

	(void)state;
	worker_start();
	fcgi_add_request(&message, false, pairs, NULL, 0);
	fd = fcgi_connect(worker_socket);
	assert_true(fcgi_send(fd, message.bytes, message.len - 1));
	worker_assert_serving();
	kill(worker_pid, SIGTERM);
	assert_true(fcgi_send(fd, message.bytes + message.len - 1, 1));
	worker_finish(fd, &reply);
	assert_true(reply.ended);
	assert_non_null(strstr(reply.text, "path=/late\n"));
	free(reply.text);
	assert_int_equal(worker_status(), 0);
	fcgi_discard(&message);
}

/* Stopped as if by a debugger, so that both come before it looks. */
static void
a_connection_it_was_woken_for_is_not_left_behind(void **state)
{
	struct pollfd answer = { .events = POLLIN };
	struct fcgi_reply reply;
	int status;

	(void)state;
	worker_start();
	/* It sleeps, and has nothing to do. */
	worker_await('i');
	kill(worker_pid, SIGSTOP);
	assert_int_equal(waitpid(worker_pid, &status, WUNTRACED), worker_pid);
	answer.fd = worker_send_get("/last", false);
	kill(worker_pid, SIGTERM);
	kill(worker_pid, SIGCONT);
	assert_int_equal(worker_status(), 0);
	assert_int_equal(poll(&answer, 1, 0), 1);
	worker_finish(answer.fd, &reply);
	assert_true(reply.ended);
	free(reply.text);
}

static void
signals_of_a_master_do_not_stop(void **state)
{
	(void)state;
	signal(SIGUSR1, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	worker_start();
	signal(SIGUSR1, SIG_DFL);
	signal(SIGINT, SIG_DFL);
	for (int i = 0; i < 10; i++) {
		kill(worker_pid, SIGUSR1);
		kill(worker_pid, SIGINT);
		worker_assert_serving();
	}
	worker_stop(SIGTERM);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(function)                                                         \
	cmocka_unit_test_setup_teardown(                                       \
	    function, worker_set_up, worker_tear_down)
		TEST(signals_cut_no_reply),
		TEST(signals_cut_no_request),
		TEST(stop_signals_end_an_idle_worker),
		TEST(a_stop_finishes_the_request_and_takes_no_other),
		TEST(a_stop_waits_for_a_request_that_is_on_its_way),
		TEST(a_connection_it_was_woken_for_is_not_left_behind),
		TEST(signals_of_a_master_do_not_stop),
	};

	/* A hang becomes a failure. */
	alarm(300);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
