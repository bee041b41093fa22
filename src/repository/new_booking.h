/*
 * The rows of a new booking: their texts and values, shared by the statements
 * that write them one by one (booking_repo, seat_repo, event_repo) and the one
 * that writes them all (create_repo). Private to the repositories.
 */
#ifndef REPOSITORY_NEW_BOOKING_H
#define REPOSITORY_NEW_BOOKING_H

#include "repository/booking_repo.h"
#include "repository/event_repo.h"

#define INSERT_BOOKING                                                         \
	"INSERT INTO bookings (id, booking_reference, user_id, flight_id, "    \
	"booking_status, version, total_price, currency, passengers_count, "   \
	"special_requests, departure, flight_number, airline, origin, "        \
	"destination, arrival, created_at, updated_at, expires_at, "           \
	"request_key, request_fingerprint) "                                   \
	"VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, " \
	"?)"
#define BOOKING_VALUES 21

#define INSERT_PASSENGERS                                                      \
	"INSERT INTO passengers (booking_id, position, id, first_name, "       \
	"last_name, email, phone_number, date_of_birth, passport_number, "     \
	"is_primary_passenger, seat_position, seat_number, created_at, "       \
	"updated_at) VALUES "
#define PASSENGER_ROW	 "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
#define PASSENGER_VALUES 14

/* `marks`: a ? for each seat. Takes nothing unless position and number agree
 * and the seat is free. */
#define TAKE_SEATS(marks)                                                      \
	"UPDATE seats SET is_available = FALSE, booking_id = ?, "              \
	"reserved_at = ? WHERE flight_id = ? AND position IN (" marks ") "     \
	"AND seat_number IN (" marks ") AND is_available = TRUE"
#define TAKE_VALUES 3 /* and two for each seat */

#define INSERT_EVENT                                                           \
	"INSERT INTO booking_events (booking_id, sequence, id, event_type, "   \
	"from_status, to_status, actor, reason, comments, payload, "           \
	"request_id, traceparent, occurred_at, outbox_shard) "                 \
	"VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
#define EVENT_VALUES 14

/* Each writes the values of its statement's marks and returns what is behind
 * the last. */
struct db_value *put_booking_values(struct db_value *out, struct arena *arena,
    const struct booking *booking, const struct request_key *key);
struct db_value *put_passenger_values(
    struct db_value *out, const struct booking *booking);
/* `places` is at least the number of seats: the last one is repeated. */
struct db_value *put_take_values(
    struct db_value *out, const struct booking *booking, size_t places);
struct db_value *put_event_values(
    struct db_value *out, const struct booking_event *event);

#endif
