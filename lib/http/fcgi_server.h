/*
 * The loop of one FastCGI worker (fcgiapp.h's one home).
 *
 * Waits on its own epoll (exclusive wake-up), accepts without blocking, leaves
 * a connection aside until its request has arrived, hands it to libfcgi for the
 * records, and closes it after each reply, whatever FCGI_KEEP_CONN asked for: a
 * kept connection would pin a worker, and so would one that is silent.
 * A request that arrives truncated, aborted, too slowly, with too many
 * variables or in a role other than responder is dropped without a reply,
 * counted and never handled. All signals that stop or steer a worker are
 * blocked while a request is in work; one that the process handles ends a wait,
 * and `waiting` is called again.
 */
#ifndef HTTP_FCGI_SERVER_H
#define HTTP_FCGI_SERVER_H

#include "http/http.h"

/* Only ever added to. */
struct fcgi_counts {
	uint64_t requests;
	uint64_t dropped; /* arrived broken */
	uint64_t unsent;  /* the peer left before the reply */
};

/* How the loop tells its surroundings what it is doing, and asks whether to go
 * on; each may be NULL. */
struct fcgi_observer {
	void *context;
	void (*waiting)(void *context);
	/* A connection was accepted: for how many milliseconds it had waited,
	 * at least; for http_request. */
	int64_t (*queued_ms)(void *context);
	void (*reading)(void *context); /* its request is there, or most of it
					 */
	void (*working)(void *context, const struct http_request *request);
	/* False ends the loop: stop asked for, or enough requests served. */
	bool (*go_on)(void *context);
};

/* Serves until go_on says no or SIGTERM, SIGQUIT, SIGINT or SIGUSR1 asks to
 * stop; the last two only with their default disposition, for in a pool they
 * are the master's. The request in work is always finished, and no other is
 * taken. Makes listen_fd non-blocking, takes SIGALRM and the real-time interval
 * timer, ignores SIGPIPE, and leaves the stop signals blocked. Returns 0, or -1
 * with err when the loop cannot run. */
int fcgi_server_run(int listen_fd, const struct http_limits *limits,
    const struct http_handler *handler, const struct fcgi_observer *observer,
    struct fcgi_counts *counts, struct err *err) MUST_CHECK;

/* True when fd is a listening socket (how a web server starts us). */
bool fcgi_is_listener(int fd);

#endif
