/*
 * The pool: a master that forks single-threaded workers on one listening
 * socket, watches them and never serves a request itself.
 *
 * A worker that dies is replaced; one that dies young slows the replacement
 * down (a brake that grows and recovers). SIGTERM, SIGQUIT and SIGINT drain:
 * workers finish the request they have, at most drain_ms, then are killed. A
 * worker that is reading or working on one request for longer than
 * request_limit_ms is ended within a second (TERM, and KILL one second after)
 * and its phases are logged. Workers get SIGTERM when their master dies
 * (PR_SET_PDEATHSIG). Knows nothing of what a worker does.
 *
 * A worker starts with the signal mask that prefork_run was called with, with
 * HUP, INT, USR1 and USR2 ignored (they are the master's) and all else at its
 * default.
 */
#ifndef PREFORK_PREFORK_H
#define PREFORK_PREFORK_H

#include "core/err.h"
#include "prefork/scoreboard.h"

struct prefork_worker {
	unsigned index; /* slot number, 0 to workers - 1 */
	struct scoreboard *board;
	struct scoreboard_slot *slot;
	uint64_t max_requests; /* jittered by a tenth; 0: no limit */
};

struct prefork_options {
	const char *name;
	unsigned workers;	  /* 1 to the board's slots */
	uint64_t max_requests;	  /* per worker, jittered; 0: no limit */
	int64_t request_limit_ms; /* 0: none */
	int64_t drain_ms;
	void *context;
	/* Runs in the worker; its return value is the exit status. */
	int (*worker_main)(void *context, struct prefork_worker *worker);
	/* Called by the master about once a second; may be NULL. Must not
	 * block: the master watches nothing meanwhile. */
	void (*tick)(void *context);
};

/* Runs until told to stop; 0 after a clean drain, -1 with err (ERR_TIMEOUT
 * when workers had to be killed). Call it from a process of one thread. */
int prefork_run(const struct prefork_options *options, struct scoreboard *board,
    struct err *err) MUST_CHECK;

#endif
