#include "events/relay.h"

#include <string.h>
#include <unistd.h>

#include "core/log.h"
#include "core/text.h"
#include "db/transaction.h"
#include "events/topology.h"
#include "gateway/event_publisher.h"

#define PAUSE_LEAST_MS	 5
#define PAUSE_MOST_MS	 500
#define DECLARE_AGAIN_MS 60000
#define DECLARE_LEAST_MS 1000
#define WAKES_A_STEP	 64
#define HEADS_LEAST	 16
#define DELAY_FIRST_MS	 1000
#define DELAY_MOST_MS	 (5 * 60 * 1000)
#define TRANSACTION_MS	 5000

/* What one step carries. */
struct batch {
	struct waiting_event *events[RELAY_BATCH];
	enum mq_verdict verdicts[RELAY_BATCH];
	size_t count;
};

void
relay_init(struct relay *relay, const struct relay_settings *settings,
    struct db *db, struct mq *mq, struct arena *arena, struct relay_wake *wake)
{
	*relay = (struct relay){
		.settings = settings,
		.db = db,
		.mq = mq,
		.arena = arena,
		.wake = wake,
		.id = uuid_make(),
		.pause_ms = PAUSE_LEAST_MS,
	};
	if (gethostname(relay->host, sizeof(relay->host)) != 0)
		relay->host[0] = '\0';
	relay->host[sizeof(relay->host) - 1] = '\0';
}

int64_t
relay_delay_ms(unsigned attempts)
{
	int64_t delay_ms = DELAY_FIRST_MS;

	while (attempts-- > 0 && delay_ms < DELAY_MOST_MS)
		delay_ms *= 2;
	return delay_ms < DELAY_MOST_MS ? delay_ms : DELAY_MOST_MS;
}

/* One line when a peer goes, one when it is back. err NULL: it answers. */
static void
note_peer(bool *lost, const char *peer, const struct err *err)
{
	bool now = err != NULL;

	if (now == *lost)
		return;
	*lost = now;
	log_write(now ? LOG_WARN : LOG_INFO,
	    now ? "relay_waits" : "relay_goes_on",
	    LOG_FIELDS(LOG_TEXT("peer", peer),
		LOG_TEXT("cause", now ? err->cause : NULL)));
}

static void
note_broker(struct relay *relay, const struct err *err)
{
	note_peer(&relay->broker_lost, "rabbitmq", err);
}

static void
note_database(struct relay *relay, const struct err *err)
{
	note_peer(&relay->database_lost, "database", err);
}

/* --- leases ------------------------------------------------------------------
 */

/* As many shards as each relay has when all live ones share evenly. */
static int
balance(struct relay *relay, struct err *err)
{
	const struct relay_settings *settings = relay->settings;
	unsigned relays = 1, share;

	if (lease_repo_relays(relay->db, relay->arena, &relays, err) != 0 ||
	    lease_repo_held(
		relay->db, relay->arena, &relay->id, &relay->leases, err) != 0)
		return -1;
	share =
	    relays == 0 ? OUTBOX_SHARDS : (OUTBOX_SHARDS + relays - 1) / relays;
	if (relay->leases.count == share)
		return 0;
	if (relay->leases.count > share) {
		if (lease_repo_give(relay->db, &relay->id,
			relay->leases.count - share, err) != 0)
			return -1;
	} else if (lease_repo_take(relay->db, &relay->id, settings->lease_ms,
		       share - relay->leases.count, err) != 0) {
		return -1;
	}
	return lease_repo_held(
	    relay->db, relay->arena, &relay->id, &relay->leases, err);
}

static void
keep_leases(struct relay *relay)
{
	int64_t now_ms = clock_monotonic_ms();
	int64_t lease_ms = relay->settings->lease_ms;
	struct err err;

	if (now_ms < relay->next_renewal_ms)
		return;
	err_clear(&err);
	relay->next_renewal_ms = now_ms + lease_ms / 4;
	if (lease_repo_register(
		relay->db, &relay->id, relay->host, lease_ms, &err) != 0 ||
	    lease_repo_renew(relay->db, &relay->id, lease_ms, &err) != 0 ||
	    balance(relay, &err) != 0) {
		note_database(relay, &err);
		return;
	}
	relay->leased_until_ms = now_ms + lease_ms;
}

static bool
has_lease(const struct relay *relay, unsigned shard)
{
	return relay->leases.held[shard] &&
	       clock_monotonic_ms() < relay->leased_until_ms;
}

/* --- what is due -------------------------------------------------------------
 */

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
in_batch(const struct batch *batch, const struct waiting_event *event)
{
	for (size_t i = 0; i < batch->count; i++) {
		if (uuid_equal(&batch->events[i]->event.booking_id,
			&event->event.booking_id))
			return true;
	}
	return false;
}

