#include "http/fcgi_server.h"

#include <errno.h>
#include <fastcgi.h>
#include <fcgiapp.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/log.h"
#include "http/exchange.h"
#include "http/socket_watch.h"

#define IDLE_TICK_MS	 1000
#define SHORTAGE_WAIT_MS 50

/* Signals that stop or steer a worker; none may interrupt libfcgi, which never
 * retries a read or a write and would cut a request or a reply. */
static const int steering[] = {
	SIGTERM,
	SIGQUIT,
	SIGINT,
	SIGHUP,
	SIGUSR1,
	SIGUSR2,
	SIGCHLD,
};

struct server {
	int listen_fd;
	int signal_fd;
	int epoll_fd;
	sigset_t waiting_mask; /* steering signals that are not ours are open */
	const struct http_limits *limits;
	const struct http_handler *handler;
	const struct fcgi_observer *observer;
	struct fcgi_counts *counts;
	struct arena *arena;
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
	socket_watch_start(fcgi->ipcFd, server->limits->read_timeout_ms);
	sent = send_reply(fcgi, request, &response, &head);
	(void)socket_watch_stop();
	let_go(fcgi);
	server->counts->requests++;
	server->counts->unsent += !sent;
	exchange_close(server->handler, request, &response, sent);
}

/* Closes without a word: an empty reply would look like a finished one. */
static void
drop(struct server *server, FCGX_Request *fcgi, const char *why)
{
	FCGX_Detach(fcgi);
	FCGX_Free(fcgi, 1);
	server->counts->dropped++;
	log_write(
	    LOG_WARN, "request_dropped", LOG_FIELDS(LOG_TEXT("why", why)));
}

static int64_t
queued_ms(const struct server *server)
{
	const struct fcgi_observer *observer = server->observer;

	return observer->queued_ms == NULL
		   ? 0
		   : observer->queued_ms(observer->context);
}

/* True when a request was answered. */
static bool
serve(struct server *server, int fd)
{
	int64_t started_us = clock_monotonic_us();
	int64_t waited_ms;
	struct http_request request;
	FCGX_Request fcgi;
	const char *trouble;

	tell(server->observer->reading, server);
	waited_ms = queued_ms(server);
	adopt(&fcgi, fd);
	socket_watch_start(fd, server->limits->read_timeout_ms);
	trouble = receive(server, &fcgi, started_us, &request);
	request.queued_ms = waited_ms;
	if (!socket_watch_stop())
		trouble = "slow";
	if (trouble == NULL)
		answer(server, &fcgi, &request);
	else
		drop(server, &fcgi, trouble);
	arena_reset(server->arena);
	return trouble == NULL;
}

/* --- waiting ------------------------------------------------------------ */

enum wake {
	WAKE_STOP,
	WAKE_LAST, /* told to stop, but woken for a connection as well */
	WAKE_CONNECTION,
	WAKE_NOTHING,
	WAKE_SIGNAL
};

/* A connection that ended the same sleep as the wish to stop is taken: the
 * kernel woke nobody else for it. */
static enum wake
await(const struct server *server, int timeout_ms)
{
	struct epoll_event events[2];
	int n = epoll_pwait(server->epoll_fd, events, ARRAY_LEN(events),
	    timeout_ms, &server->waiting_mask);
	bool connection = false;
	bool stop = false;

	if (n < 0)
		return WAKE_SIGNAL;
	for (int i = 0; i < n; i++) {
		if (events[i].data.fd == server->signal_fd)
			stop = true;
		else
			connection = true;
	}
	if (stop)
		return connection && timeout_ms != 0 ? WAKE_LAST : WAKE_STOP;
	return connection ? WAKE_CONNECTION : WAKE_NOTHING;
}

/* Out of descriptors or memory: others may give some back. A stop ends the
 * wait. */
static void
wait_out_shortage(const struct server *server)
{
	struct pollfd stop = { .fd = server->signal_fd, .events = POLLIN };

	log_write(LOG_ERROR, "accept_failed",
	    LOG_FIELDS(LOG_TEXT("cause", strerror(errno))));
	poll(&stop, 1, SHORTAGE_WAIT_MS);
}

/* A connection; -1 with *fatal unset when there was none to take after all. */
static int
take_connection(const struct server *server, bool *fatal)
{
	int on = 1;
	int fd = accept4(server->listen_fd, NULL, NULL, SOCK_CLOEXEC);

	*fatal = false;
	if (fd >= 0) {
		/* Refused by unix sockets, which need none of it. */
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		return fd;
	}
	switch (errno) {
	case EBADF:
	case EINVAL:
	case ENOTSOCK:
	case EOPNOTSUPP:
		*fatal = true;
		break;
	case EMFILE:
	case ENFILE:
	case ENOBUFS:
	case ENOMEM:
		wait_out_shortage(server);
		break;
	}
	return -1;
}

