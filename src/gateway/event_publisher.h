/*
 * Events onto the topic exchange, confirmed by the broker (contract
 * section 4).
 */
#ifndef GATEWAY_EVENT_PUBLISHER_H
#define GATEWAY_EVENT_PUBLISHER_H

#include "model/event.h"
#include "model/request_context.h"
#include "mq/mq_publisher.h"

#define EVENT_APP_ID "booking-service"

struct event_publisher {
	struct mq *mq;
	const char *exchange;
	int64_t timeout_ms;
};

/* Publishes one event and waits for its confirm, at most timeout_ms and the
 * request's deadline. 0 when the broker has it in at least one queue; -1 when
 * it refused it, could not route it, or the outcome is not known: then the
 * outbox still holds the event. Never hangs. */
int event_publisher_send(struct event_publisher *publisher,
    const struct request_context *ctx, const struct booking_event *event,
    struct err *err) MUST_CHECK;

/* How many dead letters there are. Opens the connection if needed. */
int event_publisher_dead_letters(struct event_publisher *publisher,
    struct arena *arena, uint32_t *count, struct err *err) MUST_CHECK;

/* The message of an event; texts in the arena. */
struct mq_message event_publisher_message(struct arena *arena,
    const char *exchange, const struct booking_event *event);

#endif
