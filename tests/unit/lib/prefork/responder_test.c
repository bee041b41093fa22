#include "prefork/responder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/clock.h"
#include "prefork/listener.h"

#define LARGE_BYTES 3000000

static struct responder responder;
static struct responder_request seen;
static char seen_path[64];
static char folder[32];
static char address[64];
static int listen_fd;
static unsigned answered;

static void
answer(void *context, const struct responder_request *request,
    struct responder_reply *reply)
{
	assert_ptr_equal(context, &responder);
	answered++;
	seen = *request;
	snprintf(seen_path, sizeof(seen_path), "%s %s ? %s", request->method,
	    request->path, request->query);
	if (strcmp(request->path, "/large") == 0)
		for (int i = 0; i < LARGE_BYTES / 10; i++)
			buf_printf(&reply->body, "%09d\n", i);
	else if (strcmp(request->path, "/never") == 0)
		while (!reply->body.failed)
			buf_text(&reply->body, "and again and again ");
	else
		buf_text(&reply->body, "hello\n");
}

static int
set_up(void **state)
{
	struct err err;

	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/responder.XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(address, sizeof(address), "unix:%s/s", folder);
	listen_fd = listener_open(address, 0600, 64, &err);
	assert_true(listen_fd >= 0);
	responder_open(&responder, listen_fd);
	responder.context = &responder;
	responder.answer = answer;
	answered = 0;
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	responder_close(&responder);
	close(listen_fd);
	unlink(address + 5);
	return rmdir(folder);
}

/* One turn of the loop that the responder lives in. */
static void
turn(int64_t now_ms)
{
	struct pollfd fds[RESPONDER_FDS];

	responder_prepare(&responder, fds);
	poll(fds, RESPONDER_FDS, 0);
	responder_work(&responder, fds, now_ms);
}

static int
connect_peer(void)
{
	struct err err;
	int fd = listener_connect(address, &err);

	assert_true(fd >= 0);
	return fd;
}

static void
say(int fd, const char *text)
{
	size_t len = strlen(text);

	assert_int_equal(send(fd, text, len, MSG_NOSIGNAL), len);
}

/* Turns until the peer has everything; returns how much that was. */
static size_t
read_all(int fd, char *out, size_t size)
{
	size_t len = 0;

	for (;;) {
		ssize_t got = recv(fd, out + len, size - 1 - len, MSG_DONTWAIT);

		if (got == 0)
			break;
		if (got > 0)
			len += (size_t)got;
		else
			turn(clock_monotonic_ms());
	}
	out[len] = '\0';
	return len;
}

static void
exchange(const char *request, char *reply, size_t size)
{
	int fd = connect_peer();

	say(fd, request);
	read_all(fd, reply, size);
	close(fd);
}

static void
a_question_is_answered(void **state)
{
	char reply[1024];

	(void)state;
	exchange(
	    "GET /a/b?c=d HTTP/1.0\r\nHost: x\r\n\r\n", reply, sizeof(reply));
	assert_non_null(strstr(reply, "HTTP/1.0 200 OK\r\n"));
	assert_non_null(strstr(reply, "\r\nContent-Length: 6\r\n"));
	assert_non_null(strstr(reply, "\r\n\r\nhello\n"));
	assert_string_equal(seen_path, "GET /a/b ? c=d");
	/* We are ourselves. */
	assert_true(seen.trusted);
	assert_false(seen.open_metrics);
}

static void
what_is_asked_for_is_told(void **state)
{
	static const struct {
		const char *accept;
		bool open_metrics;
	} rows[] = {
		{ "Accept: application/openmetrics-text;version=1.0.0", true },
		{ "accept: text/plain, application/openmetrics-text", true },
		{ "Accept: text/plain\r\nX: application/openmetrics-text",
		    false },
		{ "X-Accept: application/openmetrics-text", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char request[256];
		char reply[1024];

		snprintf(request, sizeof(request),
		    "GET /m HTTP/1.1\r\n%s\r\n\r\n", rows[i].accept);
		exchange(request, reply, sizeof(reply));
		assert_int_equal(seen.open_metrics, rows[i].open_metrics);
	}
}

static void
what_is_no_request_is_refused(void **state)
{
	static const char *const requests[] = { "nonsense\r\n\r\n",
		"GET\r\n\r\n", "GET /\r\n\r\n", "GET x HTTP/1.0\r\n\r\n",
		"GET / FTP/1.0\r\n\r\n", "\r\n\r\n" };
	char reply[1024];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(requests); i++) {
		exchange(requests[i], reply, sizeof(reply));
		assert_non_null(strstr(reply, "HTTP/1.0 400 "));
	}
	assert_int_equal(answered, 0);
}

