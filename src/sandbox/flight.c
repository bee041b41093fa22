#include "sandbox/flight.h"

#include <assert.h>
#include <string.h>

#include "core/clock.h"
#include "core/text.h"

#define DEFAULT_SEATS  180
#define MAX_SEATS      100000
#define FLIGHT_TIME_MS (210 * 60000LL) /* JFK to LAX, 3:30 */
#define SOON_MS	       (12 * 3600000LL)
#define EXAMPLE_ID     "flight-uuid-123" /* of the API's own examples */
#define NAMED_SEATS_JSON                                                       \
	"[\"1A\",\"1C\",\"1D\",\"1F\",\"2A\",\"2C\","                          \
	"\"2D\",\"2F\"]"

static const char *const KEYS[][SPELLING__COUNT] = {
	[FLIGHT_ID] = { "id", "id", "id" },
	[FLIGHT_NUMBER] = { "flight_number", "flight_number", "flightNumber" },
	[FLIGHT_AIRLINE] = { "airline", "airline", "airline" },
	[FLIGHT_ORIGIN] = { "origin", "origin", "departureAirportId" },
	[FLIGHT_DESTINATION] = { "destination", "destination",
	    "arrivalAirportId" },
	[FLIGHT_DEPARTURE] = { "departure", "departure_time", "departureTime" },
	[FLIGHT_ARRIVAL] = { "arrival", "arrival_time", "arrivalTime" },
	[FLIGHT_PRICE] = { "price", "price", "price" },
	[FLIGHT_CURRENCY] = { "currency", "currency", "currency" },
	[FLIGHT_STATUS] = { "status", "status", "status" },
	[FLIGHT_TOTAL_SEATS] = { "total_seats", "total_seats", "totalSeats" },
	[FLIGHT_AVAILABLE_SEATS] = { "available_seats", "available_seats",
	    "availableSeats" },
	[FLIGHT_SEATS] = { "seats", "seat_map", "seats" },
};
_Static_assert(ARRAY_LEN(KEYS) == FLIGHT_FIELD__COUNT, "keys of each field");

static const struct flight_change DEFAULTS[] = {
	{ FLIGHT_NUMBER, "\"AA100\"" },
	{ FLIGHT_AIRLINE, "\"American Airlines\"" },
	{ FLIGHT_ORIGIN, "\"JFK\"" },
	{ FLIGHT_DESTINATION, "\"LAX\"" },
	{ FLIGHT_DEPARTURE, "\"2030-02-15T08:00:00Z\"" },
	{ FLIGHT_ARRIVAL, "\"2030-02-15T11:30:00Z\"" },
	{ FLIGHT_PRICE, "299.99" },
	{ FLIGHT_CURRENCY, "\"USD\"" },
	{ FLIGHT_STATUS, "\"SCHEDULED\"" },
	{ FLIGHT_ID, NULL },
};

/* What the last word of a name changes. */
struct ending {
	const char *word;
	const char *meaning;
	struct flight_change changes[3];
	int64_t departs_in_ms; /* 0: as the changes say */
};

static const struct ending ENDINGS[] = {
	{ "-cancelled", "is cancelled", { { FLIGHT_STATUS, "\"CANCELLED\"" } },
	    0 },
	{ "-departed", "left in 2020",
	    { { FLIGHT_DEPARTURE, "\"2020-02-15T08:00:00Z\"" },
		{ FLIGHT_ARRIVAL, "\"2020-02-15T11:30:00Z\"" } },
	    0 },
	{ "-soon", "departs in 12 hours", { { FLIGHT_ID, NULL } }, SOON_MS },
	{ "-full", "has no available seat", { { FLIGHT_AVAILABLE_SEATS, "0" } },
	    0 },
	{ "-last", "has one available seat",
	    { { FLIGHT_AVAILABLE_SEATS, "1" } }, 0 },
	{ "-named", "names its 8 seats (1A 1C 1D 1F 2A 2C 2D 2F)",
	    { { FLIGHT_TOTAL_SEATS, "8" }, { FLIGHT_SEATS, NAMED_SEATS_JSON } },
	    0 },
	{ "-eur", "costs 299.99 EUR", { { FLIGHT_CURRENCY, "\"EUR\"" } }, 0 },
	{ "-nocurrency", "names no currency", { { FLIGHT_CURRENCY, "" } }, 0 },
};

const char *
flight_get(const struct flight *flight, enum flight_field field)
{
	return field == FLIGHT_SEATS ? flight->seats : flight->value[field];
}

int
flight_set(struct flight *flight, enum flight_field field, const char *json)
{
	bool long_field = field == FLIGHT_SEATS;
	char *value = long_field ? flight->seats : flight->value[field];
	size_t size = long_field ? FLIGHT_SEATS_SIZE : FLIGHT_VALUE_SIZE;
	size_t len = strlen(json);

	if (len >= size)
		return -1;
	memcpy(value, json, len + 1);
	return 0;
}

const char *
flight_key(enum flight_field field, enum flight_spelling spelling)
{
	return KEYS[field][spelling];
}

