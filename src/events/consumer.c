#include "events/consumer.h"

#include <string.h>

#include "core/log.h"
#include "repository/inbox_repo.h"

#define AWAY_WAIT_MS 500
#define IDLE_WAIT_MS 1000
#define FORWARD_MS   2000
/* The attempts of a message that is handled for the second time. */
#define AGAIN 1000

const struct err_def MESSAGE_UNUSABLE = { "MESSAGE_UNUSABLE", 400, false,
	LOG_WARN, "The message makes no sense." };
const struct err_def MESSAGE_REFUSED = { "MESSAGE_REFUSED", 409, false,
	LOG_WARN, "The message contradicts what is known." };

int
message_note(struct db *db, void *context, struct err *err)
{
	struct message *message = context;

	message->duplicate = false;
	if (inbox_repo_insert(
		db, &message->key, message->source, clock_wall_ms(), err) == 0)
		return 0;
	message->duplicate = err_is(err, &ERR_DUPLICATE);
	return -1;
}

/* Its id, or what it is when it has none. The second handling is one of its
 * own. */
static struct digest
message_key(const char *source, const struct mq_delivery *delivery)
{
	const char *id = delivery->message_id;
	const char *key = delivery->origin_key;
	const char *time = delivery->attempts >= AGAIN ? "again" : "";
	const struct digest_part named[] = {
		{ source, strlen(source) },
		{ id, id == NULL ? 0 : strlen(id) },
		{ time, strlen(time) },
	};
	const struct digest_part nameless[] = {
		{ source, strlen(source) },
		{ key, strlen(key) },
		{ delivery->body, delivery->body_len },
		{ time, strlen(time) },
	};

	return id != NULL ? digest_of_parts(named, ARRAY_LEN(named))
			  : digest_of_parts(nameless, ARRAY_LEN(nameless));
}

/* --- the connection ----------------------------------------------------------
 */

/* One line when a peer goes, one when all are back. */
static void
note_peers(struct consumer *consumer, const struct err *err)
{
	bool lost = err != NULL;

	if (lost == consumer->lost)
		return;
	consumer->lost = lost;
	log_write(lost ? LOG_WARN : LOG_INFO,
	    lost ? "consumer_waits" : "consumer_goes_on",
	    LOG_FIELDS(LOG_TEXT("queue", consumer->settings->source->queue),
		LOG_TEXT("cause", lost ? err->cause : NULL)));
}

static int
connect(struct consumer *consumer, struct err *err)
{
	const struct consumer_settings *settings = consumer->settings;

	if (mq_is_open(consumer->mq))
		return 0;
	if (db_ready(consumer->db, err) != 0 ||
	    mq_open(consumer->mq, err) != 0 ||
	    topology_declare(consumer->mq, settings->topology, err) != 0 ||
	    mq_consumer_prefetch(consumer->mq, settings->prefetch, err) != 0 ||
	    mq_consume(consumer->mq, settings->source->queue, err) != 0) {
		mq_drop(consumer->mq);
		return -1;
	}
	note_peers(consumer, NULL);
	return 0;
}

/* The broker keeps what is not acknowledged and delivers it again. */
static void
step_back(struct consumer *consumer, const struct err *err, struct pace *pace)
{
	note_peers(consumer, err);
	mq_drop(consumer->mq);
	pace->wait_ms = AWAY_WAIT_MS;
}

/* --- what becomes of a message -----------------------------------------------
 */

/* Whether it was not the message's fault. */
static bool
is_away(const struct err *err)
{
	return err_is(err, &ERR_UNAVAILABLE) || err_is(err, &ERR_TIMEOUT) ||
	       err_is(err, &ERR_CONFLICT) || err_is(err, &ERR_UNKNOWN_OUTCOME);
}

static const char *
reason(struct arena *arena, const struct err *err)
{
	return arena_printf(arena, "%s: %s", err->def->code,
	    err->details[0] != '\0' ? err->details : err->cause);
}

/* Where it goes instead of being handled: a delay queue, or the dead. */
static int
pass_on(struct consumer *consumer, const struct message *message,
    const struct err *why, struct err *err)
{
	const struct consumer_settings *settings = consumer->settings;
	const struct mq_delivery *delivery = message->delivery;
	const char *text = reason(consumer->arena, why);
	unsigned retry = (unsigned)delivery->attempts + 1;
	bool dead = err_is(why, &MESSAGE_REFUSED) || retry > settings->retries;
	const char *exchange = dead ? settings->dead_exchange : "";
	const char *key =
	    dead
		? delivery->origin_key
		: topology_delay_queue(consumer->arena, settings->source->queue,
		      topology_delay_ms(settings->first_delay_ms, retry));

	log_write(dead ? LOG_ERROR : LOG_WARN,
	    dead ? "message_dead" : "message_delayed",
	    LOG_FIELDS(LOG_TEXT("queue", settings->source->queue),
		LOG_TEXT("message_id", delivery->message_id),
		LOG_NUM("attempts", retry), LOG_TEXT("cause", text)));
	return mq_forward(consumer->mq, delivery, exchange, key, retry, text,
	    deadline_in(FORWARD_MS), err);
}

