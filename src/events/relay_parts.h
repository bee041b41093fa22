/*
 * What the files of the relay share. Internal to the relay.
 */
#ifndef EVENTS_RELAY_PARTS_H
#define EVENTS_RELAY_PARTS_H

#include "events/relay.h"
#include "mq/mq_publisher.h"

/* What one step carries. */
struct relay_batch {
	struct waiting_event *events[RELAY_BATCH];
	enum mq_verdict verdicts[RELAY_BATCH];
	size_t count;
};

/* --- relay_lease.c --- */

/* Renews the leases when it is time, and takes or gives shards until all live
 * relays share them evenly. */
void relay_keep_leases(struct relay *relay);
/* Whether the shard is ours, on the safe side of its lease. */
bool relay_holds(const struct relay *relay, unsigned shard);

/* --- relay_gather.c --- */

/* The next events that may leave: those that workers have named, and a part of
 * the pass over the shards. */
int relay_gather(
    struct relay *relay, struct relay_batch *batch, struct err *err) MUST_CHECK;
/* Forgets where the pass has come to and what workers have named. */
void relay_abandon(struct relay *relay);

/* --- relay.c --- */

/* One line in the log when the database goes, one when it is back. err NULL: it
 * answers. */
void relay_note_database(struct relay *relay, const struct err *err);

#endif