static void
too_long_a_request_is_dropped(void **state)
{
	static char request[RESPONDER_REQUEST + 100];
	char reply[1024];

	(void)state;
	memset(request, 'x', sizeof(request) - 1);
	exchange(request, reply, sizeof(reply));
	assert_string_equal(reply, "");
}

static void
a_large_answer_goes_in_pieces(void **state)
{
	char *reply = malloc(LARGE_BYTES + 1024);
	size_t len;
	int fd = connect_peer();

	(void)state;
	assert_non_null(reply);
	say(fd, "GET /large HTTP/1.0\r\n\r\n");
	len = read_all(fd, reply, LARGE_BYTES + 1024);
	assert_true(len > LARGE_BYTES);
	assert_string_equal(reply + len - 10, "000299999\n");
	close(fd);
	free(reply);
}

static void
an_answer_without_end_becomes_an_error(void **state)
{
	char reply[1024];

	(void)state;
	exchange("GET /never HTTP/1.0\r\n\r\n", reply, sizeof(reply));
	assert_non_null(strstr(reply, "HTTP/1.0 500 "));
}

static void
a_request_may_come_byte_by_byte(void **state)
{
	static const char request[] = "GET /slow HTTP/1.0\r\n\r\n";
	char reply[1024];
	int fd = connect_peer();

	(void)state;
	for (size_t i = 0; i < sizeof(request) - 1; i++) {
		assert_int_equal(send(fd, request + i, 1, 0), 1);
		turn(clock_monotonic_ms());
	}
	read_all(fd, reply, sizeof(reply));
	assert_string_equal(seen_path, "GET /slow ? ");
	close(fd);
}

static void
a_peer_has_its_time(void **state)
{
	int64_t now_ms = 1000000;
	char byte;
	int fd = connect_peer();

	(void)state;
	assert_int_equal(responder_wait_ms(&responder, now_ms), -1);
	turn(now_ms);
	assert_int_equal(responder_wait_ms(&responder, now_ms), 2000);
	turn(now_ms + 1999);
	assert_int_equal(recv(fd, &byte, 1, MSG_DONTWAIT), -1);
	assert_int_equal(responder_wait_ms(&responder, now_ms + 1999), 1);
	turn(now_ms + 2000);
	assert_int_equal(recv(fd, &byte, 1, MSG_DONTWAIT), 0);
	assert_int_equal(responder_wait_ms(&responder, now_ms + 2000), -1);
	close(fd);
}

static void
more_peers_than_places_wait_their_turn(void **state)
{
	int fds[RESPONDER_PEERS + 4];
	int64_t now_ms = clock_monotonic_ms();
	char reply[1024];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		fds[i] = connect_peer();
	turn(now_ms);
	/* The last of them is not even let in. */
	say(fds[ARRAY_LEN(fds) - 1], "GET /last HTTP/1.0\r\n\r\n");
	turn(now_ms);
	turn(now_ms);
	assert_int_equal(answered, 0);
	turn(now_ms + 2000);
	read_all(fds[ARRAY_LEN(fds) - 1], reply, sizeof(reply));
	assert_string_equal(seen_path, "GET /last ? ");
	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		close(fds[i]);
}

static void
nobody_listens_without_a_socket(void **state)
{
	struct responder none;
	struct pollfd fds[RESPONDER_FDS];

	(void)state;
	responder_open(&none, -1);
	responder_prepare(&none, fds);
	for (size_t i = 0; i < RESPONDER_FDS; i++)
		assert_int_equal(fds[i].fd, -1);
	responder_work(&none, fds, 0);
	responder_close(&none);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(function)                                                         \
	cmocka_unit_test_setup_teardown(function, set_up, tear_down)
		TEST(a_question_is_answered),
		TEST(what_is_asked_for_is_told),
		TEST(what_is_no_request_is_refused),
		TEST(too_long_a_request_is_dropped),
		TEST(a_large_answer_goes_in_pieces),
		TEST(an_answer_without_end_becomes_an_error),
		TEST(a_request_may_come_byte_by_byte),
		TEST(a_peer_has_its_time),
		TEST(more_peers_than_places_wait_their_turn),
		TEST(nobody_listens_without_a_socket),
	};

	alarm(120);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
