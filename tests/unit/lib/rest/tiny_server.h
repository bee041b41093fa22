/*
 * A tiny HTTP server for the tests of rest_client: a process of its own on a
 * loopback port, one child a connection. The path says how it behaves; what it
 * has seen is in shared memory. Everything dies with the test.
 */
#ifndef TINY_SERVER_H
#define TINY_SERVER_H

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base.h"

#define TINY_HEAD_BYTES 4096

struct tiny_server {
	int port;
	pid_t pid;
	_Atomic unsigned connections, requests, met;
};

/* One connection; `head` is the request in work. */
struct tiny_connection {
	struct tiny_server *server;
	int fd;
	unsigned requests;
	char head[TINY_HEAD_BYTES];
};

static inline bool
tiny_send(struct tiny_connection *connection, const char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t sent = send(connection->fd, bytes, len, MSG_NOSIGNAL);
		if (sent <= 0)
			return false;
		bytes += sent;
		len -= (size_t)sent;
	}
	return true;
}

static inline bool
tiny_say(struct tiny_connection *connection, const char *text)
{
	return tiny_send(connection, text, strlen(text));
}

static inline bool
tiny_answer(
    struct tiny_connection *connection, const char *status, const char *body)
{
	char head[200];

	snprintf(head, sizeof(head),
	    "HTTP/1.1 %s\r\nContent-Length: %zu\r\n\r\n", status, strlen(body));
	return tiny_say(connection, head) && tiny_say(connection, body);
}

/* --- behaviours: false closes the connection ------------------------------ */

static inline bool
tiny_ok(struct tiny_connection *connection)
{
	return tiny_answer(connection, "200 OK", "{\"success\":true}");
}

static inline bool
tiny_echo(struct tiny_connection *connection)
{
	return tiny_answer(connection, "200 OK", connection->head);
}

static inline bool
tiny_not_found(struct tiny_connection *connection)
{
	return tiny_answer(connection, "404 Not Found", "nothing");
}

static inline bool
tiny_error(struct tiny_connection *connection)
{
	return tiny_answer(connection, "500 Internal Server Error", "broken");
}

static inline bool
tiny_redirect(struct tiny_connection *connection)
{
	return tiny_say(connection,
	    "HTTP/1.1 302 Found\r\nLocation: /ok\r\nContent-Length: 0\r\n\r\n");
}

/* /bytes/N */
static inline bool
tiny_bytes(struct tiny_connection *connection)
{
	size_t len =
	    strtoul(connection->head + strlen("GET /bytes/"), NULL, 10);
	char head[100], *body = malloc(len + 1);

	memset(body, 'x', len);
	snprintf(head, sizeof(head),
	    "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", len);
	bool sent =
	    tiny_say(connection, head) && tiny_send(connection, body, len);
	free(body);
	return sent;
}

/* As Node does after five idle seconds: answers, then closes unasked. */
static inline bool
tiny_close_after(struct tiny_connection *connection)
{
	tiny_ok(connection);
	return false;
}

/* Closes on the second request of a connection: the race that a closing peer
 * loses when the request is already on its way. */
static inline bool
tiny_stale(struct tiny_connection *connection)
{
	return connection->requests == 1 && tiny_ok(connection);
}

static inline bool
tiny_hang_up(struct tiny_connection *connection)
{
	(void)connection;
	return false;
}

static inline bool
tiny_silent(struct tiny_connection *connection)
{
	char byte;

	(void)!recv(connection->fd, &byte, 1, 0); /* until the client goes */
	return false;
}

