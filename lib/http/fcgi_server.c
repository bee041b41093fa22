#include "http/fcgi_server.h"

#include <errno.h>
#include <fastcgi.h>
#include <fcgiapp.h>
#include <limits.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/log.h"
#include "http/exchange.h"
#include "http/reception.h"
#include "http/socket_watch.h"

#define IDLE_TICK_MS 1000
/* Idle is who had nothing to do for this long: a worker between two requests
 * of a busy hour is not. Before that it looks once without sleeping: a
 * connection found so was not left to it alone, and need not be taken when a
 * stop is there too. */
#define QUIET_MS 50
/* Of a send buffer; the rest is room for the kernel's own bookkeeping. */
#define BUFFER_SHARE 4
#define ROOM_UNKNOWN SIZE_MAX

struct server {
	struct reception reception;
	const struct http_limits *limits;
	const struct http_handler *handler;
	const struct fcgi_observer *observer;
	struct fcgi_counts *counts;
	struct arena *arena;
	size_t room_bytes; /* a reply up to this size never blocks */
};

/* --- what the surroundings see ------------------------------------------ */

static void
tell(void (*what)(void *context), const struct server *server)
{
	if (what != NULL)
		what(server->observer->context);
}

static bool
may_go_on(const struct server *server)
{
	const struct fcgi_observer *observer = server->observer;

	return observer->go_on == NULL || observer->go_on(observer->context);
}

/* --- one connection ----------------------------------------------------- */

static ssize_t
read_stdin(void *context, char *out, size_t size)
{
	FCGX_Stream *in = context;
	int got = FCGX_GetStr(out, size < INT_MAX ? (int)size : INT_MAX, in);

	return FCGX_GetError(in) == 0 ? got : -1;
}

/* NULL, or why the request was not received. Parameters that end in the middle
 * come as a success of FCGX_Accept_r, with the error left in the stream. */
static const char *
receive(struct server *server, FCGX_Request *fcgi, int64_t started_us,
    struct http_request *request)
{
	struct body_source source = { .read = read_stdin };

	if (FCGX_Accept_r(fcgi) != 0 || FCGX_GetError(fcgi->in) != 0)
		return "broken";
	if (fcgi->role != FCGI_RESPONDER)
		return "role";
	if (exchange_open(request, server->arena, fcgi->envp, server->limits,
		started_us) != 0)
		return "variables too large";
	source.context = fcgi->in;
	if (exchange_read_body(request, server->limits, &source) != 0)
		return "body broken";
	return NULL;
}

/* A request that is all there cannot block, and its time is not watched. */
static const char *
receive_in_time(struct server *server, FCGX_Request *fcgi,
    const struct guest *guest, struct http_request *request)
{
	int64_t started_us = clock_monotonic_us();
	const char *trouble;

	if (guest->all_there)
		return receive(server, fcgi, started_us, request);
	socket_watch_start(guest->fd, server->limits->read_timeout_ms);
	trouble = receive(server, fcgi, started_us, request);
	return socket_watch_stop() ? trouble : "slow";
}

static bool
put(FCGX_Stream *out, const char *bytes, size_t len)
{
	while (len > 0) {
		int n = len < INT_MAX ? (int)len : INT_MAX;

		if (FCGX_PutStr(bytes, n, out) != n)
			return false;
		bytes += n;
		len -= (size_t)n;
	}
	return true;
}

/* The error stream first: the last one closed writes the end of the request. */
static bool
send_reply(FCGX_Request *fcgi, const struct http_request *request,
    const struct http_response *response, const struct buf *head)
{
	bool sent = put(fcgi->out, head->bytes, head->len);

	if (sent && exchange_sends_body(request, response))
		sent = put(fcgi->out, response->body.bytes, response->body.len);
	return FCGX_FClose(fcgi->err) == 0 && FCGX_FClose(fcgi->out) == 0 &&
	       sent;
}

/* What a connection on which nothing was sent yet takes at once. Only a unix
 * socket's buffer is its own: TCP's memory is everybody's. */
static size_t
room_of(int fd)
{
	int domain = 0, buffer = 0;
	socklen_t size = sizeof(int);

	if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) != 0 ||
	    domain != AF_UNIX ||
	    getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &buffer, &size) != 0)
		return 0;
	return (size_t)buffer / BUFFER_SHARE;
}

/* Connections of one listening socket are alike: the first one tells. */
static bool
may_block(struct server *server, int fd, size_t bytes)
{
	if (server->room_bytes == ROOM_UNKNOWN)
		server->room_bytes = room_of(fd);
	return bytes > server->room_bytes;
}

static bool
send_in_time(struct server *server, FCGX_Request *fcgi,
    const struct http_request *request, const struct http_response *response,
    const struct buf *head)
{
	bool watched =
	    may_block(server, fcgi->ipcFd, head->len + response->body.len);
	bool sent;

	if (watched)
		socket_watch_start(
		    fcgi->ipcFd, server->limits->read_timeout_ms);
	sent = send_reply(fcgi, request, response, head);
	if (watched)
		(void)socket_watch_stop();
	return sent;
}

