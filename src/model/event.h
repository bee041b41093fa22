/*
 * What happened to a booking: one row of the event log, the audit trail and
 * the outbox at once, and one AMQP message (contract section 4).
 */
#ifndef MODEL_EVENT_H
#define MODEL_EVENT_H

#include "core/arena.h"
#include "model/booking.h"

enum event_type {
	EVENT_CREATED,
	EVENT_CONFIRMED,
	EVENT_CANCELLED,
	EVENT_UPDATED,
	EVENT_REFUND_REQUIRED,
	EVENT_TYPE__COUNT
};

#define EVENT_NO_STATUS (-1)

struct booking_event {
	struct uuid id; /* the AMQP message_id */
	struct uuid booking_id;
	unsigned sequence; /* the booking's version after the change */
	enum event_type type;
	int from_status; /* enum booking_status or EVENT_NO_STATUS */
	int to_status;
	const char *actor;    /* user id, or SYSTEM_ACTOR */
	const char *reason;   /* NULL: none */
	const char *comments; /* NULL: none */
	const char *payload;  /* JSON */
	size_t payload_len;
	const char *request_id;
	const char *traceparent;
	int64_t occurred_at_ms;
};

/* "booking.created": event type and routing key. */
const char *event_type_name(enum event_type type);
int event_type_parse(const char *text, enum event_type *type) MUST_CHECK;

/* Fields that only some events carry. */
struct event_facts {
	int64_t refund_cents;	/* < 0: not in the payload */
	const char *payment_id; /* NULL: not in the payload */
};

/* Writes event->payload (request memory): the event's own fields, the booking
 * after the change and all that a consumer needs without asking back. Holds no
 * passport number and no date of birth. */
void event_write_payload(struct arena *arena, struct booking_event *event,
    const struct booking *booking, const struct event_facts *facts);

#endif
