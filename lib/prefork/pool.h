/*
 * The master's own view of its pool. Internal to lib/prefork.
 */
#ifndef PREFORK_POOL_H
#define PREFORK_POOL_H

#include <signal.h>

#include "prefork/brake.h"
#include "prefork/prefork.h"

/* One worker, in the slot of the same index. */
struct child {
	pid_t pid; /* 0: none */
	int64_t started_ms;
	int64_t ended_ms; /* when it was told to end for its slowness; 0: not */
	bool killed;
};

struct pool {
	const struct prefork_options *options;
	struct scoreboard *board;
	struct child *children; /* options->workers of them */
	struct brake brake;
	sigset_t outer_mask; /* as it was before prefork_run */
	int signal_fd;
	bool draining;
};

/* --- children.c --------------------------------------------------------- */

/* Starts a worker in each empty slot, unless the brake is on. */
void children_fill(struct pool *pool);
/* Takes leave of every worker that died, and says why it did. */
void children_reap(struct pool *pool);
/* Sends a signal to all; returns how many there are. */
unsigned children_signal(const struct pool *pool, int signal);
bool children_any(const struct pool *pool);
bool children_missing(const struct pool *pool);

/* --- overdue.c ---------------------------------------------------------- */

/* Ends workers whose request is older than request_limit_ms. */
void overdue_check(struct pool *pool, int64_t now_ms);
/* Milliseconds until a worker that was told to end is killed; -1: none. */
int64_t overdue_wait_ms(const struct pool *pool, int64_t now_ms);

#endif
