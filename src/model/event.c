#include "model/event.h"

#include <string.h>

#include "json/json_out.h"

#define PAYLOAD_MAX_BYTES 65536

static const char *const TYPE_NAMES[EVENT_TYPE__COUNT] = {
	[EVENT_CREATED] = "booking.created",
	[EVENT_CONFIRMED] = "booking.confirmed",
	[EVENT_CANCELLED] = "booking.cancelled",
	[EVENT_UPDATED] = "booking.updated",
	[EVENT_REFUND_REQUIRED] = "booking.refund_required",
};

const char *
event_type_name(enum event_type type)
{
	return TYPE_NAMES[type];
}

int
event_type_parse(const char *text, enum event_type *type)
{
	for (int i = 0; i < EVENT_TYPE__COUNT; i++) {
		if (strcmp(text, TYPE_NAMES[i]) == 0) {
			*type = (enum event_type)i;
			return 0;
		}
	}
	return -1;
}

static void
write_head(struct json_out *out, const struct booking_event *event,
    const struct booking *booking)
{
	char text[UUID_TEXT_SIZE];

	json_put_text(out, "event_type", event_type_name(event->type));
	json_put_text(out, "event_id", uuid_format(&event->id, text));
	json_put_int(out, "sequence", event->sequence);
	json_put_time(out, "occurred_at", event->occurred_at_ms);
	json_put_text(out, "booking_id", uuid_format(&booking->id, text));
	json_put_text(out, "booking_reference", booking->reference);
	json_put_text(out, "user_id", booking->user_id);
	json_put_text(out, "status", booking_status_name(booking->status));
}

static void
write_flight(struct json_out *out, const struct booking *booking)
{
	json_put_text(out, "flight_id", booking->flight_id);
	json_put_text(out, "flight_number", booking->flight.flight_number);
	json_put_text(out, "origin", booking->flight.origin);
	json_put_text(out, "destination", booking->flight.destination);
	json_put_time(out, "departure", booking->departure_ms);
	json_put_cents(out, "total_price", booking->total_cents);
	json_put_text(out, "currency", booking->currency);
}

static void
write_passenger(struct json_out *out, const struct passenger *passenger)
{
	char text[UUID_TEXT_SIZE];

	json_begin_object(out, NULL);
	json_put_text(out, "id", uuid_format(&passenger->id, text));
	json_put_text(out, "first_name", passenger->first_name);
	json_put_text(out, "last_name", passenger->last_name);
	json_put_text(out, "email", passenger->email);
	json_put_text(out, "phone_number", passenger->phone_number);
	json_put_bool(out, "is_primary", passenger->is_primary);
	json_put_text(out, "seat", passenger->seat_number);
	json_end_object(out);
}

static void
write_people(struct json_out *out, const struct booking *booking)
{
	json_begin_array(out, "passengers");
	for (size_t i = 0; i < booking->passenger_count; i++)
		write_passenger(out, &booking->passengers[i]);
	json_end_array(out);
	json_begin_array(out, "seats");
	for (size_t i = 0; i < booking->passenger_count; i++)
		json_put_text(out, NULL, booking->passengers[i].seat_number);
	json_end_array(out);
}

static void
write_times(struct json_out *out, const struct booking_event *event,
    const struct booking *booking, const struct event_facts *facts)
{
	json_put_time(out, "created_at", booking->created_at_ms);
	json_put_time(out, "updated_at", booking->updated_at_ms);
	json_put_time(out, "expires_at", booking->expires_at_ms);
	if (event->type == EVENT_CONFIRMED)
		json_put_time(
		    out, "confirmation_timestamp", booking->confirmed_at_ms);
	if (booking->cancelled_at_ms >= 0) {
		json_put_time(out, "cancelled_at", booking->cancelled_at_ms);
		json_put_text(
		    out, "cancellation_reason", booking->cancellation_reason);
	}
	if (facts != NULL && facts->refund_cents >= 0)
		json_put_cents(out, "refund_amount", facts->refund_cents);
	if (facts != NULL && facts->payment_id != NULL)
		json_put_text(out, "payment_id", facts->payment_id);
}

void
event_write_payload(struct arena *arena, struct booking_event *event,
    const struct booking *booking, const struct event_facts *facts)
{
	struct buf buf;
	struct json_out out;

	buf_init(&buf, arena, PAYLOAD_MAX_BYTES);
	json_out_init(&out, &buf);
	json_begin_object(&out, NULL);
	write_head(&out, event, booking);
	write_flight(&out, booking);
	write_people(&out, booking);
	write_times(&out, event, booking, facts);
	json_end_object(&out);
	event->payload = buf.bytes;
	event->payload_len = buf.len;
}
