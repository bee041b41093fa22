/*
 * A flight as the Flight service answers it, and the rule that makes flights
 * out of their names.
 *
 * Every field is kept as the JSON text that will be sent, so that a flight can
 * carry any right or wrong value ("299.99", "\"299.99\"", "-1"); an empty text
 * leaves the field out of the answer. Holds no pointer: it lives in shared
 * memory as well as on a stack.
 */
#ifndef SANDBOX_FLIGHT_H
#define SANDBOX_FLIGHT_H

#include <stdio.h>

#include "json/json_out.h"

#define FLIGHT_ID_SIZE	  65 /* up to 64 bytes and NUL */
#define FLIGHT_VALUE_SIZE 96
#define FLIGHT_SEATS_SIZE 4096

enum flight_field {
	FLIGHT_ID, /* empty: the id that was asked for */
	FLIGHT_NUMBER,
	FLIGHT_AIRLINE,
	FLIGHT_ORIGIN,
	FLIGHT_DESTINATION,
	FLIGHT_DEPARTURE,
	FLIGHT_ARRIVAL,
	FLIGHT_PRICE,
	FLIGHT_CURRENCY,
	FLIGHT_STATUS,
	FLIGHT_TOTAL_SEATS,
	FLIGHT_AVAILABLE_SEATS,
	FLIGHT_SEATS, /* an array of names */
	FLIGHT_FIELD__COUNT
};

/* How the contract lets a Flight service spell its fields. */
enum flight_spelling {
	SPELLING_SNAKE,	     /* departure, total_seats, seats */
	SPELLING_SNAKE_TIME, /* departure_time, total_seats, seat_map */
	SPELLING_CAMEL,	     /* departureTime, totalSeats, seats */
	SPELLING__COUNT
};

struct flight {
	char value[FLIGHT_SEATS][FLIGHT_VALUE_SIZE];
	char seats[FLIGHT_SEATS_SIZE];
};

/* One field given another JSON text; NULL ends a list of changes. */
struct flight_change {
	enum flight_field field;
	const char *json;
};

/* The JSON text of a field; "" when it is left out. */
const char *flight_get(const struct flight *flight, enum flight_field field);
/* Copies a JSON text. 0, or -1 when it does not fit. */
int flight_set(struct flight *flight, enum flight_field field,
    const char *json) MUST_CHECK;
/* Makes a list of changes, which must fit. */
void flight_apply(struct flight *flight, const struct flight_change changes[]);
/* The key of a field. */
const char *flight_key(enum flight_field field, enum flight_spelling spelling);
/* A scheduled flight of 180 seats. */
void flight_default(struct flight *flight);
/* Fills the flight that the name stands for; false when it stands for none.
 * now_ms (wall time) is what "-soon" counts from. */
bool flight_by_name(const char *id, int64_t now_ms, struct flight *flight);
/* Writes an object. `id` stands in for an empty FLIGHT_ID, as a number when
 * id_as_number; a price that is a number is quoted when price_as_text. */
struct flight_style {
	enum flight_spelling spelling;
	bool id_as_number;
	bool price_as_text;
};
void flight_write(struct json_out *out, const char *key, const char *id,
    const struct flight *flight, const struct flight_style *style);
/* Lists the names that stand for flights, for --help. */
void flight_print_names(FILE *to);

#endif
