#include <string.h>

#include "events/relay_parts.h"

/* The fewest heads that one query asks for. */
#define HEADS_LEAST 16

static struct outbox_due
due_now(const struct relay *relay, bool at_once)
{
	int64_t now_ms = clock_wall_ms();

	return (struct outbox_due){
		.now_ms = now_ms,
		.before_ms = at_once ? INT64_MAX / 1000000
				     : now_ms - relay->settings->grace_ms,
		.max_attempts = relay->settings->max_attempts,
	};
}

static bool
in_batch(const struct relay_batch *batch, const struct waiting_event *event)
{
	for (size_t i = 0; i < batch->count; i++) {
		if (uuid_equal(&batch->events[i]->event.booking_id,
			&event->event.booking_id))
			return true;
	}
	return false;
}

/* The heads of the bookings that workers have named, however young. A booking
 * is looked at again as long as it has one: what waits behind it is named as
 * well. */
static int
gather_named(struct relay *relay, struct relay_batch *batch, struct err *err)
{
	const struct outbox_due due = due_now(relay, true);
	size_t named = relay->named_count, kept = 0;

	if (relay->wake != NULL)
		named += relay_wake_take(
		    relay->wake, &relay->named[named], RELAY_NAMED_MAX - named);
	for (size_t i = 0; i < named; i++) {
		const struct uuid booking = relay->named[i];
		struct waiting_event *event;

		if (!relay_holds(relay, event_shard(&booking)))
			continue;
		if (outbox_repo_head_of(relay->db, relay->arena, &booking, &due,
			&event, err) != 0)
			return -1;
		if (event == NULL || in_batch(batch, event))
			continue;
		batch->events[batch->count++] = event;
		relay->named[kept++] = booking;
	}
	relay->named_count = kept;
	return 0;
}

void
relay_abandon(struct relay *relay)
{
	relay->named_count = 0;
	if (relay->wake != NULL)
		(void)relay_wake_take(
		    relay->wake, relay->named, RELAY_NAMED_MAX);
	relay->in_pass = false;
	relay->found = false;
}

static int
begin_pass(struct relay *relay, struct err *err)
{
	if (outbox_repo_shards(relay->db, relay->arena, relay->waiting, err) !=
	    0)
		return -1;
	memset(relay->cursor, 0, sizeof(relay->cursor));
	relay->in_pass = true;
	relay->found = false;
	return 0;
}

static size_t
shards_left(struct relay *relay)
{
	size_t left = 0;

	for (unsigned shard = 0; shard < OUTBOX_SHARDS; shard++) {
		relay->waiting[shard] &= relay_holds(relay, shard);
		left += relay->waiting[shard];
	}
	return left;
}

static int
gather_shard(struct relay *relay, unsigned shard, size_t limit,
    struct relay_batch *batch, struct err *err)
{
	const struct outbox_due due = due_now(relay, false);
	struct waiting_events heads;

	if (outbox_repo_heads(relay->db, relay->arena, shard,
		&relay->cursor[shard], &due, limit, &heads, err) != 0)
		return -1;
	for (size_t i = 0; i < heads.count; i++) {
		if (!in_batch(batch, &heads.events[i]))
			batch->events[batch->count++] = &heads.events[i];
	}
	if (heads.count > 0)
		relay->cursor[shard] =
		    heads.events[heads.count - 1].event.booking_id;
	relay->waiting[shard] = heads.count == limit;
	return 0;
}

/* The next heads of every shard of ours that is not done in this pass. A pass
 * goes through each shard once, in the order of bookings, so that what cannot
 * leave yet is met once a pass, however much there is of it. */
int
relay_gather(struct relay *relay, struct relay_batch *batch, struct err *err)
{
	size_t left, limit;

	if (gather_named(relay, batch, err) != 0 ||
	    (!relay->in_pass && begin_pass(relay, err) != 0))
		return -1;
	left = shards_left(relay);
	limit = left == 0 ? 0 : (RELAY_BATCH - RELAY_NAMED_MAX) / left;
	if (limit < HEADS_LEAST)
		limit = HEADS_LEAST;
	for (unsigned shard = 0; shard < OUTBOX_SHARDS; shard++) {
		if (batch->count + limit > RELAY_BATCH)
			break;
		if (relay->waiting[shard] &&
		    gather_shard(relay, shard, limit, batch, err) != 0)
			return -1;
	}
	relay->found |= batch->count > 0;
	relay->in_pass = shards_left(relay) > 0;
	return 0;
}
