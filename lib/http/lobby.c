#include "http/lobby.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

/* A FastCGI record's header (specification, section 3.3). */
#define HEADER_BYTES   8
#define VERSION	       1
#define AT_TYPE	       1
#define AT_LENGTH_HIGH 4
#define AT_LENGTH_LOW  5
#define AT_PADDING     6
#define TYPE_ABORT     2
#define TYPE_STDIN     5

int
lobby_open(struct lobby *lobby, int64_t limit_ms)
{
	*lobby = (struct lobby){
		.epoll_fd = epoll_create1(EPOLL_CLOEXEC),
		.limit_ms = limit_ms,
		.peeked = malloc(LOBBY_ENOUGH_BYTES),
	};
	return lobby->peeked == NULL || lobby->epoll_fd < 0 ? -1 : 0;
}

void
lobby_close(struct lobby *lobby)
{
	for (size_t i = 0; i < lobby->count; i++)
		close(lobby->guests[i].fd);
	lobby->count = 0;
	if (lobby->epoll_fd >= 0)
		close(lobby->epoll_fd);
	lobby->epoll_fd = -1;
	free(lobby->peeked);
	lobby->peeked = NULL;
}

/* --- what has come ------------------------------------------------------ */

/* The end of its input closes a request, and so does its abortion; what is no
 * record at all needs no more of it either. */
static bool
has_end(const unsigned char *bytes, size_t len)
{
	size_t at = 0;

	while (len - at >= HEADER_BYTES) {
		const unsigned char *header = bytes + at;
		size_t content =
		    (size_t)header[AT_LENGTH_HIGH] << 8 | header[AT_LENGTH_LOW];
		size_t whole = HEADER_BYTES + content + header[AT_PADDING];

		if (header[0] != VERSION || header[AT_TYPE] == TYPE_ABORT ||
		    (header[AT_TYPE] == TYPE_STDIN && content == 0))
			return true;
		if (whole > len - at)
			return false;
		at += whole;
	}
	return false;
}

bool
lobby_is_whole(const struct lobby *lobby, int fd)
{
	ssize_t len = recv(
	    fd, lobby->peeked, LOBBY_ENOUGH_BYTES, MSG_PEEK | MSG_DONTWAIT);

	if (len < 0)
		return errno != EAGAIN && errno != EINTR;
	return len == 0 || (size_t)len == LOBBY_ENOUGH_BYTES ||
	       has_end((const unsigned char *)lobby->peeked, (size_t)len);
}

/* --- coming and going --------------------------------------------------- */

static struct guest
take_out(struct lobby *lobby, size_t index)
{
	struct guest guest = lobby->guests[index];

	epoll_ctl(lobby->epoll_fd, EPOLL_CTL_DEL, guest.fd, NULL);
	lobby->count--;
	memmove(&lobby->guests[index], &lobby->guests[index + 1],
	    (lobby->count - index) * sizeof(guest));
	return guest;
}

bool
lobby_add(struct lobby *lobby, const struct guest *guest, struct guest *out)
{
	/* What has come already is told of as well. */
	struct epoll_event event = {
		.events = EPOLLIN | EPOLLRDHUP | EPOLLET,
		.data.fd = guest->fd,
	};
	bool full = lobby->count == LOBBY_GUESTS;

	if (full)
		*out = take_out(lobby, 0);
	lobby->guests[lobby->count++] = *guest;
	epoll_ctl(lobby->epoll_fd, EPOLL_CTL_ADD, guest->fd, &event);
	return full;
}

bool
lobby_call(struct lobby *lobby, struct guest *out)
{
	struct epoll_event event;
	bool hung_up;

	if (epoll_wait(lobby->epoll_fd, &event, 1, 0) != 1)
		return false;
	hung_up = (event.events & ~(uint32_t)EPOLLIN) != 0;
	for (size_t i = 0; i < lobby->count; i++) {
		if (lobby->guests[i].fd != event.data.fd)
			continue;
		if (!hung_up && !lobby_is_whole(lobby, event.data.fd))
			return false;
		*out = take_out(lobby, i);
		return true;
	}
	return false;
}

static int64_t
left_us(const struct lobby *lobby, int64_t now_us)
{
	return lobby->guests[0].came_us + lobby->limit_ms * 1000 - now_us;
}

bool
lobby_expire(struct lobby *lobby, int64_t now_us, struct guest *out)
{
	if (lobby->count == 0 || left_us(lobby, now_us) > 0)
		return false;
	*out = take_out(lobby, 0);
	return true;
}

int
lobby_wait_ms(const struct lobby *lobby, int64_t now_us)
{
	int64_t us;

	if (lobby->count == 0)
		return -1;
	us = left_us(lobby, now_us);
	return us > 0 ? (int)(us / 1000 + 1) : 0;
}
