/*
 * The service's own schema, migrated from zero, with some thousand rows in
 * every table that grows.
 */
#ifndef TEST_DATA_FIXTURE_H
#define TEST_DATA_FIXTURE_H

#include "lib/db/db_fixture.h"

#include "core/ident.h"
#include "db/migration.h"

#define MIGRATIONS "sql/migrations"

enum { USERS = 40, FLIGHTS = 200, BOOKINGS = 8000, BIG_USER_BOOKINGS = 4000 };

/* 2025-01-01T00:00:00Z; booking i was created i seconds later. */
#define FIRST_MS INT64_C(1735689600000)

/* "numbers" of 0 to 9999, in SQL that MariaDB and MySQL share. */
#define DIGITS(name)                                                            \
	"(SELECT 0 d UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 " \
	"UNION ALL SELECT 4 UNION ALL SELECT 5 UNION ALL SELECT 6 UNION ALL "   \
	"SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9) " name
#define NUMBERS                                                                  \
	"(SELECT n1.d + 10 * n2.d + 100 * n3.d + 1000 * n4.d AS i FROM " DIGITS( \
	    "n1") ", " DIGITS("n2") ", " DIGITS("n3") ", " DIGITS("n4") ") n "
/* A UUIDv7 of the booking's second, the rest made of its number. */
#define ID_OF(i)                                                               \
	"UNHEX(CONCAT(LPAD(HEX(1735689600000 + 1000 * " i "), 12, '0'), "      \
	"'70008', LPAD(HEX(1 + " i "), 15, '0')))"
#define KEY_OF(i)  "UNHEX(LEFT(SHA2(" i ", 256), 32))"
#define TIME_OF(i) "('2025-01-01' + INTERVAL " i " SECOND)"

/* Every second booking is user-0's: BIG_USER_BOOKINGS of them. */
static const char *const DATA[] = {
	"INSERT INTO flights SELECT CONCAT('F', i), 'AA100', 'American', 'JFK', "
	"'LAX', '2026-01-01' + INTERVAL i HOUR, NULL, 299.99, 'USD', 'SCHEDULED', "
	"60, '2025-01-01', '2025-01-01' FROM " NUMBERS "WHERE i < 200",

	"INSERT INTO bookings (id, booking_reference, user_id, flight_id, "
	"booking_status, version, total_price, currency, passengers_count, "
	"departure, flight_number, airline, origin, destination, created_at, "
	"updated_at, expires_at, "
	"request_key, request_fingerprint) SELECT " ID_OF(
	    "i") ", "
		 "CONCAT('BK-20250101-', LPAD(i, 6, '0')), "
		 "CONCAT('user-', IF(i % 2 = 0, 0, i % 40)), CONCAT('F', i % 200), "
		 "1 + i % 3, 1, 299.99, 'USD', 1, '2026-01-01' + INTERVAL (i % 200) HOUR, 'AA100', 'American', 'JFK', 'LAX', " TIME_OF(
		     "i") ", " TIME_OF("i") ", IF(i % 3 = 0, " TIME_OF("i") ", NULL), " KEY_OF("i") ", " KEY_OF("i") " FROM " NUMBERS
														     "WHERE i < 8000",

	"INSERT INTO passengers SELECT " ID_OF("i") ", 1, " ID_OF(
	    "i + 100000") ", 'Ada', 'Lovelace', NULL, NULL, NULL, NULL, 1, i DIV 200, "
			  "CONCAT(1 + i DIV 200, 'A'), " TIME_OF(
			      "i") ", " TIME_OF("i") " FROM " NUMBERS
						     "WHERE i < 8000",

	"INSERT INTO seats SELECT CONCAT('F', i % 200), i DIV 200, " ID_OF(
	    "i + 200000") ", CONCAT(1 + i DIV 200, 'A'), i % 3 = 2, "
			  "IF(i % 3 = 2, NULL, " ID_OF(
			      "i") "), '2025-01-01', NULL "
				   "FROM " NUMBERS "WHERE i < 8000",

	"INSERT INTO booking_events (booking_id, sequence, id, event_type, actor, "
	"payload, request_id, traceparent, occurred_at, outbox_shard) "
	"SELECT " ID_OF("i") ", 1, " ID_OF(
	    "i + 300000") ", 'booking.created', "
			  "'user-0', '{}', 'r', 't', " TIME_OF(
			      "i") ", IF(i % 40 = 0, i % 16, NULL) "
				   "FROM " NUMBERS "WHERE i < 8000",

	"INSERT INTO inbox SELECT UNHEX(SHA2(i, 256)), 'payment_events', " TIME_OF(
	    "i") " FROM " NUMBERS "WHERE i < 8000",

	"ANALYZE TABLE flights, bookings, passengers, seats, booking_events, inbox",
};

static inline int
data_open(void **state)
{
	struct fixture *f;
	struct err err = { 0 };

	if (fixture_open(state) != 0)
		return -1;
	f = *state;
	f->db = db_create(&f->settings);
	if (migration_up(f->db, f->arena, MIGRATIONS, 10, NULL, NULL, &err) !=
	    0) {
		fprintf(stderr, "migrations: %s\n", err.cause);
		return -1;
	}
	for (size_t i = 0; i < COUNT(DATA); i++)
		run_sql(f->db, DATA[i]);
	return 0;
}

static inline int
data_close(void **state)
{
	struct fixture *f = *state;

	db_free(f->db);
	return fixture_close(state);
}

#endif
