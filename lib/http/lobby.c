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
#define AT_ID_HIGH     2
#define AT_ID_LOW      3
#define AT_LENGTH_HIGH 4
#define AT_LENGTH_LOW  5
#define AT_PADDING     6
#define TYPE_BEGIN     1
#define TYPE_ABORT     2
#define TYPE_PARAMS    4
#define TYPE_STDIN     5

struct record {
	unsigned type;
	unsigned id;
	size_t content;
	size_t whole; /* header and padding included */
};

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

static bool
record_at(const unsigned char *header, struct record *record)
{
	record->type = header[AT_TYPE];
	record->id = (unsigned)header[AT_ID_HIGH] << 8 | header[AT_ID_LOW];
	record->content =
	    (size_t)header[AT_LENGTH_HIGH] << 8 | header[AT_LENGTH_LOW];
	record->whole = HEADER_BYTES + record->content + header[AT_PADDING];
	return header[0] == VERSION;
}

/* What every web server sends, and nothing besides: a beginning, parameters and
 * input, the latter two up to their empty records, all of one request. Of that
 * libfcgi reads exactly this much, whereas it passes over strange records and
 * reads on. */
struct order {
	unsigned id;
	unsigned next; /* the one type that may come; 0: another came */
};

static void
note_order(struct order *order, const struct record *record)
{
	if (order->next == TYPE_BEGIN)
		order->id = record->id;
	if (record->type != order->next || record->id != order->id ||
	    record->id == 0)
		order->next = 0;
	else if (order->next == TYPE_BEGIN)
		order->next = TYPE_PARAMS;
	else if (order->next == TYPE_PARAMS && record->content == 0)
		order->next = TYPE_STDIN;
}

/* The end of its input closes a request, and so does its abortion; what is no
 * record at all needs no more of it either. */
static enum arrival
judge(const unsigned char *bytes, size_t len)
{
	struct order order = { .next = TYPE_BEGIN };
	struct record record;

	for (size_t at = 0; len - at >= HEADER_BYTES; at += record.whole) {
		if (!record_at(bytes + at, &record) ||
		    record.type == TYPE_ABORT)
			return ARRIVAL_ENOUGH;
		note_order(&order, &record);
		if (record.type == TYPE_STDIN && record.content == 0)
			return order.next == TYPE_STDIN &&
				       record.whole <= len - at
				   ? ARRIVAL_ALL
				   : ARRIVAL_ENOUGH;
		if (record.whole > len - at)
			break;
	}
	return ARRIVAL_PART;
}

enum arrival
lobby_look(const struct lobby *lobby, int fd)
{
	ssize_t len = recv(
	    fd, lobby->peeked, LOBBY_ENOUGH_BYTES, MSG_PEEK | MSG_DONTWAIT);
	enum arrival arrival;

	if (len < 0)
		return errno == EAGAIN || errno == EINTR ? ARRIVAL_PART
							 : ARRIVAL_ENOUGH;
	if (len == 0)
		return ARRIVAL_ENOUGH;
	arrival = judge((const unsigned char *)lobby->peeked, (size_t)len);
	if (arrival == ARRIVAL_PART && (size_t)len == LOBBY_ENOUGH_BYTES)
		return ARRIVAL_ENOUGH;
	return arrival;
}

/* --- coming and going --------------------------------------------------- */

/* The kernel forgets the descriptor when it is closed. */
static struct guest
take_out(struct lobby *lobby, size_t index)
{
	struct guest guest = lobby->guests[index];

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
	enum arrival arrival;
	bool hung_up;

	if (epoll_wait(lobby->epoll_fd, &event, 1, 0) != 1)
		return false;
	hung_up = (event.events & ~(uint32_t)EPOLLIN) != 0;
	for (size_t i = 0; i < lobby->count; i++) {
		if (lobby->guests[i].fd != event.data.fd)
			continue;
		arrival = lobby_look(lobby, event.data.fd);
		if (!hung_up && arrival == ARRIVAL_PART)
			return false;
		*out = take_out(lobby, i);
		out->all_there = arrival == ARRIVAL_ALL;
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
