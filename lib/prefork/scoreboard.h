/*
 * What each worker is doing, in shared memory: written by the worker alone,
 * read by the master and by anyone who shows a status. Survives the death of a
 * worker, so that the master can tell in which phase it died.
 */
#ifndef PREFORK_SCOREBOARD_H
#define PREFORK_SCOREBOARD_H

#include <stdatomic.h>
#include <sys/types.h>

#include "core/base.h"
#include "core/ident.h"
#include "prefork/queue_clock.h"

#define SCOREBOARD_PHASES 12

enum worker_state {
	WORKER_EMPTY,
	WORKER_STARTING,
	WORKER_IDLE,
	WORKER_READING,
	WORKER_BUSY,
	WORKER_STOPPING,
	WORKER_STATE__COUNT
};

struct scoreboard;

struct scoreboard_slot {
	struct scoreboard *board;
	_Atomic int pid;
	_Atomic int state;
	_Atomic unsigned generation; /* how many workers the slot has had */
	_Atomic int64_t started_ms;  /* worker start, monotonic */
	_Atomic uint64_t requests;
	_Atomic uint64_t total_requests;    /* of all workers that it has had */
	_Atomic uint64_t total_shed;	    /* of these, refused by queue age */
	_Atomic bool leaving;		    /* told to end: takes nothing new */
	_Atomic int64_t request_started_us; /* or its reading; 0 when idle */
	_Atomic unsigned phase;		    /* index into the phase names */
	_Atomic int64_t phase_started_us;
	_Atomic uint32_t phase_us[SCOREBOARD_PHASES]; /* of this request */
	_Atomic int route;			      /* -1: none yet */
	_Atomic uint64_t claim;			      /* see scoreboard_claim */
	_Atomic uint64_t claim_ticket;
	char request_id[REQUEST_ID_SIZE]; /* may be seen torn: display only */
};

/* Why workers ended. */
enum worker_end {
	END_RETIRED,  /* by itself, after its requests */
	END_CRASHED,  /* by a signal that nobody here sent */
	END_FAILED,   /* with an exit status, or before its first request */
	END_OVERDUE,  /* its request was too slow */
	END_SCALED,   /* fewer are needed */
	END_RELOADED, /* replaced by a newer generation */
	END_DRAINED,  /* the pool stops */
	WORKER_END__COUNT
};

/* What the master says of the whole. */
struct scoreboard_pool {
	_Atomic bool dynamic;
	_Atomic unsigned least, most; /* workers; the same when static */
	_Atomic unsigned spare_min, spare_max;
	_Atomic unsigned wanted; /* workers now */
	_Atomic unsigned generation;
	_Atomic uint64_t reloads, failed_reloads;
	_Atomic uint64_t starts;
	_Atomic uint64_t ends[WORKER_END__COUNT];
	_Atomic int64_t started_ms; /* monotonic */
};

struct scoreboard {
	unsigned slots;
	const char *const *phase_names; /* ended by NULL; [0] is "idle" */
	_Atomic uint64_t tickets;
	struct scoreboard_pool pool;
	struct queue_clock queue;
	/* An eventfd that wakes the master when a worker serves for the first
	 * time and when fewer than idle_least are idle; -1: nobody waits. */
	int wake_fd;
	_Atomic bool woken; /* it will look anyway */
	_Atomic unsigned idle_least;
	struct scoreboard_slot slot[];
};

/* How many workers are what, at this moment. */
struct census {
	unsigned by_state[WORKER_STATE__COUNT];
	unsigned alive;	  /* in any state but empty */
	unsigned leaving; /* of these, told to end */
	unsigned ready;	  /* idle and not leaving */
	uint64_t requests;
	uint64_t shed;
};

/* Maps shared memory; before the fork. NULL when the kernel refuses. */
struct scoreboard *scoreboard_create(
    unsigned slots, const char *const *phase_names);
void scoreboard_free(struct scoreboard *board);

/* The master's side: makes a slot ready for the next worker, and empties it
 * after its worker's death. */
void scoreboard_start(struct scoreboard_slot *slot);
void scoreboard_empty(struct scoreboard_slot *slot);
/* "busy" and so on; "unknown" for what is none. */
const char *scoreboard_state_name(int state);
/* "retired" and so on. */
const char *scoreboard_end_name(enum worker_end end);
void scoreboard_count(const struct scoreboard *board, struct census *census);

/* The worker's side. All accept slot NULL (no pool: plain CGI) and then do
 * nothing. */
void scoreboard_waiting(struct scoreboard_slot *slot);
void scoreboard_reading(struct scoreboard_slot *slot);
void scoreboard_stopping(struct scoreboard_slot *slot);
/* A request was read whole: its clock starts, its phases are cleared. */
void scoreboard_request(struct scoreboard_slot *slot, const char *request_id);
void scoreboard_route(struct scoreboard_slot *slot, int route);
/* Enters a phase, adding the time spent in the one before. */
void scoreboard_phase(struct scoreboard_slot *slot, unsigned phase);
/* The request was answered: counts it and releases its claim. */
void scoreboard_done(struct scoreboard_slot *slot);
/* The request is refused because it waited too long: counts that. */
void scoreboard_shed(struct scoreboard_slot *slot);

/*
 * Claims a 64-bit key for the request in work: false when another live worker
 * of the pool holds the same key. Of two that claim at once exactly one gets
 * it. Released by scoreboard_release, scoreboard_done, or the worker's death
 * (the master empties the slot). Without a pool every claim is granted.
 */
bool scoreboard_claim(
    struct scoreboard *board, struct scoreboard_slot *slot, uint64_t key);
void scoreboard_release(struct scoreboard_slot *slot);

#endif
