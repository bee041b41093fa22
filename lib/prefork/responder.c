#include "prefork/responder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/clock.h"

#define PEER_MS	    2000
#define REPLY_BYTES (4 * 1024 * 1024)
#define ARENA_BYTES (2 * REPLY_BYTES)

static void
drop(struct responder_peer *peer)
{
	close(peer->fd);
	arena_free(peer->arena);
	*peer = (struct responder_peer){ .fd = -1 };
}

void
responder_open(struct responder *responder, int listen_fd)
{
	responder->listen_fd = listen_fd;
	for (size_t i = 0; i < RESPONDER_PEERS; i++)
		responder->peers[i] = (struct responder_peer){ .fd = -1 };
	if (listen_fd >= 0)
		fcntl(
		    listen_fd, F_SETFL, fcntl(listen_fd, F_GETFL) | O_NONBLOCK);
}

void
responder_close(struct responder *responder)
{
	responder->listen_fd = -1;
	for (size_t i = 0; i < RESPONDER_PEERS; i++)
		if (responder->peers[i].fd >= 0)
			drop(&responder->peers[i]);
}

/* --- the request -------------------------------------------------------- */

static bool
is_trusted(int fd)
{
	struct ucred who;
	socklen_t size = sizeof(who);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) != 0 ||
	    size != sizeof(who) || who.pid == 0)
		return false;
	return who.uid == 0 || who.uid == geteuid();
}

/* "GET /path?query HTTP/1.0", cut into its parts. */
static bool
split_line(char *line, struct responder_request *request)
{
	char *path = strchr(line, ' ');
	char *version = path == NULL ? NULL : strchr(path + 1, ' ');
	char *query;

	if (version == NULL || strncmp(version + 1, "HTTP/1.", 7) != 0)
		return false;
	*path++ = '\0';
	*version = '\0';
	query = strchr(path, '?');
	if (query != NULL)
		*query++ = '\0';
	request->method = line;
	request->path = path;
	request->query = query == NULL ? "" : query;
	return *path == '/';
}

static bool
parse(struct responder_peer *peer, struct responder_request *request)
{
	char *end = strpbrk(peer->request, "\r\n");
	const char *accept;

	request->trusted = is_trusted(peer->fd);
	accept = strcasestr(end, "\naccept:");
	if (accept != NULL) {
		size_t len = strcspn(accept + 1, "\n");
		const char *open =
		    strcasestr(accept, "application/openmetrics-text");

		request->open_metrics =
		    open != NULL && (size_t)(open - accept) <= len;
	}
	*end = '\0';
	return split_line(peer->request, request);
}

/* --- the reply ---------------------------------------------------------- */

static const char *
reason(int status)
{
	switch (status) {
	case 200:
		return "OK";
	case 400:
		return "Bad Request";
	case 403:
		return "Forbidden";
	case 404:
		return "Not Found";
	case 405:
		return "Method Not Allowed";
	case 409:
		return "Conflict";
	default:
		return "Internal Server Error";
	}
}

static void
begin_reply(struct responder *responder, struct responder_peer *peer)
{
	struct responder_request request = { 0 };
	struct responder_reply reply = { 200, "text/plain; charset=utf-8",
		{ 0 } };
	struct buf whole;

	peer->arena = arena_create(ARENA_BYTES);
	buf_init(&reply.body, peer->arena, REPLY_BYTES);
	if (parse(peer, &request)) {
		responder->answer(responder->context, &request, &reply);
	} else {
		reply.status = 400;
		buf_text(&reply.body, "bad request\n");
	}
	if (reply.body.failed) {
		reply.status = 500;
		reply.body.len = 0;
	}
	buf_init(&whole, peer->arena, REPLY_BYTES + 1024);
	buf_printf(&whole,
	    "HTTP/1.0 %d %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n"
	    "Cache-Control: no-store\r\nConnection: close\r\n\r\n",
	    reply.status, reason(reply.status), reply.type, reply.body.len);
	buf_append(&whole, reply.body.bytes, reply.body.len);
	peer->reply = whole.bytes;
	peer->reply_len = whole.len;
}

