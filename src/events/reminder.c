#include "events/reminder.h"

#include <string.h>

#include "core/text.h"
#include "db/transaction.h"
#include "gateway/event_publisher.h"
#include "model/event.h"
#include "json/json_out.h"

#define DAY_MS		  (24LL * 60 * 60 * 1000)
#define MESSAGE_MAX_BYTES 8192

static const char *
text_of(const struct json_value *object, const char *name)
{
	const char *text = json_string(json_get(object, name), NULL);

	return text == NULL ? "" : text;
}

/* The first 255 characters. */
static const char *
shorten(struct arena *arena, const char *text)
{
	size_t len = strlen(text), end = 0;

	for (int i = 0; i < REMINDER_TEXT_MAX && end < len; i++) {
		size_t step = utf8_step(&text[end], len - end);

		end += step == 0 ? 1 : step;
	}
	return arena_copy(arena, text, end);
}

static const struct json_value *
primary_passenger(const struct json_value *payload)
{
	const struct json_value *passengers = json_get(payload, "passengers");

	for (size_t i = 0; i < json_length(passengers); i++) {
		const struct json_value *one = json_at(passengers, i);
		bool primary = false;

		if (json_bool(json_get(one, "is_primary"), &primary) == 0 &&
		    primary)
			return one;
	}
	return NULL;
}

static void
write_created(struct arena *arena, const struct json_value *payload,
    const char *name, struct ticket *ticket)
{
	const char *reference = text_of(payload, "booking_reference");

	ticket->subject = arena_printf(arena, "Your booking %s", reference);
	ticket->content = arena_printf(arena,
	    "Dear %s, your booking %s for flight %s from %s to %s, departing "
	    "%s, is made.",
	    name, reference, text_of(payload, "flight_number"),
	    text_of(payload, "origin"), text_of(payload, "destination"),
	    text_of(payload, "departure"));
}

static void
write_departure(struct arena *arena, const struct json_value *payload,
    const char *name, struct ticket *ticket)
{
	ticket->subject = arena_printf(
	    arena, "Your flight %s", text_of(payload, "flight_number"));
	ticket->content = arena_printf(arena,
	    "Dear %s, flight %s from %s to %s departs %s. Your booking is %s.",
	    name, text_of(payload, "flight_number"), text_of(payload, "origin"),
	    text_of(payload, "destination"), text_of(payload, "departure"),
	    text_of(payload, "booking_reference"));
}

int
reminder_ticket(struct arena *arena, const struct json_value *payload,
    int64_t now_ms, struct ticket *ticket)
{
	const struct json_value *passenger = primary_passenger(payload);
	const char *type = text_of(payload, "event_type");
	const char *name = text_of(passenger, "first_name");
	int64_t departure_ms;

	ticket->email = text_of(passenger, "email");
	if (ticket->email[0] == '\0' ||
	    clock_parse(text_of(payload, "departure"), &departure_ms) != 0 ||
	    departure_ms <= now_ms)
		return 0;
	if (strcmp(type, event_type_name(EVENT_CREATED)) == 0) {
		write_created(arena, payload, name, ticket);
		ticket->at_ms = now_ms;
	} else if (strcmp(type, event_type_name(EVENT_CONFIRMED)) == 0) {
		write_departure(arena, payload, name, ticket);
		ticket->at_ms = departure_ms - DAY_MS > now_ms
				    ? departure_ms - DAY_MS
				    : now_ms;
	} else {
		return 0;
	}
	ticket->subject = shorten(arena, ticket->subject);
	ticket->content = shorten(arena, ticket->content);
	return 1;
}

const char *
reminder_message(struct arena *arena, const struct ticket *ticket, size_t *len)
{
	struct buf buf;
	struct json_out out;

	buf_init(&buf, arena, MESSAGE_MAX_BYTES);
	json_out_init(&out, &buf);
	json_begin_object(&out, NULL);
	json_put_text(&out, "service", "CREATE_TICKET");
	json_begin_object(&out, "data");
	json_put_text(&out, "subject", ticket->subject);
	json_put_text(&out, "content", ticket->content);
	json_put_text(&out, "recepientEmail", ticket->email);
	json_put_time(&out, "notificationTime", ticket->at_ms);
	json_end_object(&out);
	json_end_object(&out);
	*len = buf.len;
	return buf.bytes;
}

/* Its id follows from the event's, so that one that is sent again can be told
 * from a new one. */
static int
send(const struct reminder *reminder, const struct request_context *ctx,
    const struct mq_delivery *delivery, const struct ticket *ticket,
    struct err *err)
{
	struct mq_message message = {
		.exchange = reminder->exchange,
		.routing_key = reminder->routing_key,
		.message_id = delivery->message_id == NULL
				  ? NULL
				  : arena_printf(ctx->arena, "%s-ticket",
					delivery->message_id),
		.type = "CREATE_TICKET",
		.app_id = EVENT_APP_ID,
		.correlation_id = ctx->request_id,
		.traceparent = ctx->traceparent,
		.timestamp_ms = clock_wall_ms(),
	};
	enum mq_verdict verdict = MQ_UNKNOWN;

	message.body = reminder_message(ctx->arena, ticket, &message.body_len);
	if (mq_publisher_open(reminder->mq, reminder->exchange, err) != 0 ||
	    mq_publish(reminder->mq, &message, 1,
		deadline_within(ctx->deadline, reminder->timeout_ms), &verdict,
		err) != 0)
		return -1;
	if (verdict == MQ_CONFIRMED)
		return 0;
	return err_set_public(err, &MESSAGE_UNUSABLE,
	    "no queue takes tickets with the key %s", reminder->routing_key);
}

int
reminder_handle(void *context, const struct request_context *ctx,
    struct message *message, struct err *err)
{
	const struct reminder *reminder = context;
	const struct mq_delivery *delivery = message->delivery;
	const struct json_value *payload = NULL;
	struct ticket ticket;
	struct err wrong;

	err_clear(&wrong);
	if (json_parse(ctx->arena, delivery->body, delivery->body_len, &payload,
		&wrong) != 0)
		return err_set_public(
		    err, &MESSAGE_UNUSABLE, "the body is not JSON");
	if (reminder_ticket(ctx->arena, payload, clock_wall_ms(), &ticket) ==
		1 &&
	    send(reminder, ctx, delivery, &ticket, err) != 0)
		return -1;
	return db_transaction(
	    reminder->db, ctx->deadline, message_note, message, err);
}