void
flight_apply(struct flight *flight, const struct flight_change changes[])
{
	for (; changes->json != NULL; changes++) {
		int refused = flight_set(flight, changes->field, changes->json);

		assert(refused == 0);
		(void)refused;
	}
}

static void
set_seats(struct flight *flight, int64_t seats)
{
	snprintf(flight->value[FLIGHT_TOTAL_SEATS], FLIGHT_VALUE_SIZE, "%lld",
	    (long long)seats);
}

static void
set_time(struct flight *flight, enum flight_field field, int64_t wall_ms)
{
	char text[CLOCK_RFC3339_SIZE];

	snprintf(flight->value[field], FLIGHT_VALUE_SIZE, "\"%s\"",
	    clock_format(wall_ms, text));
}

void
flight_default(struct flight *flight)
{
	memset(flight, 0, sizeof(*flight));
	flight_apply(flight, DEFAULTS);
	set_seats(flight, DEFAULT_SEATS);
}

static const struct ending *
find_ending(const char *id)
{
	size_t len = strlen(id);

	for (size_t i = 0; i < ARRAY_LEN(ENDINGS); i++) {
		size_t word_len = strlen(ENDINGS[i].word);

		if (len > word_len &&
		    strcmp(id + len - word_len, ENDINGS[i].word) == 0)
			return &ENDINGS[i];
	}
	return NULL;
}

/* "F<seats>-<anything>": the seats, or -1. */
static int64_t
seats_in_name(const char *id)
{
	size_t digits = strspn(id + 1, "0123456789");
	char number[8];
	int64_t seats;

	if (id[digits + 1] != '-' || id[digits + 2] == '\0' ||
	    digits >= sizeof(number))
		return -1;
	memcpy(number, id + 1, digits);
	number[digits] = '\0';
	return text_parse_int(number, 0, MAX_SEATS, &seats) == 0 ? seats : -1;
}

/* The seats of the flight that a name stands for, or -1. */
static int64_t
seats_by_name(const char *id, const struct ending *ending)
{
	int64_t number;

	if (id[0] == 'F')
		return seats_in_name(id);
	if (strcmp(id, EXAMPLE_ID) == 0)
		return DEFAULT_SEATS;
	if (strncmp(id, "X-", 2) == 0 && ending != NULL)
		return DEFAULT_SEATS;
	if (text_parse_int(id, 1, INT32_MAX, &number) == 0)
		return DEFAULT_SEATS;
	return -1;
}

bool
flight_by_name(const char *id, int64_t now_ms, struct flight *flight)
{
	const struct ending *ending = find_ending(id);
	int64_t seats = seats_by_name(id, ending);

	if (seats < 0)
		return false;
	flight_default(flight);
	set_seats(flight, seats);
	if (ending == NULL)
		return true;
	flight_apply(flight, ending->changes);
	if (ending->departs_in_ms > 0) {
		int64_t departure_ms = now_ms + ending->departs_in_ms;

		set_time(flight, FLIGHT_DEPARTURE, departure_ms);
		set_time(flight, FLIGHT_ARRIVAL, departure_ms + FLIGHT_TIME_MS);
	}
	return true;
}

static void
write_id(struct json_out *out, const char *key, const char *id, bool as_number)
{
	if (as_number && id[0] != '\0' &&
	    strspn(id, "0123456789") == strlen(id))
		json_put_raw(out, key, id);
	else
		json_put_text(out, key, id);
}

static void
write_price(struct json_out *out, const char *key, const char *json)
{
	if (strspn(json, "0123456789.") == strlen(json))
		json_put_text(out, key, json);
	else
		json_put_raw(out, key, json);
}

static void
write_field(struct json_out *out, enum flight_field field, const char *json,
    const struct flight_style *style)
{
	const char *key = KEYS[field][style->spelling];

	if (json[0] == '\0')
		return;
	if (field == FLIGHT_PRICE && style->price_as_text)
		write_price(out, key, json);
	else
		json_put_raw(out, key, json);
}

void
flight_write(struct json_out *out, const char *key, const char *id,
    const struct flight *flight, const struct flight_style *style)
{
	json_begin_object(out, key);
	if (flight_get(flight, FLIGHT_ID)[0] == '\0')
		write_id(out, "id", id, style->id_as_number);
	for (unsigned i = 0; i < FLIGHT_FIELD__COUNT; i++) {
		enum flight_field field = (enum flight_field)i;

		write_field(out, field, flight_get(flight, field), style);
	}
	json_end_object(out);
}

void
flight_print_names(FILE *to)
{
	fputs("Names of flights that need no set-up:\n"
	      "  F<seats>-<anything>  scheduled, 299.99 USD, AA100 JFK-LAX, "
	      "2030-02-15T08:00:00Z\n"
	      "  " EXAMPLE_ID "      the same with 180 seats; so is any "
	      "whole number\n"
	      "  X-<ending>           180 seats\n"
	      "An ending of F or X says more:\n",
	    to);
	for (size_t i = 0; i < ARRAY_LEN(ENDINGS); i++)
		fprintf(
		    to, "  %-20s %s\n", ENDINGS[i].word, ENDINGS[i].meaning);
}
