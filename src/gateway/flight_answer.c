#include "gateway/flight_answer.h"

#include <ctype.h>
#include <string.h>

#include "core/clock.h"
#include "core/money.h"
#include "core/text.h"
#include "model/booking_errors.h"

static int
nonsense(struct err *err, const char *field)
{
	return err_set(err, &FLIGHT_SERVICE_UNAVAILABLE,
	    "flight service: `%s` is missing or makes no sense", field);
}

/* A string or number as text; NULL for anything else. */
static const char *
scalar_text(const struct json_value *value)
{
	const char *text = json_string(value, NULL);

	return text != NULL ? text : json_number_text(value);
}

const char *
flight_answer_id(const struct json_value *answer)
{
	return scalar_text(json_get(answer, "id"));
}

/* Every spelling of a field, the first that is there wins. */
static const struct json_value *
field(const struct json_value *answer, const char *const names[])
{
	for (; *names != NULL; names++) {
		const struct json_value *value = json_get(answer, *names);

		if (json_type_of(value) != JSON_NULL)
			return value;
	}
	return NULL;
}

struct text_field {
	const char *names[4];
	size_t offset;
	size_t max_characters; /* the column's */
};

static const struct text_field TEXT_FIELDS[] = {
	{ { "flight_number", "flightNumber" },
	    offsetof(struct flight, flight_number), 32 },
	{ { "airline" }, offsetof(struct flight, airline), 100 },
	{ { "origin", "departureAirportId" }, offsetof(struct flight, origin),
	    64 },
	{ { "destination", "arrivalAirportId" },
	    offsetof(struct flight, destination), 64 },
	{ { "status" }, offsetof(struct flight, status), 32 },
};

static int
read_text(const struct json_value *answer, const struct text_field *rule,
    struct flight *flight, struct err *err)
{
	const struct json_value *value = field(answer, rule->names);
	const char *text = scalar_text(value);
	const char **place =
	    (const char **)(void *)((char *)flight + rule->offset);

	if (value == NULL) {
		*place = "";
		return 0;
	}
	if (text == NULL || text_has_control(text, strlen(text)) ||
	    utf8_length(text, strlen(text)) > rule->max_characters)
		return nonsense(err, rule->names[0]);
	*place = text;
	return 0;
}

static int
read_price(
    const struct json_value *answer, struct flight *flight, struct err *err)
{
	const char *text = scalar_text(json_get(answer, "price"));

	if (text == NULL ||
	    money_parse(text, strlen(text), &flight->price_cents) != 0)
		return nonsense(err, "price");
	return 0;
}

static int
read_currency(struct arena *arena, const struct json_value *answer,
    struct flight *flight, struct err *err)
{
	const struct json_value *value = json_get(answer, "currency");
	const char *text = json_string(value, NULL);
	char *upper;

	flight->currency = "USD";
	if (json_type_of(value) == JSON_NULL)
		return 0;
	if (text == NULL || strlen(text) != 3)
		return nonsense(err, "currency");
	upper = arena_strdup(arena, text);
	for (char *c = upper; *c != '\0'; c++) {
		*c = (char)toupper((unsigned char)*c);
		if (*c < 'A' || *c > 'Z')
			return nonsense(err, "currency");
	}
	flight->currency = upper;
	return 0;
}

static int
read_times(
    const struct json_value *answer, struct flight *flight, struct err *err)
{
	static const char *const DEPARTURE[] = { "departure", "departure_time",
		"departureTime", NULL };
	static const char *const ARRIVAL[] = { "arrival", "arrival_time",
		"arrivalTime", NULL };
	const char *departure = json_string(field(answer, DEPARTURE), NULL);
	const struct json_value *arrival = field(answer, ARRIVAL);
	const char *arrival_text = json_string(arrival, NULL);

	if (departure == NULL ||
	    clock_parse(departure, &flight->departure_ms) != 0 ||
	    flight->departure_ms < 0)
		return nonsense(err, "departure");
	flight->arrival_ms = -1;
	if (arrival == NULL)
		return 0;
	if (arrival_text == NULL ||
	    clock_parse(arrival_text, &flight->arrival_ms) != 0)
		return nonsense(err, "arrival");
	return 0;
}

/* A seat's name: a text, or an object that holds it. Upper-cased. */
static const char *
seat_name(struct arena *arena, const struct json_value *value)
{
	const char *text = json_string(value, NULL);
	char *upper;

	if (text == NULL)
		text = json_string(json_get(value, "seat_number"), NULL);
	if (text == NULL)
		text = json_string(json_get(value, "seatNumber"), NULL);
	if (text == NULL || strlen(text) >= SEAT_NUMBER_SIZE)
		return NULL;
	upper = arena_strdup(arena, text);
	for (char *c = upper; *c != '\0'; c++)
		*c = (char)toupper((unsigned char)*c);
	return seat_number_valid(upper) ? upper : NULL;
}

static int
read_seat_names(struct arena *arena, const struct json_value *answer,
    struct flight *flight, struct err *err)
{
	static const char *const NAMES[] = { "seats", "seat_map", "seatMap",
		NULL };
	const struct json_value *list = field(answer, NAMES);
	size_t count = json_length(list);
	const char **names;

	flight->seat_names = NULL;
	if (list == NULL || count == 0)
		return 0;
	if (count > FLIGHT_SEATS_MAX)
		return nonsense(err, "seats");
	names = arena_array(arena, count, sizeof(*names));
	for (size_t i = 0; i < count; i++) {
		names[i] = seat_name(arena, json_at(list, i));
		if (names[i] == NULL)
			return nonsense(err, "seats");
	}
	flight->seat_names = names;
	flight->total_seats = (unsigned)count;
	return 0;
}

/* A count of seats, a number or a text of digits; -1 when it is not told. */
static int
read_count(const struct json_value *value, const char *name, int64_t *count,
    struct err *err)
{
	const char *text = scalar_text(value);

	*count = -1;
	if (value == NULL)
		return 0;
	if (text == NULL ||
	    text_parse_int(text, 0, FLIGHT_SEATS_MAX, count) != 0)
		return nonsense(err, name);
	return 0;
}

static int
read_seats(struct arena *arena, const struct json_value *answer,
    struct flight *flight, struct err *err)
{
	static const char *const TOTAL[] = { "total_seats", "totalSeats",
		NULL };
	static const char *const AVAILABLE[] = { "available_seats",
		"availableSeats", NULL };
	int64_t total;

	if (read_count(field(answer, TOTAL), TOTAL[0], &total, err) != 0 ||
	    read_count(field(answer, AVAILABLE), AVAILABLE[0],
		&flight->available_seats, err) != 0)
		return -1;
	if (total < 0)
		total =
		    flight->available_seats < 0 ? 0 : flight->available_seats;
	flight->total_seats = (unsigned)total;
	return read_seat_names(arena, answer, flight, err);
}

int
flight_answer_read(struct arena *arena, const char *flight_id,
    const struct json_value *answer, struct flight *flight, struct err *err)
{
	flight->flight_id = flight_id;
	for (size_t i = 0; i < ARRAY_LEN(TEXT_FIELDS); i++) {
		if (read_text(answer, &TEXT_FIELDS[i], flight, err) != 0)
			return -1;
	}
	if (read_price(answer, flight, err) != 0 ||
	    read_currency(arena, answer, flight, err) != 0 ||
	    read_times(answer, flight, err) != 0)
		return -1;
	return read_seats(arena, answer, flight, err);
}
