#include "controller/present.h"

#include <string.h>

#include "model/booking_errors.h"

#define JSON_TYPE     "application/json; charset=utf-8"
#define RETRY_AFTER_S "1"
#define SHOWN_DIGITS  3 /* of a passport number */

void
present_begin(struct http_response *response, int status, struct json_out *out)
{
	response->status = status;
	http_set_header(response, "Content-Type", JSON_TYPE);
	http_set_header(response, "Cache-Control", "no-store");
	json_out_init(out, &response->body);
	json_begin_object(out, NULL);
	json_put_bool(out, "success", true);
	json_begin_object(out, "data");
}

void
present_end(struct json_out *out, const char *message)
{
	json_end_object(out);
	if (message != NULL)
		json_put_text(out, "message", message);
	json_end_object(out);
}

static void
put_fields(struct json_out *out, const struct err *err)
{
	if (err->field_count == 0)
		return;
	json_begin_array(out, "fields");
	for (size_t i = 0; i < err->field_count; i++) {
		json_begin_object(out, NULL);
		json_put_text(out, "field", err->fields[i].field);
		json_put_text(out, "message", err->fields[i].message);
		json_end_object(out);
	}
	json_end_array(out);
}

void
present_error(struct http_response *response, const struct err *err)
{
	const struct err_def *def = booking_error_public(err->def);
	bool own_message = def->message[0] == '\0';
	struct json_out out;

	response->status = def->http_status;
	buf_clear(&response->body);
	http_set_header(response, "Content-Type", JSON_TYPE);
	http_set_header(response, "Cache-Control", "no-store");
	if (def->http_status == 401)
		http_set_header(response, "WWW-Authenticate", "Bearer");
	if (def->retryable)
		http_set_header(response, "Retry-After", RETRY_AFTER_S);
	json_out_init(&out, &response->body);
	json_begin_object(&out, NULL);
	json_put_bool(&out, "success", false);
	json_begin_object(&out, "error");
	json_put_text(&out, "code", def->code);
	json_put_text(
	    &out, "message", own_message ? err->details : def->message);
	if (!own_message && err->def == def && err->details[0] != '\0')
		json_put_text(&out, "details", err->details);
	put_fields(&out, err);
	json_end_object(&out);
	json_end_object(&out);
}

static void
put_head(struct json_out *out, const struct booking *booking)
{
	char id[UUID_TEXT_SIZE];

	json_put_text(out, "booking_id", uuid_format(&booking->id, id));
	json_put_text(out, "booking_reference", booking->reference);
	json_put_text(out, "user_id", booking->user_id);
	json_put_text(out, "flight_id", booking->flight_id);
	json_put_text(out, "status", booking_status_name(booking->status));
	json_put_cents(out, "total_price", booking->total_cents);
	json_put_text(out, "currency", booking->currency);
}

void
present_state(struct json_out *out, const struct booking *booking)
{
	char id[UUID_TEXT_SIZE];

	json_put_text(out, "booking_id", uuid_format(&booking->id, id));
	json_put_text(out, "booking_reference", booking->reference);
	json_put_text(out, "status", booking_status_name(booking->status));
}

void
present_created(struct json_out *out, const struct booking *booking)
{
	char id[UUID_TEXT_SIZE], url[UUID_TEXT_SIZE + 16] = "/bookings/";

	put_head(out, booking);
	json_put_int(
	    out, "passengers_count", (int64_t)booking->passenger_count);
	json_begin_array(out, "allocated_seats");
	for (size_t i = 0; i < booking->passenger_count; i++)
		json_put_text(out, NULL, booking->passengers[i].seat_number);
	json_end_array(out);
	json_put_time(out, "created_at", booking->created_at_ms);
	json_put_time(out, "expires_at", booking->expires_at_ms);
	memcpy(url + 10, uuid_format(&booking->id, id), UUID_TEXT_SIZE);
	json_put_text(out, "confirmation_url", url);
}

void
present_told(struct json_out *out, const char *key, const char *text)
{
	json_put_text(out, key, text[0] == '\0' ? NULL : text);
}

static void
put_flight(struct json_out *out, const struct flight *flight)
{
	json_begin_object(out, "flight_details");
	present_told(out, "flight_number", flight->flight_number);
	present_told(out, "airline", flight->airline);
	json_put_time(out, "departure", flight->departure_ms);
	json_put_time(out, "arrival", flight->arrival_ms);
	present_told(out, "origin", flight->origin);
	present_told(out, "destination", flight->destination);
	json_end_object(out);
}

static const char *
masked(struct arena *arena, const char *number)
{
	size_t len = number == NULL ? 0 : strlen(number);
	char *text = arena_strdup(arena, number);

	for (size_t i = 0; i + SHOWN_DIGITS < len; i++)
		text[i] = '*';
	return text;
}

void
present_passenger(struct arena *arena, struct json_out *out,
    const struct passenger *passenger)
{
	char id[UUID_TEXT_SIZE];

	json_put_text(out, "passenger_id", uuid_format(&passenger->id, id));
	json_put_text(out, "first_name", passenger->first_name);
	json_put_text(out, "last_name", passenger->last_name);
	json_put_text(out, "email", passenger->email);
	json_put_text(out, "phone_number", passenger->phone_number);
	json_put_text(out, "date_of_birth", passenger->date_of_birth);
	json_put_text(
	    out, "passport_number", masked(arena, passenger->passport_number));
	json_put_bool(out, "is_primary", passenger->is_primary);
	json_put_text(out, "seat", passenger->seat_number);
}

void
present_booking(
    struct arena *arena, struct json_out *out, const struct booking *booking)
{
	put_head(out, booking);
	put_flight(out, &booking->flight);
	json_begin_array(out, "passengers");
	for (size_t i = 0; i < booking->passenger_count; i++) {
		json_begin_object(out, NULL);
		present_passenger(arena, out, &booking->passengers[i]);
		json_end_object(out);
	}
	json_end_array(out);
	json_put_text(out, "special_requests", booking->special_requests);
	json_put_time(out, "created_at", booking->created_at_ms);
	json_put_time(out, "updated_at", booking->updated_at_ms);
	json_put_time(out, "confirmed_at", booking->confirmed_at_ms);
	json_put_time(out, "cancelled_at", booking->cancelled_at_ms);
	json_put_text(out, "cancellation_reason", booking->cancellation_reason);
	json_put_time(out, "expires_at", booking->expires_at_ms);
}

const char *
present_tag(struct arena *arena, const struct booking *booking)
{
	if (booking->flight_changed_at_ms < 0)
		return arena_printf(arena, "%u", booking->version);
	return arena_printf(arena, "%u.%lld", booking->version,
	    (long long)booking->flight_changed_at_ms);
}

const char *
present_etag(struct arena *arena, const struct booking *booking)
{
	return arena_printf(arena, "\"%s\"", present_tag(arena, booking));
}
