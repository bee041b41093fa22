#include "support/tiny_server.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define HEAD_BYTES 4096

/* One connection; `head` is the request in work. */
struct connection {
	struct tiny_server *server;
	int fd;
	unsigned requests;
	char head[HEAD_BYTES];
};

static bool
send_all(struct connection *connection, const char *bytes, size_t len)
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

static bool
say(struct connection *connection, const char *text)
{
	return send_all(connection, text, strlen(text));
}

static bool
answer(struct connection *connection, const char *status, const char *body)
{
	char head[200];

	snprintf(head, sizeof(head),
	    "HTTP/1.1 %s\r\nContent-Length: %zu\r\n\r\n", status, strlen(body));
	return say(connection, head) && say(connection, body);
}

/* --- behaviours: false closes the connection ------------------------------ */

static bool
answer_ok(struct connection *connection)
{
	return answer(connection, "200 OK", "{\"success\":true}");
}

static bool
echo(struct connection *connection)
{
	return answer(connection, "200 OK", connection->head);
}

static bool
answer_not_found(struct connection *connection)
{
	return answer(connection, "404 Not Found", "nothing");
}

static bool
answer_error(struct connection *connection)
{
	return answer(connection, "500 Internal Server Error", "broken");
}

static bool
redirect(struct connection *connection)
{
	return say(connection,
	    "HTTP/1.1 302 Found\r\nLocation: /ok\r\nContent-Length: 0\r\n\r\n");
}

/* /bytes/N */
static bool
answer_bytes(struct connection *connection)
{
	size_t len =
	    strtoul(connection->head + strlen("GET /bytes/"), NULL, 10);
	char head[100], *body = malloc(len + 1);

	memset(body, 'x', len);
	snprintf(head, sizeof(head),
	    "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", len);
	bool sent = say(connection, head) && send_all(connection, body, len);
	free(body);
	return sent;
}

/* As Node does after five idle seconds: answers, then closes unasked. */
static bool
close_after(struct connection *connection)
{
	answer_ok(connection);
	return false;
}

/* Closes on the second request of a connection: the race that a closing peer
 * loses when the request is already on its way. */
static bool
go_stale(struct connection *connection)
{
	return connection->requests == 1 && answer_ok(connection);
}

static bool
hang_up(struct connection *connection)
{
	(void)connection;
	return false;
}

static bool
stay_silent(struct connection *connection)
{
	char byte;

	(void)!recv(connection->fd, &byte, 1, 0); /* until the client goes */
	return false;
}

static bool
stall(struct connection *connection)
{
	say(connection, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf");
	return stay_silent(connection);
}

static bool
truncate_body(struct connection *connection)
{
	say(connection, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf");
	return false;
}

static bool
endless_body(struct connection *connection)
{
	bool sent = say(connection,
	    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");

	while (sent)
		sent = say(connection, "8\r\n12345678\r\n");
	return false;
}

static bool
endless_headers(struct connection *connection)
{
	bool sent = say(connection, "HTTP/1.1 200 OK\r\n");

	while (sent)
		sent = say(connection, "X: y\r\n");
	return false;
}

/* /headers/N short ones in all, the status line and the empty line included. */
static bool
answer_headers(struct connection *connection)
{
	size_t count =
	    strtoul(connection->head + strlen("GET /headers/"), NULL, 10);

	say(connection, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n");
	for (size_t i = 3; i < count; i++)
		say(connection, "X: y\r\n");
	return say(connection, "\r\n");
}

static bool
long_header(struct connection *connection)
{
	char value[20000];

	memset(value, 'v', sizeof(value));
	say(connection, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX: ");
	send_all(connection, value, sizeof(value));
	return say(connection, "\r\n\r\n");
}

static bool
endless_interim(struct connection *connection)
{
	while (say(connection, "HTTP/1.1 102 Processing\r\n\r\n"))
		continue;
	return false;
}

static bool
talk_garbage(struct connection *connection)
{
	say(connection, "<html>this is not HTTP</html>\r\n\r\n");
	return false;
}

static bool
answer_gzip(struct connection *connection)
{
	return say(connection, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n"
			       "Content-Length: 3\r\n\r\n\x1f\x8b\x08");
}

/* Answers once four requests have come in, so only to calls side by side. */
static bool
meet(struct connection *connection)
{
	connection->server->met++;
	while (connection->server->met < 4)
		usleep(500);
	return answer_ok(connection);
}

static const struct {
	const char *path;
	bool (*behave)(struct connection *connection);
} behaviours[] = {
	{ "/ok", answer_ok },
	{ "/echo", echo },
	{ "/not-found", answer_not_found },
	{ "/error", answer_error },
	{ "/redirect", redirect },
	{ "/bytes/", answer_bytes },
	{ "/close-after", close_after },
	{ "/stale", go_stale },
	{ "/hang-up", hang_up },
	{ "/silent", stay_silent },
	{ "/stall", stall },
	{ "/truncated", truncate_body },
	{ "/endless-headers", endless_headers },
	{ "/endless-interim", endless_interim },
	{ "/endless", endless_body },
	{ "/headers/", answer_headers },
	{ "/long-header", long_header },
	{ "/garbage", talk_garbage },
	{ "/gzip", answer_gzip },
	{ "/meet", meet },
};

/* --- connections ---------------------------------------------------------- */

/* Reads one request head; false at the end of the connection. */
static bool
read_head(struct connection *connection)
{
	size_t len = 0;
	ssize_t got;

	do {
		got = recv(connection->fd, connection->head + len,
		    HEAD_BYTES - 1 - len, 0);
		if (got <= 0)
			return false;
		len += (size_t)got;
		connection->head[len] = '\0';
	} while (!strstr(connection->head, "\r\n\r\n"));
	return true;
}

static bool
behave(struct connection *connection)
{
	const char *path = connection->head + strlen("GET ");

	for (size_t i = 0; i < ARRAY_LEN(behaviours); i++)
		if (!strncmp(
			path, behaviours[i].path, strlen(behaviours[i].path)))
			return behaviours[i].behave(connection);
	return false;
}

static void
serve(struct tiny_server *server, int fd)
{
	struct connection connection = { .server = server, .fd = fd };

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int));
	while (read_head(&connection)) {
		connection.requests++;
		server->requests++;
		if (!behave(&connection))
			break;
	}
	_exit(0);
}

static void
accept_all(struct tiny_server *server, int listener)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGCHLD, SIG_IGN);
	for (;;) {
		int fd = accept(listener, NULL, NULL);
		if (fd < 0)
			continue;
		server->connections++;
		if (fork() == 0)
			serve(server, fd);
		close(fd);
	}
}

int
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

struct tiny_server *
tiny_start(void)
{
	struct tiny_server *server = mmap(NULL, sizeof(*server),
	    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int listener;
	pid_t pid;

	if (server == MAP_FAILED)
		abort();
	listener = tiny_bind(&server->port);
	if (listen(listener, 64))
		abort();
	pid = fork();
	if (pid < 0)
		abort();
	if (pid == 0)
		accept_all(server, listener);
	server->pid = pid;
	close(listener);
	return server;
}

void
tiny_stop(struct tiny_server *server)
{
	kill(server->pid, SIGKILL);
	waitpid(server->pid, NULL, 0);
	munmap(server, sizeof(*server));
}
