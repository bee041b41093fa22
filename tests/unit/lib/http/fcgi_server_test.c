#include "http/fcgi_server.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/log.h"
#include "prefork/listener.h"
#include "support/fcgi_client.h"

#define MAX_BODY    4096
#define LARGE_BYTES 5000000

/* --- the worker under test ---------------------------------------------------
 */

/* Seen by both processes. */
struct shared {
	struct fcgi_counts counts;
	_Atomic unsigned handled;
	_Atomic unsigned replied_sent;
	_Atomic unsigned replied_unsent;
	_Atomic unsigned other_signals;
};

static struct shared *shared;
static char folder[64];
static char socket_path[96];
static int listen_fd = -1;
static int events[2]; /* the worker tells: one letter each */
static int gate[2];   /* the worker waits for a letter */
static pid_t worker;
static uint64_t stop_after; /* requests; 0: no limit */
static int64_t read_timeout_ms;

static void
tell(char event)
{
	while (write(events[1], &event, 1) != 1)
		continue;
}

static char
hear(void)
{
	char event;

	assert_int_equal(read(events[0], &event, 1), 1);
	return event;
}

/* Skips what is heard until the event comes. */
static void
await(char event)
{
	while (hear() != event)
		continue;
}

static void
pass_gate(void)
{
	char letter;

	tell('g');
	while (read(gate[0], &letter, 1) != 1)
		continue;
}

static void
open_gate(void)
{
	assert_int_equal(write(gate[1], "x", 1), 1);
}

static void
echo(struct http_request *request, struct http_response *response)
{
	struct buf *body = &response->body;
	bool repeated;
	const char *key = http_header(request, "Idempotency-Key", &repeated);

	buf_printf(body, "method=%s\n", http_method_name(request->method));
	buf_printf(body, "path=%s\nquery=%s\n", request->path, request->query);
	buf_printf(body, "key=%s%s\n", key != NULL ? key : "-",
	    repeated ? " repeated" : "");
	buf_printf(
	    body, "announced=%lld\n", (long long)request->content_length);
	buf_printf(body, "body=%zu%s%s\n", request->body_len,
	    request->body_too_large ? " too large" : "",
	    request->body_incomplete ? " incomplete" : "");
	buf_append(body, request->body, request->body_len);
}

static void
fill_large(struct buf *body)
{
	for (int i = 0; i < LARGE_BYTES / 10; i++)
		buf_printf(body, "%09d\n", i);
}

static void
handle(
    void *context, struct http_request *request, struct http_response *response)
{
	(void)context;
	shared->handled++;
	http_set_header(response, "Content-Type", "text/plain");
	if (strcmp(request->path, "/gate") == 0)
		pass_gate();
	if (strcmp(request->path, "/empty") == 0)
		response->status = 204;
	else if (strcmp(request->path, "/large") == 0)
		fill_large(&response->body);
	else if (strcmp(request->path, "/over") == 0)
		while (!response->body.failed)
			fill_large(&response->body);
	else
		echo(request, response);
}

static void
replied(void *context, const struct http_request *request,
    const struct http_response *response, bool sent)
{
	(void)context;
	(void)response;
	/* Request memory is still there. */
	assert_true(strlen(request->path) < 1024);
	if (sent)
		shared->replied_sent++;
	else
		shared->replied_unsent++;
	tell('d');
}

static void
idle(void *context)
{
	(void)context;
	tell('i');
}

static void
waiting(void *context)
{
	(void)context;
	tell('w');
}

static void
reading(void *context)
{
	(void)context;
	tell('r');
}

static void
working(void *context, const struct http_request *request)
{
	(void)context;
	(void)request;
	tell('k');
}

static bool
go_on(void *context)
{
	(void)context;
	return stop_after == 0 || shared->counts.requests < stop_after;
}

static void
count_signal(int signal)
{
	(void)signal;
	shared->other_signals++;
}

static _Noreturn void
be_worker(void)
{
	const struct http_limits limits = {
		.max_body_bytes = MAX_BODY,
		.max_variables_bytes = 16384,
		.read_timeout_ms = read_timeout_ms,
		.request_timeout_ms = 5000,
		.arena_bytes = 64 << 20,
		.max_response_bytes = LARGE_BYTES + 1000,
	};
	const struct http_handler handler = {
		.handle = handle,
		.replied = replied,
		.idle = idle,
	};
	const struct fcgi_observer observer = {
		.waiting = waiting,
		.reading = reading,
		.working = working,
		.go_on = go_on,
	};
	struct err err;

	alarm(0);
	signal(SIGUSR2, count_signal);
	signal(SIGHUP, count_signal);
	signal(SIGCHLD, count_signal);
	_exit(fcgi_server_run(listen_fd, &limits, &handler, &observer,
		  &shared->counts, &err) == 0
		  ? 0
		  : 1);
}

