/*
 * Tickets for the family's Reminder service, off by default: our own events,
 * turned into the messages that it takes on a direct exchange of its own:
 *
 *   {"service":"CREATE_TICKET","data":{"subject":...,"content":...,
 *    "recepientEmail":...,"notificationTime":...}}
 *
 * A new booking makes a ticket for now, a confirmed one a ticket for 24 hours
 * before departure, each for the primary passenger.
 */
#ifndef EVENTS_REMINDER_H
#define EVENTS_REMINDER_H

#include "events/consumer.h"
#include "mq/mq_publisher.h"
#include "json/json_in.h"

#define REMINDER_TEXT_MAX 255 /* characters, of any text of a ticket */

struct reminder {
	struct db *db;
	struct mq *mq; /* publishes */
	const char *exchange;
	const char *routing_key;
	int64_t timeout_ms;
};

struct ticket {
	const char *subject;
	const char *content;
	const char *email;
	int64_t at_ms;
};

/* The ticket that an event asks for: 1 with *ticket, or 0 when it asks for
 * none. `payload` is the event's. */
int reminder_ticket(struct arena *arena, const struct json_value *payload,
    int64_t now_ms, struct ticket *ticket);
/* The message of a ticket. */
const char *reminder_message(
    struct arena *arena, const struct ticket *ticket, size_t *len);

/* For struct consumer; context is a struct reminder. */
int reminder_handle(void *context, const struct request_context *ctx,
    struct message *message, struct err *err) MUST_CHECK;

#endif