/* Once more, later, if its source asks for that. */
static int
hand_on(struct consumer *consumer, const struct mq_delivery *delivery,
    struct err *err)
{
	const struct event_source *source = consumer->settings->source;

	if (source->again_ms == 0 || delivery->attempts >= AGAIN)
		return 0;
	return mq_forward(consumer->mq, delivery, "",
	    topology_again_queue(consumer->arena, source), AGAIN, NULL,
	    deadline_in(FORWARD_MS), err);
}

/* What is too long to be read is dead-lettered by the broker, whole. */
static int
refuse_long(struct consumer *consumer, const struct mq_delivery *delivery,
    struct err *err)
{
	log_write(LOG_ERROR, "message_dead",
	    LOG_FIELDS(LOG_TEXT("queue", delivery->queue),
		LOG_TEXT("message_id", delivery->message_id),
		LOG_TEXT("cause", "longer than 1 MiB")));
	return mq_reject(consumer->mq, delivery->tag, false, err);
}

static int
handle(struct consumer *consumer, const struct request_context *ctx,
    struct message *message, struct err *err)
{
	bool known = false;

	if (inbox_repo_has(
		consumer->db, ctx->arena, &message->key, &known, err) != 0)
		return -1;
	if (!known &&
	    consumer->handle(consumer->context, ctx, message, err) == 0)
		return 0;
	if (!known && !message->duplicate)
		return -1;
	log_write(LOG_INFO, "message_known",
	    LOG_FIELDS(LOG_TEXT("queue", message->delivery->queue),
		LOG_TEXT("message_id", message->delivery->message_id)));
	return 0;
}

static struct request_context
context_of(struct consumer *consumer, const struct mq_delivery *delivery)
{
	const char *id = delivery->correlation_id;
	char *made = arena_alloc(consumer->arena, REQUEST_ID_SIZE);
	char *trace = arena_alloc(consumer->arena, TRACEPARENT_SIZE);

	if (id == NULL || !request_id_valid(id)) {
		request_id_make(made);
		id = made;
	}
	traceparent_continue(delivery->traceparent, trace);
	return (struct request_context){
		.arena = consumer->arena,
		.deadline = deadline_in(consumer->settings->message_timeout_ms),
		.request_id = id,
		.traceparent = trace,
	};
}

static void
take(struct consumer *consumer, const struct mq_delivery *delivery,
    struct pace *pace)
{
	const struct request_context ctx = context_of(consumer, delivery);
	struct message message = {
		.delivery = delivery,
		.source = consumer->settings->source->exchange,
	};
	struct err err, why;
	int handled = -1;

	log_set_request(ctx.request_id);
	message.key = message_key(message.source, delivery);
	err_clear(&err);
	err_clear(&why);
	if (!delivery->cut)
		handled = handle(consumer, &ctx, &message, &why);
	if (delivery->cut) {
		if (refuse_long(consumer, delivery, &err) != 0)
			step_back(consumer, &err, pace);
	} else if (handled != 0 && is_away(&why)) {
		step_back(consumer, &why, pace);
	} else if ((handled == 0
			   ? hand_on(consumer, delivery, &err)
			   : pass_on(consumer, &message, &why, &err)) != 0 ||
		   mq_ack(consumer->mq, delivery->tag, &err) != 0) {
		step_back(consumer, &err, pace);
	}
	log_set_request(NULL);
}

void
consumer_step(struct consumer *consumer, struct pace *pace)
{
	struct mq_delivery delivery;
	struct err err;
	int got;

	arena_reset(consumer->arena);
	err_clear(&err);
	if (connect(consumer, &err) != 0) {
		step_back(consumer, &err, pace);
		return;
	}
	got = mq_next(
	    consumer->mq, consumer->arena, deadline_in(0), &delivery, &err);
	if (got < 0) {
		step_back(consumer, &err, pace);
	} else if (got > 0) {
		take(consumer, &delivery, pace);
	} else {
		if (consumer->outbox != NULL)
			outbox_flush(consumer->outbox);
		pace->fd = mq_socket(consumer->mq);
		pace->wait_ms = IDLE_WAIT_MS;
	}
}