/* Takes a connection, if it is still there. -1: the socket is none. */
static int
serve_next(struct server *server, bool *replied, struct err *err)
{
	bool fatal;
	int fd = take_connection(server, &fatal);

	*replied = false;
	if (fatal)
		return err_set(
		    err, &ERR_INTERNAL, "accept: %s", strerror(errno));
	if (fd >= 0)
		*replied = serve(server, fd);
	return 0;
}

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

	while (may_go_on(server)) {
		bool replied;

		tell(server->observer->waiting, server);
		switch (await(server, wait_ms)) {
		case WAKE_STOP:
			return 0;
		case WAKE_LAST:
			return serve_next(server, &replied, err);
		case WAKE_SIGNAL:
			break;
		case WAKE_NOTHING:
			wait_ms = rest(server);
			break;
		case WAKE_CONNECTION:
			if (serve_next(server, &replied, err) != 0)
				return -1;
			if (replied)
				wait_ms = 0;
			break;
		}
	}
	return 0;
}

/* --- setting up --------------------------------------------------------- */

/* TERM and QUIT always; INT and USR1 unless the process ignores or handles
 * them, as the workers of a pool do. */
static void
fill_stop_signals(sigset_t *stop)
{
	static const int optional[] = { SIGINT, SIGUSR1 };

	sigemptyset(stop);
	sigaddset(stop, SIGTERM);
	sigaddset(stop, SIGQUIT);
	for (size_t i = 0; i < ARRAY_LEN(optional); i++) {
		struct sigaction action;

		sigaction(optional[i], NULL, &action);
		if (action.sa_handler == SIG_DFL)
			sigaddset(stop, optional[i]);
	}
}

static int
set_signals(struct server *server)
{
	sigset_t blocked;
	sigset_t stop;

	fill_stop_signals(&stop);
	sigemptyset(&blocked);
	for (size_t i = 0; i < ARRAY_LEN(steering); i++)
		sigaddset(&blocked, steering[i]);
	sigprocmask(SIG_BLOCK, &blocked, &server->waiting_mask);
	for (size_t i = 0; i < ARRAY_LEN(steering); i++)
		if (sigismember(&stop, steering[i]))
			sigaddset(&server->waiting_mask, steering[i]);
	signal(SIGPIPE, SIG_IGN);
	server->signal_fd = signalfd(-1, &stop, SFD_CLOEXEC | SFD_NONBLOCK);
	return server->signal_fd;
}

static int
watch_events(const struct server *server, int fd, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.fd = fd };

	return epoll_ctl(server->epoll_fd, EPOLL_CTL_ADD, fd, &event);
}

static int
set_up(struct server *server, struct err *err)
{
	int flags = fcntl(server->listen_fd, F_GETFL);

	if (flags < 0 ||
	    fcntl(server->listen_fd, F_SETFL, flags | O_NONBLOCK) != 0)
		return err_set(err, &ERR_INTERNAL, "listening socket: %s",
		    strerror(errno));
	server->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	socket_watch_init();
	if (server->epoll_fd < 0 || set_signals(server) < 0 ||
	    watch_events(server, server->signal_fd, EPOLLIN) != 0 ||
	    watch_events(server, server->listen_fd, EPOLLIN | EPOLLEXCLUSIVE) !=
		0)
		return err_set(
		    err, &ERR_INTERNAL, "epoll: %s", strerror(errno));
	if (FCGX_Init() != 0)
		return err_set(err, &ERR_INTERNAL, "FCGX_Init failed");
	return 0;
}

int
fcgi_server_run(int listen_fd, const struct http_limits *limits,
    const struct http_handler *handler, const struct fcgi_observer *observer,
    struct fcgi_counts *counts, struct err *err)
{
	static const struct fcgi_observer nobody;
	struct server server = {
		.listen_fd = listen_fd,
		.signal_fd = -1,
		.epoll_fd = -1,
		.limits = limits,
		.handler = handler,
		.observer = observer != NULL ? observer : &nobody,
		.counts = counts,
		.arena = arena_create(limits->arena_bytes),
	};
	int result = set_up(&server, err);

	if (result == 0)
		result = loop(&server, err);
	arena_free(server.arena);
	if (server.signal_fd >= 0)
		close(server.signal_fd);
	if (server.epoll_fd >= 0)
		close(server.epoll_fd);
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