static void
start_worker(void)
{
	worker = fork();
	assert_true(worker >= 0);
	if (worker == 0)
		be_worker();
	await('w');
}

/* Waits until the worker is gone; returns its wait status. */
static int
worker_status(void)
{
	int status;

	assert_int_equal(waitpid(worker, &status, 0), worker);
	worker = 0;
	return status;
}

static void
stop_worker(int signal)
{
	kill(worker, signal);
	assert_int_equal(worker_status(), 0);
}

static int
set_up(void **state)
{
	struct err err;
	char address[128];

	(void)state;
	memset(shared, 0, sizeof(*shared));
	stop_after = 0;
	read_timeout_ms = 20000;
	snprintf(folder, sizeof(folder), "/tmp/fcgi_server_test.XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(socket_path, sizeof(socket_path), "%s/s", folder);
	snprintf(address, sizeof(address), "unix:%s", socket_path);
	listen_fd = listener_open(address, 0600, 64, &err);
	assert_true(listen_fd >= 0);
	assert_int_equal(pipe(events), 0);
	assert_int_equal(pipe(gate), 0);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	if (worker > 0) {
		kill(worker, SIGKILL);
		waitpid(worker, NULL, 0);
		worker = 0;
	}
	close(listen_fd);
	for (int i = 0; i < 2; i++) {
		close(events[i]);
		close(gate[i]);
	}
	unlink(socket_path);
	rmdir(folder);
	return 0;
}

/* --- requests
 * ----------------------------------------------------------------- */

static void
add_get(struct fcgi_message *message, const char *uri, bool keep)
{
	const char *const pairs[] = { "REQUEST_METHOD", "GET", "REQUEST_URI",
		uri, NULL };

	fcgi_add_request(message, keep, pairs, NULL, 0);
}

/* Sends a request and leaves the reply unread. */
static int
send_get(const char *uri, bool keep)
{
	struct fcgi_message message = { 0 };
	int fd = fcgi_connect(socket_path);

	add_get(&message, uri, keep);
	assert_true(fcgi_send(fd, message.bytes, message.len));
	fcgi_discard(&message);
	return fd;
}

static void
finish(int fd, struct fcgi_reply *reply)
{
	fcgi_finish(fd, reply, NULL, NULL);
}

static void
get(const char *uri, struct fcgi_reply *reply)
{
	finish(send_get(uri, false), reply);
}

/* The worker still answers. */
static void
assert_serving(void)
{
	struct fcgi_reply reply;

	get("/alive", &reply);
	assert_true(reply.ended);
	assert_non_null(strstr(reply.text, "path=/alive\n"));
	free(reply.text);
}

/* Nothing came back, and nothing was handled but the requests counted. */
static void
assert_dropped(struct fcgi_reply *reply, unsigned handled)
{
	assert_false(reply->ended);
	assert_int_equal(reply->len, 0);
	assert_int_equal(shared->handled, handled);
	free(reply->text);
}

static void
expect_body(const char *const pairs[], const char *body, size_t body_len,
    const char *expected)
{
	struct fcgi_message message = { 0 };
	struct fcgi_reply reply;

	fcgi_add_request(&message, false, pairs, body, body_len);
	fcgi_exchange(socket_path, &message, &reply);
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
	start_worker();
	fcgi_add_request(&message, false, pairs, "hello", 5);
	fcgi_exchange(socket_path, &message, &reply);
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
	stop_worker(SIGTERM);
	assert_int_equal(shared->counts.requests, 1);
	assert_int_equal(shared->counts.dropped, 0);
	assert_int_equal(shared->counts.unsent, 0);
	assert_int_equal(shared->replied_sent, 1);
}

static void
what_the_surroundings_see(void **state)
{
	struct fcgi_reply reply;

	(void)state;
	start_worker();
	get("/x", &reply);
	free(reply.text);
	assert_int_equal(hear(), 'r');
	assert_int_equal(hear(), 'k');
	assert_int_equal(hear(), 'd');
	/* At once, then each second. */
	assert_int_equal(hear(), 'w');
	assert_int_equal(hear(), 'i');
	assert_int_equal(hear(), 'w');
	assert_int_equal(hear(), 'i');
	stop_worker(SIGTERM);
}

static void
replies_without_a_body(void **state)
{
	const char *const head[] = { "REQUEST_METHOD", "HEAD", "REQUEST_URI",
		"/x", NULL };
	struct fcgi_message message = { 0 };
	struct fcgi_reply reply;

	(void)state;
	start_worker();
	fcgi_add_request(&message, false, head, NULL, 0);
	fcgi_exchange(socket_path, &message, &reply);
	assert_non_null(strstr(reply.text, "Content-Length: 52\r\n"));
	assert_string_equal(fcgi_body(&reply), "");
	free(reply.text);
	fcgi_discard(&message);
	get("/empty", &reply);
	assert_string_equal(reply.text,
	    "Status: 204 No Content\r\nContent-Type: text/plain\r\n\r\n");
	free(reply.text);
	stop_worker(SIGTERM);
}

static void
a_reply_over_the_limit_is_never_sent_cut(void **state)
{
	struct fcgi_reply reply;

	(void)state;
	start_worker();
	get("/over", &reply);
	assert_string_equal(reply.text,
	    "Status: 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n");
	free(reply.text);
	stop_worker(SIGTERM);
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
	start_worker();
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const char *const pairs[] = { "REQUEST_URI", "/",
			"CONTENT_LENGTH", rows[i].announced, NULL };

		memset(body, 'b', rows[i].sent);
		print_message("'%s' %zu\n", rows[i].announced, rows[i].sent);
		expect_body(pairs, body, rows[i].sent, rows[i].expected);
	}
	stop_worker(SIGTERM);
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
	start_worker();
	expect_body(twice, NULL, 0, "key=a repeated\n");
	expect_body(lengths, "abc", 3, "incomplete\n");
	stop_worker(SIGTERM);
}

