/*
 * The event log, which is also the audit trail and the outbox.
 */
#ifndef REPOSITORY_EVENT_REPO_H
#define REPOSITORY_EVENT_REPO_H

#include "db/db.h"
#include "model/event.h"

/* Events are spread over this many shards by their booking. */
#define OUTBOX_SHARDS 16
/* How many events one event_repo_mark_published takes. */
#define EVENT_MARK_MAX 16

/* Names one event. */
struct event_key {
	struct uuid booking_id;
	unsigned sequence;
};

/* The shard of a booking's events. */
static inline unsigned
event_shard(const struct uuid *booking_id)
{
	return booking_id->bytes[UUID_BYTES - 1] % OUTBOX_SHARDS;
}

/* Writes the row, to be published. Part of the change's own transaction. */
int event_repo_insert(struct db *db, const struct booking_event *event,
    struct err *err) MUST_CHECK;
/* The sequences of earlier events of the booking that are still in the outbox;
 * *sequences in the arena. */
int event_repo_earlier_waiting(struct db *db, struct arena *arena,
    const struct event_key *key, unsigned **sequences, size_t *count,
    struct err *err) MUST_CHECK;
/* Takes 1 to EVENT_MARK_MAX events out of the outbox. */
int event_repo_mark_published(struct db *db, const struct event_key keys[],
    size_t count, int64_t now_ms, struct err *err) MUST_CHECK;
/* Whether this very event is stored: the definite answer after a COMMIT whose
 * outcome was lost. Waits for a transaction that still holds the booking. */
int event_repo_is_stored(struct db *db, struct arena *arena,
    const struct booking_event *event, bool *stored,
    struct err *err) MUST_CHECK;
/* The payload of a booking's first event; NULL when there is none. */
int event_repo_created_payload(struct db *db, struct arena *arena,
    const struct uuid *booking_id, const char **payload,
    struct err *err) MUST_CHECK;

#endif
