#include "controller/booking_input.h"

#include <ctype.h>
#include <string.h>

#include "core/text.h"

#define SPECIAL_REQUESTS_MAX 500
#define KEY_MAX		     255

static void
read_flight_id(struct input *input, const struct json_value *body,
    struct booking_request *booking)
{
	const struct json_value *value = json_get(body, "flight_id");
	size_t len = 0;
	const char *text = json_string(value, &len);

	if (json_type_of(value) == JSON_NULL)
		input_wrong(input, "is required", "flight_id");
	else if (text == NULL || !flight_id_valid(text, len))
		input_wrong(input,
		    "must be a text of 1 to 64 letters, digits and ._:-",
		    "flight_id");
	else
		booking->flight_id = text;
}

const char *
input_passenger_field(struct input *input, const struct json_value *value,
    const struct passenger_field *field, struct passenger *passenger)
{
	size_t len = 0;
	const char *text = json_string(value, &len);

	if (text == NULL)
		return "must be a text";
	return field->rule(input->arena, text, len, input->now_ms,
	    passenger_field_of(passenger, field));
}

static void
read_passenger_field(struct input *input, const struct json_value *object,
    size_t index, const struct passenger_field *field,
    struct passenger *passenger)
{
	const struct json_value *value = json_get(object, field->name);
	const char *wrong;

	if (json_type_of(value) == JSON_NULL)
		wrong = field->required ? "is required" : NULL;
	else
		wrong = input_passenger_field(input, value, field, passenger);
	if (wrong != NULL)
		input_wrong(
		    input, wrong, "passengers[%zu].%s", index, field->name);
}

static void
read_passenger(struct input *input, const struct json_value *object,
    size_t index, struct passenger *passenger)
{
	const struct json_value *primary = json_get(object, "is_primary");

	if (json_type_of(object) != JSON_OBJECT) {
		input_wrong(
		    input, "must be an object", "passengers[%zu]", index);
		return;
	}
	for (size_t i = 0; i < PASSENGER_FIELD__COUNT; i++)
		read_passenger_field(
		    input, object, index, &PASSENGER_FIELDS[i], passenger);
	if (json_type_of(primary) != JSON_NULL &&
	    json_bool(primary, &passenger->is_primary) != 0)
		input_wrong(input, "must be true or false",
		    "passengers[%zu].is_primary", index);
}

/* Exactly one is the primary passenger, the first if none says so, and has an
 * e-mail address. */
static void
settle_primary(struct input *input, const struct json_value *list,
    struct booking_request *booking)
{
	size_t primary = 0, marked = 0;

	for (size_t i = 0; i < booking->passenger_count; i++) {
		if (!booking->passengers[i].is_primary)
			continue;
		if (marked++ == 0)
			primary = i;
		else
			input_wrong(input, "only one passenger can be primary",
			    "passengers[%zu].is_primary", i);
	}
	booking->passengers[primary].is_primary = true;
	if (json_type_of(json_at(list, primary)) == JSON_OBJECT &&
	    json_type_of(json_get(json_at(list, primary), "email")) ==
		JSON_NULL)
		input_wrong(input, "is required for the primary passenger",
		    "passengers[%zu].email", primary);
}

static void
read_passengers(struct input *input, const struct json_value *body,
    struct booking_request *booking)
{
	const struct json_value *list = json_get(body, "passengers");
	size_t count = json_length(list);

	if (json_type_of(list) == JSON_NULL) {
		input_wrong(input, "is required", "passengers");
		return;
	}
	if (json_type_of(list) != JSON_ARRAY || count < 1 ||
	    count > PASSENGERS_MAX) {
		input_wrong(
		    input, "must be a list of 1 to 9 passengers", "passengers");
		return;
	}
	booking->passengers =
	    arena_array(input->arena, count, sizeof(*booking->passengers));
	booking->passenger_count = count;
	for (size_t i = 0; i < count; i++)
		read_passenger(
		    input, json_at(list, i), i, &booking->passengers[i]);
	settle_primary(input, list, booking);
}

static const char *
upper_seat(struct arena *arena, const struct json_value *value)
{
	size_t len = 0;
	const char *text = json_string(value, &len);
	char *upper;

	if (text == NULL || len >= SEAT_NUMBER_SIZE)
		return NULL;
	upper = arena_copy(arena, text, len);
	for (char *c = upper; *c != '\0'; c++)
		*c = (char)toupper((unsigned char)*c);
	return seat_number_valid(upper) ? upper : NULL;
}

static bool
is_listed(const char *const names[], size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++) {
		if (names[i] != NULL && strcmp(names[i], name) == 0)
			return true;
	}
	return false;
}

static void
read_preferences(struct input *input, const struct json_value *body,
    struct booking_request *booking)
{
	const struct json_value *list = json_get(body, "seat_preferences");
	size_t count = json_length(list);
	const char **names;

	if (json_type_of(list) == JSON_NULL)
		return;
	if (json_type_of(list) != JSON_ARRAY || count > SEAT_PREFERENCES_MAX) {
		input_wrong(input, "must be a list of at most 18 seats",
		    "seat_preferences");
		return;
	}
	names = arena_array(input->arena, count, sizeof(*names));
	for (size_t i = 0; i < count; i++) {
		const char *name = upper_seat(input->arena, json_at(list, i));

		if (name == NULL)
			input_wrong(input, "must be a seat like 12A",
			    "seat_preferences[%zu]", i);
		else if (is_listed(names, i, name))
			input_wrong(input, "is listed twice",
			    "seat_preferences[%zu]", i);
		names[i] = name;
	}
	booking->wishes.preferences = names;
	booking->wishes.preference_count = count;
}

static void
read_special_requests(struct input *input, const struct json_value *body,
    struct booking_request *booking)
{
	const struct json_value *value = json_get(body, "special_requests");
	size_t len = 0;
	const char *text = json_string(value, &len);

	if (json_type_of(value) == JSON_NULL)
		return;
	if (text == NULL || utf8_length(text, len) > SPECIAL_REQUESTS_MAX)
		input_wrong(input, "must be a text of at most 500 characters",
		    "special_requests");
	else
		booking->special_requests = text;
}

static void
read_idempotency_key(struct input *input, const struct http_request *request,
    struct booking_request *booking)
{
	bool repeated = false;
	const char *key = http_header(request, "Idempotency-Key", &repeated);
	bool wrong = repeated;

	if (key == NULL)
		return;
	for (const char *c = key; *c != '\0'; c++)
		wrong = wrong || *c < '!' || *c > '~';
	if (wrong || key[0] == '\0' || strlen(key) > KEY_MAX)
		input_wrong(input, "must be 1 to 255 visible ASCII characters",
		    "Idempotency-Key");
	else
		booking->idempotency_key = key;
}

void
booking_input_create(struct input *input, const struct http_request *request,
    const struct json_value *body, struct booking_request *booking)
{
	const struct json_value *allow = json_get(body, "allow_other_seats");

	memset(booking, 0, sizeof(*booking));
	read_flight_id(input, body, booking);
	read_passengers(input, body, booking);
	read_preferences(input, body, booking);
	if (json_type_of(allow) != JSON_NULL &&
	    json_bool(allow, &booking->wishes.allow_other_seats) != 0)
		input_wrong(
		    input, "must be true or false", "allow_other_seats");
	read_special_requests(input, body, booking);
	read_idempotency_key(input, request, booking);
	booking->canonical_body = json_canonical_digest(input->arena, body);
}