/* --- requests that arrive broken
 * ------------------------------------------------ */

/* Sends the first len bytes and no more, ever. */
static void
expect_cut_dropped(
    const struct fcgi_message *message, size_t len, unsigned handled)
{
	struct fcgi_reply reply;
	int fd = fcgi_connect(socket_path);

	assert_true(fcgi_send(fd, message->bytes, len));
	assert_int_equal(shutdown(fd, SHUT_WR), 0);
	finish(fd, &reply);
	assert_dropped(&reply, handled);
}

static void
a_request_cut_at_any_byte_is_dropped(void **state)
{
	const char *const pairs[] = { "REQUEST_METHOD", "POST", "REQUEST_URI",
		"/x", "CONTENT_LENGTH", "5", "HTTP_AUTHORIZATION", "Bearer t",
		NULL };
	struct fcgi_message message = { 0 };

	(void)state;
	start_worker();
	fcgi_add_request(&message, false, pairs, "hello", 5);
	for (size_t len = 0; len < message.len; len++)
		expect_cut_dropped(&message, len, 0);
	assert_serving();
	stop_worker(SIGTERM);
	assert_int_equal(shared->counts.dropped, message.len);
	assert_int_equal(shared->counts.requests, 1);
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
expect_message_dropped(struct fcgi_message *message)
{
	unsigned handled = shared->handled;
	struct fcgi_reply reply;

	start_worker();
	fcgi_exchange(socket_path, message, &reply);
	assert_dropped(&reply, handled);
	assert_serving();
	stop_worker(SIGTERM);
	assert_int_equal(shared->counts.dropped, 1);
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
	expect_message_dropped(&message);
}

static void
another_role_is_dropped(void **state)
{
	struct fcgi_message message = { 0 };

	(void)state;
	add_up_to_params(&message, FCGI_ROLE_AUTHORIZER);
	fcgi_add_record(&message, FCGI_TYPE_STDIN, NULL, 0);
	expect_message_dropped(&message);
}

static void
garbage_is_dropped(void **state)
{
	struct fcgi_message message = { 0 };

	(void)state;
	fcgi_add(&message, "GET / HTTP/1.1\r\nHost: x\r\n\r\n", 27);
	expect_message_dropped(&message);
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
	expect_message_dropped(&message);
}

/* --- peers that hold on
 * --------------------------------------------------------- */

static void
a_kept_connection_does_not_pin_the_worker(void **state)
{
	struct fcgi_reply reply;
	int kept;

	(void)state;
	start_worker();
	kept = send_get("/kept", true);
	/* Its peer neither reads nor closes, yet the next one is served. */
	assert_serving();
	finish(kept, &reply);
	assert_true(reply.ended);
	assert_non_null(strstr(reply.text, "path=/kept\n"));
	free(reply.text);
	stop_worker(SIGTERM);
}

static void
a_silent_peer_is_dropped(void **state)
{
	struct fcgi_reply reply;
	int silent;

	(void)state;
	read_timeout_ms = 100;
	start_worker();
	silent = fcgi_connect(socket_path);
	finish(silent, &reply);
	assert_dropped(&reply, 0);
	assert_serving();
	stop_worker(SIGTERM);
	assert_int_equal(shared->counts.dropped, 1);
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
	read_timeout_ms = 300;
	start_worker();
	fcgi_add_begin(&params, FCGI_ROLE_RESPONDER, false);
	fcgi_add_stream(&params, FCGI_TYPE_PARAMS, filler, sizeof(filler));
	fd = fcgi_connect(socket_path);
	drip(fd, &params);
	finish(fd, &reply);
	assert_dropped(&reply, 0);

	fd = fcgi_connect(socket_path);
	add_up_to_params(&body, FCGI_ROLE_RESPONDER);
	assert_true(fcgi_send(fd, body.bytes, body.len));
	fcgi_discard(&body);
	fcgi_add_stream(&body, FCGI_TYPE_STDIN, filler, sizeof(filler));
	drip(fd, &body);
	finish(fd, &reply);
	assert_dropped(&reply, 0);

	assert_serving();
	stop_worker(SIGTERM);
	assert_int_equal(shared->counts.dropped, 2);
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
	read_timeout_ms = 300;
	start_worker();
	fd = fcgi_connect(socket_path);
	add_up_to_params(&record, FCGI_ROLE_RESPONDER);
	assert_true(fcgi_send(fd, record.bytes, record.len));
	fcgi_discard(&record);
	fcgi_add_stream(&record, FCGI_TYPE_STDIN, filler, sizeof(filler));
	while (fcgi_send(fd, record.bytes, record.len))
		continue;
	finish(fd, &reply);
	assert_dropped(&reply, 0);
	assert_serving();
	stop_worker(SIGTERM);
	fcgi_discard(&record);
}

static void
a_length_of_two_gigabytes_is_dropped(void **state)
{
	static const char pair[] = "\x0b\xff\xff\xff\xff"
				   "REQUEST_URI/x";
	struct fcgi_message message = { 0 };

	(void)state;
	read_timeout_ms = 200;
	fcgi_add_begin(&message, FCGI_ROLE_RESPONDER, false);
	fcgi_add_stream(&message, FCGI_TYPE_PARAMS, pair, sizeof(pair) - 1);
	fcgi_add_record(&message, FCGI_TYPE_PARAMS, NULL, 0);
	expect_message_dropped(&message);
}

static void
a_peer_that_does_not_read_is_let_go(void **state)
{
	int deaf;

	(void)state;
	read_timeout_ms = 200;
	start_worker();
	deaf = send_get("/large", false);
	await('d');
	assert_int_equal(shared->replied_unsent, 1);
	assert_serving();
	close(deaf);
	stop_worker(SIGTERM);
	assert_int_equal(shared->counts.unsent, 1);
	assert_int_equal(shared->counts.requests, 2);
}

static void
a_peer_that_left_is_noticed(void **state)
{
	int gone;

	(void)state;
	start_worker();
	gone = send_get("/gate", false);
	await('g');
	close(gone);
	open_gate();
	await('d');
	assert_int_equal(shared->replied_unsent, 1);
	assert_serving();
	stop_worker(SIGTERM);
	assert_int_equal(shared->counts.unsent, 1);
}

/* --- signals
 * ---------------------------------------------------------------------- */

static void
shower(void *context)
{
	static const int signals[] = { SIGUSR2, SIGHUP, SIGCHLD };

	(void)context;
	for (size_t i = 0; i < ARRAY_LEN(signals); i++)
		kill(worker, signals[i]);
}

static void
signals_cut_no_reply(void **state)
{
	struct fcgi_reply reply;
	const char *line;
	int fd;

	(void)state;
	start_worker();
	fd = send_get("/large", false);
	fcgi_finish(fd, &reply, shower, NULL);
	assert_true(reply.ended);
	line = fcgi_body(&reply);
	for (int i = 0; i < LARGE_BYTES / 10; i++, line += 10) {
		char expected[16];

		snprintf(expected, sizeof(expected), "%09d\n", i);
		if (memcmp(line, expected, 10) != 0)
			fail_msg("line %d is wrong", i);
	}
	assert_int_equal(*line, '\0');
	free(reply.text);
	await('i');
	/* They were held back, not lost. */
	assert_true(shared->other_signals > 0);
	stop_worker(SIGTERM);
	assert_int_equal(shared->counts.unsent, 0);
}

static void
signals_cut_no_request(void **state)
{
	const char *const pairs[] = { "REQUEST_URI", "/x", "CONTENT_LENGTH",
		"2000", NULL };
	static char body[2000];
	struct fcgi_message message = { 0 };
	struct fcgi_reply reply;
	int fd;

	(void)state;
	memset(body, 'b', sizeof(body));
	start_worker();
	fcgi_add_request(&message, false, pairs, body, sizeof(body));
	fd = fcgi_connect(socket_path);
	await('r');
	for (size_t i = 0; i < message.len; i++) {
		assert_true(fcgi_send(fd, message.bytes + i, 1));
		shower(NULL);
	}
	finish(fd, &reply);
	assert_non_null(strstr(reply.text, "body=2000\n"));
	free(reply.text);
	fcgi_discard(&message);
	stop_worker(SIGTERM);
}

static void
stop_signals_end_an_idle_worker(void **state)
{
	static const int signals[] = { SIGTERM, SIGQUIT, SIGINT, SIGUSR1 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(signals); i++) {
		start_worker();
		stop_worker(signals[i]);
	}
}

static void
a_stop_finishes_the_request_and_takes_no_other(void **state)
{
	static const int signals[] = { SIGTERM, SIGQUIT, SIGINT, SIGUSR1 };
	struct fcgi_reply reply;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(signals); i++) {
		uint64_t before = shared->counts.requests;
		int first;
		int second;

		start_worker();
		first = send_get("/gate", false);
		await('g');
		second = send_get("/second", false);
		kill(worker, signals[i]);
		open_gate();
		finish(first, &reply);
		assert_true(reply.ended);
		assert_non_null(strstr(reply.text, "path=/gate\n"));
		free(reply.text);
		assert_int_equal(worker_status(), 0);
		assert_int_equal(shared->counts.requests, before + 1);
		/* It stays queued for the next worker. */
		start_worker();
		finish(second, &reply);
		assert_true(reply.ended);
		free(reply.text);
		stop_worker(SIGTERM);
	}
}

