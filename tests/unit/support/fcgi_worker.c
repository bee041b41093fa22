#include "support/fcgi_worker.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/log.h"
#include "prefork/listener.h"

struct worker_shared *worker_shared;
char worker_socket[96];
int worker_listen_fd = -1;
pid_t worker_pid;
uint64_t worker_stop_after;
int64_t worker_read_timeout_ms;

static char folder[64];
static int events[2]; /* the worker tells: one letter each */
static int gate[2];   /* the worker waits for a letter */

static void
name_in_folder(char *out, size_t size, const char *name)
{
	int n = snprintf(out, size, "%s/%s", folder, name);

	assert_true(n > 0 && (size_t)n < size);
}

static int
log_fd_of_worker(void)
{
	char path[96];

	name_in_folder(path, sizeof(path), "log");
	return open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

unsigned
worker_logged(const char *text)
{
	char path[96];
	char line[4200];
	unsigned count = 0;
	FILE *lines;

	name_in_folder(path, sizeof(path), "log");
	lines = fopen(path, "r");
	assert_non_null(lines);
	while (fgets(line, sizeof(line), lines) != NULL)
		count += strstr(line, text) != NULL;
	fclose(lines);
	return count;
}

static void
remove_folder(void)
{
	char path[96];

	name_in_folder(path, sizeof(path), "log");
	unlink(path);
	unlink(worker_socket);
	rmdir(folder);
}

static void
tell(char event)
{
	while (write(events[1], &event, 1) != 1)
		continue;
}

char
worker_hear(void)
{
	char event;

	assert_int_equal(read(events[0], &event, 1), 1);
	return event;
}

void
worker_await(char event)
{
	while (worker_hear() != event)
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

void
worker_open_gate(void)
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
	for (int i = 0; i < WORKER_LARGE_BYTES / 10; i++)
		buf_printf(body, "%09d\n", i);
}

static void
handle(
    void *context, struct http_request *request, struct http_response *response)
{
	(void)context;
	worker_shared->handled++;
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
		worker_shared->replied_sent++;
	else
		worker_shared->replied_unsent++;
	tell('d');
}

static bool
idle(void *context)
{
	(void)context;
	tell('i');
	return true;
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
	return worker_stop_after == 0 ||
	       worker_shared->counts.requests < worker_stop_after;
}

static void
count_signal(int signal)
{
	(void)signal;
	worker_shared->other_signals++;
}

static _Noreturn void
be_worker(void)
{
	const struct http_limits limits = {
		.max_body_bytes = WORKER_MAX_BODY,
		.max_variables_bytes = 16384,
		.read_timeout_ms = worker_read_timeout_ms,
		.request_timeout_ms = 5000,
		.arena_bytes = 64 << 20,
		.max_response_bytes = WORKER_LARGE_BYTES + 1000,
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
	log_open("worker", LOG_DEBUG, log_fd_of_worker());
	signal(SIGUSR2, count_signal);
	signal(SIGHUP, count_signal);
	signal(SIGCHLD, count_signal);
	_exit(fcgi_server_run(worker_listen_fd, &limits, &handler, &observer,
		  &worker_shared->counts, &err) == 0
		  ? 0
		  : 1);
}

void
worker_start(void)
{
	worker_pid = fork();
	assert_true(worker_pid >= 0);
	if (worker_pid == 0)
		be_worker();
	worker_await('w');
}

int
worker_status(void)
{
	int status;

	assert_int_equal(waitpid(worker_pid, &status, 0), worker_pid);
	worker_pid = 0;
	return status;
}

void
worker_stop(int signal)
{
	kill(worker_pid, signal);
	assert_int_equal(worker_status(), 0);
}

int
worker_set_up(void **state)
{
	struct err err;
	char address[128];

	(void)state;
	worker_shared = mmap(NULL, sizeof(*worker_shared),
	    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(worker_shared != MAP_FAILED);
	worker_stop_after = 0;
	worker_read_timeout_ms = 20000;
	snprintf(folder, sizeof(folder), "/tmp/fcgi_worker.XXXXXX");
	assert_non_null(mkdtemp(folder));
	name_in_folder(worker_socket, sizeof(worker_socket), "s");
	snprintf(address, sizeof(address), "unix:%s", worker_socket);
	worker_listen_fd = listener_open(address, 0600, 64, &err);
	assert_true(worker_listen_fd >= 0);
	assert_int_equal(pipe(events), 0);
	assert_int_equal(pipe(gate), 0);
	return 0;
}

int
worker_tear_down(void **state)
{
	(void)state;
	if (worker_pid > 0) {
		kill(worker_pid, SIGKILL);
		waitpid(worker_pid, NULL, 0);
		worker_pid = 0;
	}
	close(worker_listen_fd);
	for (int i = 0; i < 2; i++) {
		close(events[i]);
		close(gate[i]);
	}
	remove_folder();
	munmap(worker_shared, sizeof(*worker_shared));
	return 0;
}

/* --- requests ----------------------------------------------------------- */

static void
add_get(struct fcgi_message *message, const char *uri, bool keep)
{
	const char *const pairs[] = { "REQUEST_METHOD", "GET", "REQUEST_URI",
		uri, NULL };

	fcgi_add_request(message, keep, pairs, NULL, 0);
}

int
worker_send_get(const char *uri, bool keep)
{
	struct fcgi_message message = { 0 };
	int fd = fcgi_connect(worker_socket);

	add_get(&message, uri, keep);
	assert_true(fcgi_send(fd, message.bytes, message.len));
	fcgi_discard(&message);
	return fd;
}

void
worker_finish(int fd, struct fcgi_reply *reply)
{
	fcgi_finish(fd, reply, NULL, NULL);
}

void
worker_get(const char *uri, struct fcgi_reply *reply)
{
	worker_finish(worker_send_get(uri, false), reply);
}

void
worker_assert_serving(void)
{
	struct fcgi_reply reply;

	worker_get("/alive", &reply);
	assert_true(reply.ended);
	assert_non_null(strstr(reply.text, "path=/alive\n"));
	free(reply.text);
}

void
worker_assert_dropped(struct fcgi_reply *reply, unsigned handled)
{
	assert_false(reply->ended);
	assert_int_equal(reply->len, 0);
	assert_int_equal(worker_shared->handled, handled);
	free(reply->text);
}
