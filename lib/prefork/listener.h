/*
 * Listening sockets: made by us, or inherited.
 */
#ifndef PREFORK_LISTENER_H
#define PREFORK_LISTENER_H

#include "core/err.h"

/* "unix:/path" or "HOST:PORT" (loopback hosts only). A unix socket is bound
 * under a temporary name, given `mode`, and renamed into place, so that it is
 * never seen half made; close-on-exec; backlog as given. Returns the
 * descriptor or -1 (public details say what to do). */
int listener_open(const char *address, unsigned mode, int backlog,
    struct err *err) MUST_CHECK;
/* The socket that systemd (LISTEN_FDS, LISTEN_PID) or an earlier generation
 * handed over; -1 when there is none. */
int listener_inherited(void);

#endif
