/*
 * The pool: a master that forks single-threaded workers on one listening
 * socket, watches them and never serves a request itself.
 *
 * A worker that dies is replaced; one that dies young slows the replacement
 * down (a brake that grows and recovers). SIGTERM and SIGQUIT drain: workers
 * finish the request they have, at most drain_ms, then are killed. A worker
 * whose request is older than request_limit_ms is ended (TERM, then KILL) and
 * its phases are logged. Workers die with their master (PR_SET_PDEATHSIG).
 * Knows nothing of what a worker does.
 */
#ifndef PREFORK_PREFORK_H
#define PREFORK_PREFORK_H

#include "core/err.h"
#include "prefork/scoreboard.h"

struct prefork_worker {
	unsigned index; /* slot number, 0 to workers - 1 */
	struct scoreboard *board;
	struct scoreboard_slot *slot;
	uint64_t max_requests; /* jittered; 0: no limit */
};

struct prefork_options {
	const char *name;
	unsigned workers;
	uint64_t max_requests;	  /* per worker; 0: no limit */
	int64_t request_limit_ms; /* 0: none */
	int64_t drain_ms;
	void *context;
	/* Runs in the worker; its return value is the exit status. */
	int (*worker_main)(void *context, struct prefork_worker *worker);
	/* Called by the master about once a second; may be NULL. */
	void (*tick)(void *context);
};

/* Runs until told to stop; 0 after a clean drain, -1 with err. */
int prefork_run(const struct prefork_options *options, struct scoreboard *board,
    struct err *err) MUST_CHECK;

#endif
