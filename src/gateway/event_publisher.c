#include "gateway/event_publisher.h"

#include "mq/mq_topology.h"

struct mq_message
event_publisher_message(struct arena *arena, const char *exchange,
    const struct booking_event *event)
{
	char id[UUID_TEXT_SIZE];

	return (struct mq_message){
		.exchange = exchange,
		.routing_key = event_type_name(event->type),
		.message_id = arena_strdup(arena, uuid_format(&event->id, id)),
		.type = event_type_name(event->type),
		.app_id = EVENT_APP_ID,
		.correlation_id = event->request_id,
		.traceparent = event->traceparent,
		.timestamp_ms = event->occurred_at_ms,
		.body = event->payload,
		.body_len = event->payload_len,
	};
}

static const char *const VERDICTS[] = {
	[MQ_CONFIRMED] = "confirmed",
	[MQ_RETURNED] = "no queue is bound for it",
	[MQ_REFUSED] = "the broker refused it",
	[MQ_UNKNOWN] = "not confirmed in time",
};

int
event_publisher_send(struct event_publisher *publisher,
    const struct request_context *ctx, const struct booking_event *event,
    struct err *err)
{
	struct mq_message message =
	    event_publisher_message(ctx->arena, publisher->exchange, event);
	enum mq_verdict verdict = MQ_UNKNOWN;

	if (mq_publisher_open(publisher->mq, publisher->exchange, err) != 0)
		return -1;
	if (mq_publish(publisher->mq, &message, 1,
		deadline_within(ctx->deadline, publisher->timeout_ms), &verdict,
		err) != 0)
		return -1;
	if (verdict != MQ_CONFIRMED)
		return err_set(err, &ERR_UNAVAILABLE, "%s", VERDICTS[verdict]);
	return 0;
}

int
event_publisher_dead_letters(struct event_publisher *publisher,
    struct arena *arena, uint32_t *count, struct err *err)
{
	return mq_queue_depth(publisher->mq,
	    arena_printf(arena, "%s.dlq", publisher->exchange), count, err);
}