static inline bool
tiny_stall(struct tiny_connection *connection)
{
	tiny_say(
	    connection, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf");
	return tiny_silent(connection);
}

static inline bool
tiny_truncated(struct tiny_connection *connection)
{
	tiny_say(
	    connection, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf");
	return false;
}

static inline bool
tiny_endless(struct tiny_connection *connection)
{
	bool sent = tiny_say(connection,
	    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");

	while (sent)
		sent = tiny_say(connection, "8\r\n12345678\r\n");
	return false;
}

static inline bool
tiny_endless_headers(struct tiny_connection *connection)
{
	bool sent = tiny_say(connection, "HTTP/1.1 200 OK\r\n");

	while (sent)
		sent = tiny_say(connection, "X: y\r\n");
	return false;
}

/* /headers/N short ones in all, the status line and the empty line included. */
static inline bool
tiny_headers(struct tiny_connection *connection)
{
	size_t count =
	    strtoul(connection->head + strlen("GET /headers/"), NULL, 10);

	tiny_say(connection, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n");
	for (size_t i = 3; i < count; i++)
		tiny_say(connection, "X: y\r\n");
	return tiny_say(connection, "\r\n");
}

static inline bool
tiny_long_header(struct tiny_connection *connection)
{
	char value[20000];

	memset(value, 'v', sizeof(value));
	tiny_say(connection, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX: ");
	tiny_send(connection, value, sizeof(value));
	return tiny_say(connection, "\r\n\r\n");
}

static inline bool
tiny_endless_interim(struct tiny_connection *connection)
{
	while (tiny_say(connection, "HTTP/1.1 102 Processing\r\n\r\n"))
		continue;
	return false;
}

static inline bool
tiny_garbage(struct tiny_connection *connection)
{
	tiny_say(connection, "<html>this is not HTTP</html>\r\n\r\n");
	return false;
}

static inline bool
tiny_gzip(struct tiny_connection *connection)
{
	return tiny_say(connection,
	    "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n"
	    "Content-Length: 3\r\n\r\n\x1f\x8b\x08");
}

/* Answers once four requests have come in, so only to calls side by side. */
static inline bool
tiny_meet(struct tiny_connection *connection)
{
	connection->server->met++;
	while (connection->server->met < 4)
		usleep(500);
	return tiny_ok(connection);
}

static const struct {
	const char *path;
	bool (*behave)(struct tiny_connection *connection);
} tiny_behaviours[] = {
	{ "/ok", tiny_ok },
	{ "/echo", tiny_echo },
	{ "/not-found", tiny_not_found },
	{ "/error", tiny_error },
	{ "/redirect", tiny_redirect },
	{ "/bytes/", tiny_bytes },
	{ "/close-after", tiny_close_after },
	{ "/stale", tiny_stale },
	{ "/hang-up", tiny_hang_up },
	{ "/silent", tiny_silent },
	{ "/stall", tiny_stall },
	{ "/truncated", tiny_truncated },
	{ "/endless-headers", tiny_endless_headers },
	{ "/endless-interim", tiny_endless_interim },
	{ "/endless", tiny_endless },
	{ "/headers/", tiny_headers },
	{ "/long-header", tiny_long_header },
	{ "/garbage", tiny_garbage },
	{ "/gzip", tiny_gzip },
	{ "/meet", tiny_meet },
};

/* --- connections ---------------------------------------------------------- */

/* Reads one request head; false at the end of the connection. */
static inline bool
tiny_read_head(struct tiny_connection *connection)
{
	size_t len = 0;
	ssize_t got;

	do {
		got = recv(connection->fd, connection->head + len,
		    TINY_HEAD_BYTES - 1 - len, 0);
		if (got <= 0)
			return false;
		len += (size_t)got;
		connection->head[len] = '\0';
	} while (!strstr(connection->head, "\r\n\r\n"));
	return true;
}

static inline bool
tiny_behave(struct tiny_connection *connection)
{
	const char *path = connection->head + strlen("GET ");

	for (size_t i = 0; i < ARRAY_LEN(tiny_behaviours); i++)
		if (!strncmp(path, tiny_behaviours[i].path,
			strlen(tiny_behaviours[i].path)))
			return tiny_behaviours[i].behave(connection);
	return false;
}

static inline void
tiny_serve(struct tiny_server *server, int fd)
{
	struct tiny_connection connection = { .server = server, .fd = fd };

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int));
	while (tiny_read_head(&connection)) {
		connection.requests++;
		server->requests++;
		if (!tiny_behave(&connection))
			break;
	}
	_exit(0);
}

static inline void
tiny_accept(struct tiny_server *server, int listener)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGCHLD, SIG_IGN);
	for (;;) {
		int fd = accept(listener, NULL, NULL);
		if (fd < 0)
			continue;
		server->connections++;
		if (fork() == 0)
			tiny_serve(server, fd);
		close(fd);
	}
}

/* A bound socket on a free loopback port. */
static inline int
tiny_bind(int *port)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (bind(fd, (struct sockaddr *)&address, len) ||
	    getsockname(fd, (struct sockaddr *)&address, &len))
		abort();
	*port = ntohs(address.sin_port);
	return fd;
}

static inline struct tiny_server *
tiny_start(void)
{
	struct tiny_server *server = mmap(NULL, sizeof(*server),
	    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int listener = tiny_bind(&server->port);

	if (listen(listener, 64))
		abort();
	pid_t pid = fork();
	if (pid < 0)
		abort();
	if (pid == 0)
		tiny_accept(server, listener);
	server->pid = pid;
	close(listener);
	return server;
}

static inline void
tiny_stop(struct tiny_server *server)
{
	kill(server->pid, SIGKILL);
	waitpid(server->pid, NULL, 0);
	munmap(server, sizeof(*server));
}

#endif
