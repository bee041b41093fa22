/*
 * The master's own view of its pool. Internal to lib/prefork.
 */
#ifndef PREFORK_POOL_H
#define PREFORK_POOL_H

#include <signal.h>

#include "prefork/brake.h"
#include "prefork/prefork.h"
#include "prefork/queue_depth.h"
#include "prefork/responder.h"

/* One worker, in the slot of the same index. */
struct child {
	pid_t pid; /* 0: none */
	int64_t started_ms;
	unsigned generation;
	bool leaving;	     /* it was told to end, */
	enum worker_end why; /* for this reason, */
	int64_t kill_at_ms;  /* and is killed then; 0: not */
	bool killed;
};

/* An upgrade under way: the next generation's master. */
struct upgrade {
	pid_t pid;    /* 0: none */
	int ready_fd; /* a byte: it serves; the end: it never will; -1 */
};

/* What the operator asked for since the last look. */
struct wishes {
	bool stop;
	bool reload;
	bool reopen;
	bool upgrade;
	int more; /* workers, less if negative */
};

struct pool {
	struct prefork_options options; /* changed by a reload */
	struct prefork_sockets sockets;
	struct scoreboard *board;
	struct child *children; /* board->slots of them */
	struct brake brake;
	unsigned generation;
	unsigned wanted;
	int64_t shrink_at_ms;
	sigset_t outer_mask; /* as it was before prefork_run */
	int signal_fd;
	int wake_fd;
	struct queue_probe probe;
	struct upgrade upgrade;
	struct responder responder;
	struct wishes wishes;
	bool serving; /* as many workers of this generation as wanted serve */
	bool reload_failed; /* the last one: older settings are in force */
	bool busy;	    /* no worker was idle at the last look */
	bool draining;
	int64_t watchdog_ms;	/* 0: none */
	uint64_t seen_requests; /* at the last tick */
	int64_t ticked_ms;
	double requests_per_s; /* between the last two ticks */
};

/* --- children.c --------------------------------------------------------- */

/* Starts workers of this generation until there are as many as wanted, unless
 * the brake is on. */
void children_fill(struct pool *pool);
/* Takes leave of every worker that died, and says why it did. */
void children_reap(struct pool *pool);
/* Tells one to end, and kills it when it does not within drain_ms. */
void children_dismiss(struct pool *pool, unsigned index, enum worker_end why);
/* Sends a signal to all; returns how many there are. */
unsigned children_signal(const struct pool *pool, int signal);
bool children_any(const struct pool *pool);
/* True when fewer are there than wanted. */
bool children_missing(const struct pool *pool);
/* Those of this generation that stay, and of these those that do not work. */
void children_count(const struct pool *pool, unsigned *staying, unsigned *idle);

/* --- staff.c ------------------------------------------------------------ */

/* Decides how many workers there should be, and lets go of those that are too
 * many or of an older generation than those that serve by now. */
void staff_adjust(struct pool *pool, int64_t now_ms);
/* The operator wants n workers; false when that is too many or their number is
 * fixed. */
bool staff_set(struct pool *pool, unsigned n);
/* The most that can be asked for: half of the slots, so that a reload finds
 * room for as many again. */
unsigned staff_room(const struct pool *pool);
/* A new generation with the settings of now. */
void staff_renew(struct pool *pool);
/* Shows the limits on the scoreboard. */
void staff_publish(struct pool *pool);

/* --- overdue.c ---------------------------------------------------------- */

/* Ends workers whose request is older than request_limit_ms, and kills those
 * that were told to end and did not. */
void overdue_check(struct pool *pool, int64_t now_ms);
/* Milliseconds until a worker that was told to end is killed; -1: none. */
int64_t overdue_wait_ms(const struct pool *pool, int64_t now_ms);

/* --- steer.c ------------------------------------------------------------ */

/* Does what the operator asked for by signals. */
void steer(struct pool *pool);
/* Loads the settings anew and starts a generation on them; false: they are
 * wrong, *problems (may be NULL) says how, and all stays as it is. */
bool steer_reload(struct pool *pool, struct buf *problems);

/* --- upgrade.c ---------------------------------------------------------- */

/* Starts the program anew beside this one; false, and logged, when it cannot.
 */
bool upgrade_start(struct pool *pool);
/* True once the new generation serves. */
bool upgrade_done(struct pool *pool);
/* Forgets one that never did and has ended. */
void upgrade_reap(struct pool *pool);
/* In the new generation: the one before waits for it to serve. */
bool upgrade_awaited(const struct pool *pool);
/* Tells the one before that it may go. */
void upgrade_report(struct pool *pool);

/* --- status.c, status_metrics.c ------------------------------------------ */

/* What the master's own socket answers. */
void status_answer(void *context, const struct responder_request *request,
    struct responder_reply *reply);

#endif
