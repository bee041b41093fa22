/*
 * A hard limit on how long one peer may hold this process, however it drips:
 * when the time is over its socket is shut down from a SIGALRM handler, which
 * ends the read or write that blocks now and every later one. One socket at a
 * time; owns SIGALRM and the process's real-time interval timer.
 */
#ifndef HTTP_SOCKET_WATCH_H
#define HTTP_SOCKET_WATCH_H

#include "core/base.h"

/* Installs the handler and unblocks SIGALRM. */
void socket_watch_init(void);
void socket_watch_start(int fd, int64_t ms);
/* False when the time was over: the socket is shut down. */
bool socket_watch_stop(void);

#endif
