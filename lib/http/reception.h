/*
 * Where a worker waits: for connections, for the signal to stop, for guests
 * whose requests are still on their way. Internal to lib/http.
 */
#ifndef HTTP_RECEPTION_H
#define HTTP_RECEPTION_H

#include <signal.h>

#include "core/err.h"
#include "http/lobby.h"

enum reception_event {
	RECEPTION_GUEST,   /* whose request can be read without waiting */
	RECEPTION_REFUSED, /* a guest that took too long, or had to give way */
	RECEPTION_QUIET,   /* nothing happened */
	RECEPTION_SIGNAL,  /* the process handled a signal */
	RECEPTION_STOP,	   /* it was told to stop, and nobody is left */
	RECEPTION_BROKEN   /* the listening socket is none; see errno */
};

struct reception {
	int listen_fd;
	int signal_fd;
	int epoll_fd;
	sigset_t waiting_mask; /* steering signals that are not ours are open */
	bool closing;	       /* nobody else is let in */
	bool guests_first;     /* whose turn it is when both are there */
	struct lobby lobby;
	/* How long the connection that was just accepted had waited; may be
	 * NULL. */
	int64_t (*queued_ms)(void *context);
	void *context;
};

/* Blocks all steering signals but while waiting. listen_fd is lent and made
 * non-blocking; a request has limit_ms to arrive. */
int reception_open(struct reception *reception, int listen_fd, int64_t limit_ms,
    struct err *err) MUST_CHECK;
void reception_close(struct reception *reception);
/* Lets nobody else in; RECEPTION_STOP comes when the last guest was served. */
void reception_end(struct reception *reception);
/* Waits for one event, timeout_ms at most (-1: for ever). *guest is set with
 * GUEST and REFUSED, and is the caller's then. */
enum reception_event reception_wait(
    struct reception *reception, int timeout_ms, struct guest *guest);

#endif
