/*
 * A booking and its passengers, as plain values. Texts live in request memory
 * unless said otherwise; times are UTC wall milliseconds, -1 for none.
 */
#ifndef MODEL_BOOKING_H
#define MODEL_BOOKING_H

#include "core/ident.h"
#include "model/flight.h"

#define PASSENGERS_MAX	     9
#define SEAT_PREFERENCES_MAX 18
#define REFERENCE_SIZE	     24

enum booking_status {
	BOOKING_CREATED,
	BOOKING_CONFIRMED,
	BOOKING_CANCELLED,
	BOOKING_STATUS__COUNT
};

struct passenger {
	struct uuid id;
	const char *first_name;
	const char *last_name;
	const char *email;	     /* NULL: none */
	const char *phone_number;    /* NULL: none */
	const char *date_of_birth;   /* YYYY-MM-DD; NULL: none */
	const char *passport_number; /* NULL: none */
	bool is_primary;
	unsigned seat_position;
	const char *seat_number;
	int64_t updated_at_ms;
};

struct booking {
	struct uuid id;
	const char *reference;
	const char *user_id;
	const char *flight_id;
	enum booking_status status;
	unsigned version; /* 1, 2, 3: one more with each change */
	int64_t total_cents;
	const char *currency;
	const char *special_requests;
	int64_t departure_ms;
	int64_t created_at_ms;
	int64_t updated_at_ms;
	int64_t confirmed_at_ms;
	int64_t cancelled_at_ms;
	const char *cancellation_reason;
	int64_t expires_at_ms;
	struct flight flight; /* stored: price, status, seats are not set */
	int64_t flight_changed_at_ms; /* -1: as it was booked */
	struct passenger *passengers;
	size_t passenger_count;
};

/* "CREATED" and so on. */
const char *booking_status_name(enum booking_status status);
/* 0 and the status, or -1. Exact upper case. */
int booking_status_parse(
    const char *text, enum booking_status *status) MUST_CHECK;
/* True for a text shaped like BK-20250108-001. */
bool booking_reference_valid(const char *text);
/* "BK-20250108-001" for a day and a number. Returns out. */
char *booking_reference_format(
    int64_t wall_ms, unsigned number, char out[REFERENCE_SIZE]);

#endif
