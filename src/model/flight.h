/*
 * A flight as the Flight service describes it (contract section 3).
 */
#ifndef MODEL_FLIGHT_H
#define MODEL_FLIGHT_H

#include "core/base.h"

#define FLIGHT_ID_MAX	 64
#define FLIGHT_SEATS_MAX 60000
#define SEAT_NUMBER_SIZE 9 /* up to 8 characters and NUL */
#define SEATS_ABREAST	 6

struct flight {
	const char *flight_id;
	const char *flight_number;
	const char *airline;
	const char *origin;
	const char *destination;
	int64_t departure_ms;
	int64_t arrival_ms; /* -1: not told */
	int64_t price_cents;
	const char *currency;
	const char *status;
	unsigned total_seats;
	int64_t available_seats;       /* -1: not told */
	int64_t seen_at_ms;	       /* when the Flight service was asked */
	const char *const *seat_names; /* total_seats of them, or NULL */
};

/* True for [A-Za-z0-9._:-]{1,64}. */
bool flight_id_valid(const char *text, size_t len);
/* True unless the service calls the flight cancelled. */
bool flight_is_operating(const struct flight *flight);
/* The name of the seat at a position (0-based): the flight's own, or 1A, 1B...
 * six abreast. Returns out. */
char *flight_seat_number(
    const struct flight *flight, unsigned position, char out[SEAT_NUMBER_SIZE]);
/* True for an upper-case name like 12A: row 1 to 9999 and one or two letters.
 */
bool seat_number_valid(const char *text);

#endif