/* libfcgi reads from our descriptor as if it were a connection kept from an
 * earlier request, and never accepts by itself. Detached: it then closes
 * without waiting for the peer to close first. */
static void
adopt(FCGX_Request *fcgi, int fd)
{
	FCGX_InitRequest(fcgi, -1, 0);
	fcgi->ipcFd = fd;
	fcgi->keepConnection = 1;
	FCGX_Detach(fcgi);
}

/* Closes whatever FCGI_KEEP_CONN asked for. */
static void
let_go(FCGX_Request *fcgi)
{
	FCGX_Detach(fcgi);
	FCGX_Finish_r(fcgi);
	FCGX_Free(fcgi, 1);
}

static void
answer(struct server *server, FCGX_Request *fcgi, struct http_request *request)
{
	const struct fcgi_observer *observer = server->observer;
	struct http_response response;
	struct buf head;
	bool sent;

	if (observer->working != NULL)
		observer->working(observer->context, request);
	exchange_handle(
	    server->handler, request, server->limits, &response, &head);
	sent = send_in_time(server, fcgi, request, &response, &head);
	let_go(fcgi);
	server->counts->requests++;
	server->counts->unsent += !sent;
	exchange_close(server->handler, request, &response, sent);
}

static void
count_dropped(struct server *server, const char *why)
{
	server->counts->dropped++;
	log_write(
	    LOG_WARN, "request_dropped", LOG_FIELDS(LOG_TEXT("why", why)));
}

/* Closes without a word: an empty reply would look like a finished one. */
static void
drop(struct server *server, FCGX_Request *fcgi, const char *why)
{
	FCGX_Detach(fcgi);
	FCGX_Free(fcgi, 1);
	count_dropped(server, why);
}

/* True when a request was answered. */
static bool
serve(struct server *server, const struct guest *guest)
{
	struct http_request request;
	FCGX_Request fcgi;
	const char *trouble;

	tell(server->observer->reading, server);
	adopt(&fcgi, guest->fd);
	trouble = receive_in_time(server, &fcgi, guest, &request);
	if (trouble == NULL) {
		request.queued_ms = guest->queued_ms;
		answer(server, &fcgi, &request);
	} else {
		drop(server, &fcgi, trouble);
	}
	arena_reset(server->arena);
	return trouble == NULL;
}

static void
refuse(struct server *server, const struct guest *guest)
{
	close(guest->fd);
	count_dropped(server, "slow");
}

/* --- the loop ----------------------------------------------------------- */

/* Milliseconds until idle is due again; -1: nothing is to be done. */
static int
rest(const struct server *server)
{
	const struct http_handler *handler = server->handler;

	if (handler->idle == NULL)
		return IDLE_TICK_MS;
	return handler->idle(handler->context) ? IDLE_TICK_MS : -1;
}

static int
loop(struct server *server, struct err *err)
{
	int wait_ms = IDLE_TICK_MS;

	for (;;) {
		struct guest guest;

		if (!may_go_on(server))
			reception_end(&server->reception);
		else if (wait_ms != QUIET_MS)
			tell(server->observer->waiting, server);
		switch (reception_wait(&server->reception, wait_ms, &guest)) {
		case RECEPTION_GUEST:
			if (serve(server, &guest))
				wait_ms = 0;
			break;
		case RECEPTION_REFUSED:
			refuse(server, &guest);
			break;
		case RECEPTION_QUIET:
			wait_ms = wait_ms == 0 ? QUIET_MS : rest(server);
			break;
		case RECEPTION_SIGNAL:
			break;
		case RECEPTION_STOP:
			return 0;
		case RECEPTION_BROKEN:
			return err_set(
			    err, &ERR_INTERNAL, "accept: %s", strerror(errno));
		}
	}
}

int
fcgi_server_run(int listen_fd, const struct http_limits *limits,
    const struct http_handler *handler, const struct fcgi_observer *observer,
    struct fcgi_counts *counts, struct err *err)
{
	static const struct fcgi_observer nobody;
	struct server server = {
		.limits = limits,
		.handler = handler,
		.observer = observer != NULL ? observer : &nobody,
		.counts = counts,
		.arena = arena_create(limits->arena_bytes),
		.room_bytes = ROOM_UNKNOWN,
	};
	int result;

	server.reception.queued_ms = server.observer->queued_ms;
	server.reception.context = server.observer->context;
	socket_watch_init();
	result = reception_open(
	    &server.reception, listen_fd, limits->read_timeout_ms, err);
	if (result == 0 && FCGX_Init() != 0)
		result = err_set(err, &ERR_INTERNAL, "FCGX_Init failed");
	if (result == 0)
		result = loop(&server, err);
	arena_free(server.arena);
	reception_close(&server.reception);
	return result;
}

bool
fcgi_is_listener(int fd)
{
	int listening = 0;
	socklen_t size = sizeof(listening);

	return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) ==
		   0 &&
	       listening;
}
