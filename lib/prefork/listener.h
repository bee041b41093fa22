/*
 * Listening sockets: made by us, or inherited.
 */
#ifndef PREFORK_LISTENER_H
#define PREFORK_LISTENER_H

#include "core/err.h"

/* What an address is, as text for those who wrote another. */
#define LISTENER_ADDRESS                                                       \
	"unix:/path, 127.0.0.1:PORT, [::1]:PORT or localhost:PORT"

/* Whether the text is such an address; nothing is looked up or opened. */
bool listener_address_valid(const char *address);
/* A unix socket is bound under a temporary name, given `mode`, and renamed into
 * place, so that it is never seen half made; close-on-exec; backlog as given.
 * Returns the descriptor or -1 (public details say what to do). */
int listener_open(const char *address, unsigned mode, int backlog,
    struct err *err) MUST_CHECK;
/* A connection to such an address, made at once or not at all; -1 with
 * ERR_UNAVAILABLE or ERR_INVALID (public details). */
int listener_connect(const char *address, struct err *err) MUST_CHECK;

/*
 * Sockets that another process hands over: systemd, or an earlier generation
 * of this pool (sd_listen_fds(3): LISTEN_FDS, LISTEN_PID, LISTEN_FDNAMES).
 */
#define LISTENER_FIRST_FD 3
#define LISTENER_MAX_FDS  3
#define LISTENER_POOL	  "pool"   /* any other name is taken for it */
#define LISTENER_STATUS	  "status" /* where the status is asked for */
#define LISTENER_READY	  "ready"  /* the end of an earlier generation's pipe */

/* Sockets of a pool; -1: none. */
struct prefork_sockets {
	int listen_fd; /* whose queue is watched */
	int status_fd; /* where the status is asked for (prefork/status.h) */
	int ready_fd;  /* an earlier generation waits for a byte */
};

/* Takes what was handed over to this process, and the variables that say so;
 * all -1 when nothing was. Descriptors become close-on-exec. */
void listener_inherit(struct prefork_sockets *sockets);
/* The pool's socket alone; -1 when there is none. */
int listener_inherited(void);

#endif
