#include "events/relay.h"

#include <unistd.h>

#include "core/log.h"
#include "db/transaction.h"
#include "events/relay_parts.h"
#include "events/topology.h"
#include "gateway/event_publisher.h"

#define PAUSE_LEAST_MS	 5
#define PAUSE_MOST_MS	 500
#define DECLARE_AGAIN_MS 60000
#define DECLARE_LEAST_MS 1000
#define DELAY_FIRST_MS	 1000
#define DELAY_MOST_MS	 (5 * 60 * 1000)
#define TRANSACTION_MS	 5000

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

void
relay_note_database(struct relay *relay, const struct err *err)
{
	note_peer(&relay->database_lost, "database", err);
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
publish(struct relay *relay, struct relay_batch *batch)
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
	const struct relay_batch *batch;
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
mark_confirmed(struct relay *relay, const struct relay_batch *batch)
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
settle(struct relay *relay, const struct relay_batch *batch)
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
	relay_abandon(relay);
	pace->wait_ms = PAUSE_MOST_MS / 2;
	pace->fd = -1;
}

void
relay_step(struct relay *relay, struct pace *pace)
{
	struct relay_batch *batch;
	struct err err;

	arena_reset(relay->arena);
	err_clear(&err);
	pace->fd = relay->wake == NULL ? -1 : relay_wake_listen(relay->wake);
	relay_keep_leases(relay);
	if (open_broker(relay, &err) != 0) {
		note_broker(relay, &err);
		hold_still(relay, pace);
		return;
	}
	batch = arena_alloc(relay->arena, sizeof(*batch));
	if (relay_gather(relay, batch, &err) != 0) {
		relay_note_database(relay, &err);
		hold_still(relay, pace);
		return;
	}
	relay_note_database(relay, NULL);
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
