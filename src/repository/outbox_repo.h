/*
 * The outbox as the relay and the operator see it: the events that still have
 * to be published, one head for each booking.
 */
#ifndef REPOSITORY_OUTBOX_REPO_H
#define REPOSITORY_OUTBOX_REPO_H

#include "repository/event_repo.h"

/* How many events one outbox_repo_mark takes. */
#define OUTBOX_MARK_MAX 96

/* An unpublished event and what became of it so far. */
struct waiting_event {
	struct booking_event event; /* as far as a message needs it */
	unsigned shard;
	unsigned attempts; /* that the broker answered with a refusal */
	int64_t next_attempt_at_ms; /* -1: at once */
	const char *last_error;	    /* NULL: none */
};

struct waiting_events {
	struct waiting_event *events;
	size_t count;
};

/* Which waiting events count. */
struct outbox_due {
	int64_t now_ms;
	int64_t before_ms;     /* occurred at or before this moment */
	unsigned max_attempts; /* those with as many are dead */
};

/* Sets waiting[shard] for every shard that holds an unpublished event. */
int outbox_repo_shards(struct db *db, struct arena *arena,
    bool waiting[OUTBOX_SHARDS], struct err *err) MUST_CHECK;
/* The heads (the first unpublished event of each booking) of a shard that are
 * due, in order of their booking, after `after`, at most `limit`. */
int outbox_repo_heads(struct db *db, struct arena *arena, unsigned shard,
    const struct uuid *after, const struct outbox_due *due, size_t limit,
    struct waiting_events *list, struct err *err) MUST_CHECK;
/* The head of one booking, if it is due: *event is NULL otherwise. */
int outbox_repo_head_of(struct db *db, struct arena *arena,
    const struct uuid *booking_id, const struct outbox_due *due,
    struct waiting_event **event, struct err *err) MUST_CHECK;
/* Takes 1 to OUTBOX_MARK_MAX events out of the outbox. */
int outbox_repo_mark(struct db *db, const struct event_key keys[], size_t count,
    int64_t now_ms, struct err *err) MUST_CHECK;
/* Notes that the broker refused an event: one more attempt, the next not
 * before next_ms. */
int outbox_repo_postpone(struct db *db, const struct event_key *key,
    int64_t next_ms, const char *why, struct err *err) MUST_CHECK;

/* The operator's view. */
struct outbox_figures {
	int64_t unsent;
	int64_t oldest_ms; /* when the oldest of them occurred; -1: none */
	int64_t returned;  /* that the broker refused at least once */
	int64_t dead;	   /* that are not tried any more */
};
int outbox_repo_figures(struct db *db, struct arena *arena,
    unsigned max_attempts, struct outbox_figures *figures,
    struct err *err) MUST_CHECK;
/* Unpublished events with at least so many attempts, oldest booking first. */
int outbox_repo_list(struct db *db, struct arena *arena, unsigned attempts,
    size_t limit, struct waiting_events *list, struct err *err) MUST_CHECK;
/* Makes refused events due again, with their attempts forgotten: those with at
 * least `attempts` (1 or more). */
int outbox_repo_revive(struct db *db, unsigned attempts, uint64_t *count,
    struct err *err) MUST_CHECK;
/* Puts an event into the outbox again, published or not; *found is false when
 * there is none or its payload was swept. */
int outbox_repo_resend(struct db *db, const struct event_key *key, bool *found,
    struct err *err) MUST_CHECK;
/* How many events a booking has; 0: there is no such booking. */
int outbox_repo_count(struct db *db, struct arena *arena,
    const struct uuid *booking_id, unsigned *count, struct err *err) MUST_CHECK;

/*
 * Empties the payloads of events that were published before `before_ms`; the
 * rows stay, they are the history. Looks at up to `limit` bookings' events
 * after *cursor and moves it on; *more is false at the end of the table.
 */
int outbox_repo_sweep(struct db *db, struct arena *arena, int64_t before_ms,
    size_t limit, struct uuid *cursor, bool *more, uint64_t *emptied,
    struct err *err) MUST_CHECK;

#endif