static bool
would_block(void)
{
	return errno == EAGAIN || errno == EINTR;
}

static void
send_more(struct responder_peer *peer)
{
	ssize_t sent = send(peer->fd, peer->reply + peer->sent,
	    peer->reply_len - peer->sent, MSG_NOSIGNAL);

	if (sent < 0 && would_block())
		return;
	if (sent > 0)
		peer->sent += (size_t)sent;
	if (sent < 0 || peer->sent == peer->reply_len)
		drop(peer);
}

/* True when the head is there whole. */
static bool
has_head(const struct responder_peer *peer)
{
	return strstr(peer->request, "\r\n\r\n") != NULL ||
	       strstr(peer->request, "\n\n") != NULL;
}

static void
read_more(struct responder *responder, struct responder_peer *peer)
{
	size_t room = sizeof(peer->request) - 1 - peer->request_len;
	ssize_t got = recv(
	    peer->fd, peer->request + peer->request_len, room, MSG_DONTWAIT);

	if (got < 0 && would_block())
		return;
	if (got <= 0) {
		drop(peer);
		return;
	}
	peer->request_len += (size_t)got;
	if (has_head(peer)) {
		begin_reply(responder, peer);
		send_more(peer);
	} else if ((size_t)got == room) {
		drop(peer);
	}
}

/* --- the loop's side ---------------------------------------------------- */

static struct responder_peer *
free_place(struct responder *responder)
{
	for (size_t i = 0; i < RESPONDER_PEERS; i++)
		if (responder->peers[i].fd < 0)
			return &responder->peers[i];
	return NULL;
}

static void
take_peers(struct responder *responder, int64_t now_ms)
{
	struct responder_peer *peer;

	while ((peer = free_place(responder)) != NULL) {
		int fd = accept4(responder->listen_fd, NULL, NULL,
		    SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd < 0)
			return;
		peer->fd = fd;
		peer->until_ms = now_ms + PEER_MS;
	}
}

/* The listening socket is left alone while all places are taken. */
void
responder_prepare(
    const struct responder *responder, struct pollfd fds[RESPONDER_FDS])
{
	bool full = true;

	for (size_t i = 0; i < RESPONDER_PEERS; i++) {
		const struct responder_peer *peer = &responder->peers[i];

		fds[i] = (struct pollfd){
			.fd = peer->fd,
			.events = peer->arena == NULL ? POLLIN : POLLOUT,
		};
		full = full && peer->fd >= 0;
	}
	fds[RESPONDER_PEERS] = (struct pollfd){
		.fd = full ? -1 : responder->listen_fd,
		.events = POLLIN,
	};
}

void
responder_work(struct responder *responder,
    const struct pollfd fds[RESPONDER_FDS], int64_t now_ms)
{
	for (size_t i = 0; i < RESPONDER_PEERS; i++) {
		struct responder_peer *peer = &responder->peers[i];

		if (peer->fd < 0 || peer->fd != fds[i].fd)
			continue;
		if (now_ms >= peer->until_ms)
			drop(peer);
		else if (fds[i].revents != 0 && peer->arena == NULL)
			read_more(responder, peer);
		else if (fds[i].revents != 0)
			send_more(peer);
	}
	if (responder->listen_fd >= 0 && fds[RESPONDER_PEERS].revents != 0)
		take_peers(responder, now_ms);
}

int64_t
responder_wait_ms(const struct responder *responder, int64_t now_ms)
{
	int64_t wait_ms = -1;

	for (size_t i = 0; i < RESPONDER_PEERS; i++) {
		const struct responder_peer *peer = &responder->peers[i];
		int64_t left_ms = peer->until_ms - now_ms;

		if (peer->fd < 0)
			continue;
		if (left_ms < 0)
			left_ms = 0;
		if (wait_ms < 0 || left_ms < wait_ms)
			wait_ms = left_ms;
	}
	return wait_ms;
}