static void
signals_of_a_master_do_not_stop(void **state)
{
	(void)state;
	signal(SIGUSR1, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	start_worker();
	signal(SIGUSR1, SIG_DFL);
	signal(SIGINT, SIG_DFL);
	for (int i = 0; i < 10; i++) {
		kill(worker, SIGUSR1);
		kill(worker, SIGINT);
		assert_serving();
	}
	stop_worker(SIGTERM);
}

static void
go_on_ends_the_loop(void **state)
{
	(void)state;
	stop_after = 3;
	start_worker();
	for (int i = 0; i < 3; i++)
		assert_serving();
	assert_int_equal(worker_status(), 0);
	assert_int_equal(shared->counts.requests, 3);
}

static void
what_is_no_listener_is_refused(void **state)
{
	const struct http_limits limits = { .arena_bytes = 65536 };
	const struct http_handler handler = { .handle = handle };
	struct fcgi_counts counts = { 0 };
	struct err err;

	(void)state;
	assert_true(fcgi_is_listener(listen_fd));
	assert_false(fcgi_is_listener(events[0]));
	assert_false(fcgi_is_listener(-1));
	assert_int_equal(
	    fcgi_server_run(-1, &limits, &handler, NULL, &counts, &err), -1);
	assert_true(err_is(&err, &ERR_INTERNAL));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(function)                                                         \
	cmocka_unit_test_setup_teardown(function, set_up, tear_down)
		TEST(a_request_is_answered),
		TEST(what_the_surroundings_see),
		TEST(replies_without_a_body),
		TEST(a_reply_over_the_limit_is_never_sent_cut),
		TEST(bodies_are_kept_up_to_the_limit),
		TEST(repeated_headers_are_visible),
		TEST(a_request_cut_at_any_byte_is_dropped),
		TEST(an_aborted_request_is_dropped),
		TEST(another_role_is_dropped),
		TEST(garbage_is_dropped),
		TEST(too_many_variables_are_dropped),
		TEST(a_kept_connection_does_not_pin_the_worker),
		TEST(a_silent_peer_is_dropped),
		TEST(a_dripping_peer_is_dropped),
		TEST(a_peer_that_never_stops_sending_is_dropped),
		TEST(a_length_of_two_gigabytes_is_dropped),
		TEST(a_peer_that_does_not_read_is_let_go),
		TEST(a_peer_that_left_is_noticed),
		TEST(signals_cut_no_reply),
		TEST(signals_cut_no_request),
		TEST(stop_signals_end_an_idle_worker),
		TEST(a_stop_finishes_the_request_and_takes_no_other),
		TEST(signals_of_a_master_do_not_stop),
		TEST(go_on_ends_the_loop),
		TEST(what_is_no_listener_is_refused),
	};

	/* A hang becomes a failure. */
	alarm(300);
	log_open("test", LOG_LEVEL__COUNT, 2);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
