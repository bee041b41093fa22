#include "prefork/status_client.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/clock.h"
#include "prefork/listener.h"

#define ANSWER_BYTES (4 * 1024 * 1024)

static int
wait_for(int fd, short events, struct deadline deadline, struct err *err)
{
	struct pollfd ready = { .fd = fd, .events = events };
	int64_t left_ms = deadline_left_ms(deadline);

	if (left_ms > 0 && poll(&ready, 1, (int)left_ms) > 0)
		return 0;
	return err_set_public(
	    err, &ERR_TIMEOUT, "the pool's master does not answer in time");
}

static int
send_request(int fd, const char *method, const char *target,
    struct deadline deadline, struct err *err)
{
	char text[512];
	int len = snprintf(text, sizeof(text),
	    "%s %s HTTP/1.0\r\nHost: pool\r\n\r\n", method, target);

	if (len < 0 || (size_t)len >= sizeof(text))
		return err_set(err, &ERR_INVALID, "the target is too long");
	if (wait_for(fd, POLLOUT, deadline, err) != 0)
		return -1;
	if (send(fd, text, (size_t)len, MSG_NOSIGNAL) != len)
		return err_set_public(err, &ERR_UNAVAILABLE,
		    "the pool's master hung up: %s", strerror(errno));
	return 0;
}

static int
receive(int fd, struct deadline deadline, struct buf *answer, struct err *err)
{
	char piece[8192];
	ssize_t got;

	do {
		if (wait_for(fd, POLLIN, deadline, err) != 0)
			return -1;
		got = recv(fd, piece, sizeof(piece), 0);
		if (got > 0)
			buf_append(answer, piece, (size_t)got);
	} while (got > 0 || (got < 0 && errno == EINTR));
	if (got == 0 && !answer->failed)
		return 0;
	return err_set_public(err, &ERR_UNAVAILABLE,
	    "the pool's master did not answer to the end");
}

static int
split(const struct buf *text, struct status_answer *answer, struct err *err)
{
	const char *space = strchr(text->bytes, ' ');
	const char *body = strstr(text->bytes, "\r\n\r\n");

	if (strncmp(text->bytes, "HTTP/1.", 7) != 0 || space == NULL ||
	    body == NULL)
		return err_set_public(err, &ERR_UNAVAILABLE,
		    "what listens there is no pool's master");
	answer->status = (int)strtol(space, NULL, 10);
	answer->body = body + 4;
	return 0;
}

int
status_client_ask(const char *address, const char *method, const char *target,
    int64_t timeout_ms, struct arena *arena, struct status_answer *answer,
    struct err *err)
{
	struct deadline deadline = deadline_in(timeout_ms);
	struct buf text;
	int fd = listener_connect(address, err);
	int result = -1;

	if (fd < 0)
		return -1;
	buf_init(&text, arena, ANSWER_BYTES);
	if (send_request(fd, method, target, deadline, err) == 0 &&
	    receive(fd, deadline, &text, err) == 0)
		result = split(&text, answer, err);
	close(fd);
	return result;
}
