/*
 * The pool: a master that forks single-threaded workers on one listening
 * socket, watches them and never serves a request itself.
 *
 * A worker that dies is replaced; one that dies young slows the replacement
 * down (a brake that grows and recovers). A worker that is reading or working
 * on one request for longer than request_limit_ms is ended within a second
 * (TERM, and KILL one second after) and its phases are logged. Workers get
 * SIGTERM when their master dies (PR_SET_PDEATHSIG). Knows nothing of what a
 * worker does.
 *
 * Signals to the master:
 *   TERM QUIT INT  drain: workers finish the request they have, at most
 *                  drain_ms, then are killed
 *   HUP            reload: a new generation of workers starts, and each of its
 *                  workers that serves lets one of the old go
 *   USR1           the log is opened anew, by the master and each worker
 *   USR2           upgrade: starts the program anew on the same sockets, and
 *                  drains when that one serves; nothing is lost if it never
 * does TTIN TTOU      one worker more, one less
 *
 * A worker is scheduled as SCHED_BATCH, unless the master's policy is another
 * than the normal one: then as that.
 *
 * A worker starts with the signal mask that prefork_run was called with, with
 * HUP, INT, USR1 and USR2 ignored (they are the master's) and all else at its
 * default. It may handle USR1: the master sends it after it opened the log
 * anew, and to get an idle worker to look at its socket again.
 */
#ifndef PREFORK_PREFORK_H
#define PREFORK_PREFORK_H

#include <stdio.h>

#include "core/buf.h"
#include "core/err.h"
#include "prefork/listener.h"
#include "prefork/scaling.h"
#include "prefork/scoreboard.h"

struct prefork_worker {
	unsigned index; /* slot number */
	struct scoreboard *board;
	struct scoreboard_slot *slot;
	uint64_t max_requests; /* jittered by a tenth; 0: no limit */
};

struct prefork_options {
	const char *name;
	/* How many workers, at most the board's slots. A pool whose board has
	 * twice as many slots can reload at full strength. */
	struct scaling scaling;
	uint64_t max_requests;	  /* per worker, jittered; 0: no limit */
	int64_t request_limit_ms; /* 0: none */
	int64_t drain_ms;
	void *context;
	/* Runs in the worker; its return value is the exit status. */
	int (*worker_main)(void *context, struct prefork_worker *worker);

	/* All below may be 0 or NULL. None may block: the master watches
	 * nothing meanwhile. */

	/* Called by the master about once a second. */
	void (*tick)(void *context);
	/* HUP: brings *options (limits; not the rest) and context up to date
	 * for the workers to come. -1: nothing was changed, and each problem
	 * was written to `problems` as a line. NULL: HUP does nothing, and the
	 * number of workers is fixed, each in the slot of the same index. */
	int (*reload)(
	    void *context, struct prefork_options *options, FILE *problems);
	/* USR1. */
	void (*reopen_log)(void *context);
	/* For a status. NULL: the number. */
	const char *(*route_name)(int route);
	/* What the application adds to the master's metrics. */
	void (*print_metrics)(
	    void *context, bool open_metrics, struct buf *out);
	/* NULL: none are known. ready_fd gets its byte and is closed. */
	const struct prefork_sockets *sockets;
	char *const *argv; /* USR2; NULL: refused */
};

/* Runs until told to stop; 0 after a clean drain, -1 with err (ERR_TIMEOUT
 * when workers had to be killed). Call it from a process of one thread. */
int prefork_run(const struct prefork_options *options, struct scoreboard *board,
    struct err *err) MUST_CHECK;

#endif
