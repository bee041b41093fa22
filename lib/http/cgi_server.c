#include "http/cgi_server.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "http/exchange.h"

/* Standard input up to CONTENT_LENGTH: the web server need not close it. */
struct input {
	int fd;
	uint64_t left;
	struct deadline deadline;
};

static int
wait_ready(int fd, short events, struct deadline deadline)
{
	struct pollfd ready = { .fd = fd, .events = events };

	for (;;) {
		int64_t left_ms = deadline_left_ms(deadline);
		int n;

		if (left_ms == 0)
			return -1;
		n = poll(&ready, 1, (int)(left_ms < 60000 ? left_ms : 60000));
		if (n > 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return -1;
	}
}

static ssize_t
read_input(void *context, char *out, size_t size)
{
	struct input *input = context;
	ssize_t got = -1;

	if (size > input->left)
		size = (size_t)input->left;
	if (size == 0)
		return 0;
	do {
		if (wait_ready(input->fd, POLLIN, input->deadline) != 0)
			return -1;
		got = read(input->fd, out, size);
	} while (got < 0 && (errno == EINTR || errno == EAGAIN));
	if (got > 0)
		input->left -= (uint64_t)got;
	return got;
}

/* A pipe that is ready takes PIPE_BUF bytes without blocking, not more. */
static bool
write_all(int fd, const char *bytes, size_t len, struct deadline deadline)
{
	while (len > 0) {
		ssize_t n;

		if (wait_ready(fd, POLLOUT, deadline) != 0)
			return false;
		n = write(fd, bytes, len < PIPE_BUF ? len : PIPE_BUF);
		if (n < 0 && errno != EINTR && errno != EAGAIN)
			return false;
		if (n > 0) {
			bytes += n;
			len -= (size_t)n;
		}
	}
	return true;
}

static bool
send_reply(int fd, const struct http_request *request,
    const struct http_response *response, const struct buf *head,
    struct deadline deadline)
{
	return write_all(fd, head->bytes, head->len, deadline) &&
	       (!exchange_sends_body(request, response) ||
		   write_all(
		       fd, response->body.bytes, response->body.len, deadline));
}

static const char *
find(char *const env[], const char *name)
{
	size_t len = strlen(name);

	for (; *env != NULL; env++)
		if (strncmp(*env, name, len) == 0 && (*env)[len] == '=')
			return *env + len + 1;
	return NULL;
}

bool
cgi_is_request(char *const env[])
{
	return find(env, "GATEWAY_INTERFACE") != NULL &&
	       find(env, "REQUEST_METHOD") != NULL;
}

static int
receive(struct http_request *request, int fd, const struct http_limits *limits,
    struct err *err)
{
	struct input input = {
		.fd = fd,
		.left = (uint64_t)request->content_length,
		.deadline = deadline_in(limits->read_timeout_ms),
	};
	struct body_source source = { .context = &input, .read = read_input };

	if (exchange_read_body(request, limits, &source) != 0)
		return err_set(err, &ERR_INVALID, "the body did not arrive");
	return 0;
}

int
cgi_serve(char *const env[], int in_fd, int out_fd,
    const struct http_limits *limits, const struct http_handler *handler,
    struct err *err)
{
	struct arena *arena = arena_create(limits->arena_bytes);
	struct http_response response;
	struct http_request request;
	struct buf head;
	bool sent;
	int result = -1;

	signal(SIGPIPE, SIG_IGN);
	if (exchange_open(&request, arena, env, limits, clock_monotonic_us()) !=
	    0) {
		err_set(err, &ERR_INVALID, "environment over %zu bytes",
		    limits->max_variables_bytes);
		goto out;
	}
	if (receive(&request, in_fd, limits, err) != 0)
		goto out;
	exchange_handle(handler, &request, limits, &response, &head);
	sent = send_reply(out_fd, &request, &response, &head,
	    deadline_in(limits->read_timeout_ms));
	exchange_close(handler, &request, &response, sent);
	if (sent)
		result = 0;
	else
		err_set(err, &ERR_UNAVAILABLE, "the reply was not read");
out:
	arena_free(arena);
	return result;
}