/* Events whose workers have told that they wait. */
static int
gather_woken(struct relay *relay, struct batch *batch, struct err *err)
{
	struct uuid bookings[WAKES_A_STEP];
	const struct outbox_due due = due_now(relay, true);
	size_t count;

	if (relay->wake == NULL)
		return 0;
	count = relay_wake_take(relay->wake, bookings, WAKES_A_STEP);
	for (size_t i = 0; i < count; i++) {
		struct waiting_event *event;

		if (!has_lease(relay, event_shard(&bookings[i])))
			continue;
		if (outbox_repo_head_of(relay->db, relay->arena, &bookings[i],
			&due, &event, err) != 0)
			return -1;
		if (event != NULL && !in_batch(batch, event))
			batch->events[batch->count++] = event;
	}
	return 0;
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
		relay->waiting[shard] &= has_lease(relay, shard);
		left += relay->waiting[shard];
	}
	return left;
}

static int
gather_shard(struct relay *relay, unsigned shard, size_t limit,
    struct batch *batch, struct err *err)
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
static int
gather(struct relay *relay, struct batch *batch, struct err *err)
{
	size_t left, limit;

	if (gather_woken(relay, batch, err) != 0 ||
	    (!relay->in_pass && begin_pass(relay, err) != 0))
		return -1;
	left = shards_left(relay);
	limit = left == 0 ? 0 : (RELAY_BATCH - WAKES_A_STEP) / left;
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

/* --- to the broker -----------------------------------------------------------
 */

/* Declares what belongs to us at the start, from time to time, and when
 * something seems to be missing. */
static int
declare_topology(struct relay *relay, struct err *err)
{
	int64_t now_ms = clock_monotonic_ms();

	if (now_ms < relay->next_declaration_ms)
		return 0;
	if (topology_declare(relay->mq, relay->settings->topology, err) != 0) {
		relay->next_declaration_ms = now_ms + DECLARE_LEAST_MS;
		return -1;
	}
	relay->next_declaration_ms = now_ms + DECLARE_AGAIN_MS;
	return 0;
}

/* 0 when messages can be published. */
static int
open_broker(struct relay *relay, struct err *err)
{
	if (mq_open(relay->mq, err) != 0 || declare_topology(relay, err) != 0 ||
	    mq_publisher_open(relay->mq, relay->settings->exchange, err) != 0)
		return -1;
	if (mq_is_blocked(relay->mq))
		return err_set(
		    err, &ERR_UNAVAILABLE, "the broker takes no messages");
	return 0;
}

static void
publish(struct relay *relay, struct batch *batch)
{
	struct mq_message *messages =
	    arena_array(relay->arena, batch->count, sizeof(*messages));
	struct err err;

	for (size_t i = 0; i < batch->count; i++)
		messages[i] = event_publisher_message(relay->arena,
		    relay->settings->exchange, &batch->events[i]->event);
	err_clear(&err);
	if (mq_publish(relay->mq, messages, batch->count,
		deadline_in(relay->settings->publish_timeout_ms),
		batch->verdicts, &err) == 0) {
		note_broker(relay, NULL);
		return;
	}
	note_broker(relay, &err);
	/* A blocked connection is kept: each new one would leave messages
	 * behind that the broker takes, once more, when it goes on. */
	if (!mq_is_blocked(relay->mq))
		mq_drop(relay->mq);
}

/* --- what became of it -------------------------------------------------------
 */

struct marking {
	struct relay *relay;
	const struct batch *batch;
	size_t marked;
};

/* Confirmed events, of shards that are still ours in the same epoch. */
static size_t
collect_keys(const struct marking *work, const struct shard_leases *now,
    struct event_key keys[RELAY_BATCH])
{
	const struct shard_leases *then = &work->relay->leases;
	size_t count = 0;

	for (size_t i = 0; i < work->batch->count; i++) {
		const struct waiting_event *event = work->batch->events[i];
		unsigned shard = event->shard;

		if (work->batch->verdicts[i] != MQ_CONFIRMED ||
		    !now->held[shard] ||
		    now->epoch[shard] != then->epoch[shard])
			continue;
		keys[count++] = (struct event_key){
			.booking_id = event->event.booking_id,
			.sequence = event->event.sequence,
		};
	}
	return count;
}

static int
mark_in_transaction(struct db *db, void *context, struct err *err)
{
	struct marking *work = context;
	struct event_key keys[RELAY_BATCH];
	struct shard_leases leases;
	int64_t now_ms = clock_wall_ms();
	size_t count;

	if (lease_repo_lock(
		db, work->relay->arena, &work->relay->id, &leases, err) != 0)
		return -1;
	count = collect_keys(work, &leases, keys);
	for (size_t at = 0; at < count; at += OUTBOX_MARK_MAX) {
		size_t some =
		    count - at < OUTBOX_MARK_MAX ? count - at : OUTBOX_MARK_MAX;

		if (outbox_repo_mark(db, &keys[at], some, now_ms, err) != 0)
			return -1;
	}
	work->marked = count;
	return 0;
}

/* What cannot be marked is published again, under the same message id. */
static void
mark_confirmed(struct relay *relay, const struct batch *batch)
{
	struct marking work = { .relay = relay, .batch = batch };
	size_t confirmed = 0;
	struct err err;

	for (size_t i = 0; i < batch->count; i++)
		confirmed += batch->verdicts[i] == MQ_CONFIRMED;
	if (confirmed == 0)
		return;
	err_clear(&err);
	if (db_transaction(relay->db, deadline_in(TRANSACTION_MS),
		mark_in_transaction, &work, &err) != 0) {
		log_err("relay_not_marked", &err);
		return;
	}
	relay->published += work.marked;
	if (work.marked < confirmed)
		relay->next_renewal_ms = 0;
}

static void
postpone(struct relay *relay, const struct waiting_event *event,
    enum mq_verdict verdict)
{
	const struct event_key key = {
		.booking_id = event->event.booking_id,
		.sequence = event->event.sequence,
	};
	const char *why = verdict == MQ_RETURNED
			      ? "returned: no queue is bound for it"
			      : "refused by the broker";
	char id[UUID_TEXT_SIZE];
	struct err err;

	log_write(LOG_WARN, "event_refused",
	    LOG_FIELDS(LOG_TEXT("booking_id", uuid_format(&key.booking_id, id)),
		LOG_NUM("sequence", key.sequence), LOG_TEXT("cause", why),
		LOG_NUM("attempts", event->attempts + 1)));
	err_clear(&err);
	if (outbox_repo_postpone(relay->db, &key,
		clock_wall_ms() + relay_delay_ms(event->attempts), why,
		&err) != 0)
		log_err("relay_not_postponed", &err);
}

static void
settle(struct relay *relay, const struct batch *batch)
{
	bool returned = false;

	mark_confirmed(relay, batch);
	for (size_t i = 0; i < batch->count; i++) {
		if (batch->verdicts[i] != MQ_RETURNED &&
		    batch->verdicts[i] != MQ_REFUSED)
			continue;
		postpone(relay, batch->events[i], batch->verdicts[i]);
		returned |= batch->verdicts[i] == MQ_RETURNED;
	}
	/* Perhaps a queue was deleted: next time it is there again. */
	if (returned)
		relay->next_declaration_ms = 0;
}

/* --- the step ----------------------------------------------------------------
 */

/* At once while there is work, then less and less often. */
static void
choose_pause(struct relay *relay, bool busy, struct pace *pace)
{
	if (busy || relay->in_pass || relay->found) {
		relay->pause_ms = PAUSE_LEAST_MS;
		pace->wait_ms = 0;
		return;
	}
	pace->wait_ms = relay->pause_ms;
	relay->pause_ms *= 2;
	if (relay->pause_ms > PAUSE_MOST_MS)
		relay->pause_ms = PAUSE_MOST_MS;
}

/* A peer is away: no nudge helps. */
static void
hold_still(struct relay *relay, struct pace *pace)
{
	struct uuid unheard[WAKES_A_STEP];

	if (relay->wake != NULL)
		relay_wake_take(relay->wake, unheard, WAKES_A_STEP);
	relay->in_pass = false;
	relay->found = false;
	pace->wait_ms = PAUSE_MOST_MS / 2;
	pace->fd = -1;
}

void
relay_step(struct relay *relay, struct pace *pace)
{
	struct batch *batch;
	struct err err;

	arena_reset(relay->arena);
	err_clear(&err);
	pace->fd = relay->wake == NULL ? -1 : relay_wake_listen(relay->wake);
	keep_leases(relay);
	if (open_broker(relay, &err) != 0) {
		note_broker(relay, &err);
		hold_still(relay, pace);
		return;
	}
	batch = arena_alloc(relay->arena, sizeof(*batch));
	if (gather(relay, batch, &err) != 0) {
		note_database(relay, &err);
		hold_still(relay, pace);
		return;
	}
	note_database(relay, NULL);
	if (batch->count > 0) {
		publish(relay, batch);
		settle(relay, batch);
	}
	choose_pause(relay, batch->count > 0, pace);
}

void
relay_leave(struct relay *relay)
{
	struct err err;

	err_clear(&err);
	arena_reset(relay->arena);
	if (lease_repo_leave(relay->db, &relay->id, &err) != 0)
		log_err("relay_leases_kept", &err);
}
