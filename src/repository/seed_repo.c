#include "repository/seed_repo.h"

#include "repository/statements.h"

#define FLIGHTS_A_TIME 50

/* The numbers 0 to 9999. */
#define DIGIT                                                                   \
	"(SELECT 0 d UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 " \
	"UNION ALL SELECT 4 UNION ALL SELECT 5 UNION ALL SELECT 6 UNION ALL "   \
	"SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9)"
/* The bookings of a batch: n counts from the first parameter on, below the
 * second; at is the creation time (the third parameter is the plan's end, the
 * fourth its number of bookings). */
#define BATCH                                                                  \
	"(SELECT n, TIMESTAMPADD(SECOND, n - total, until) at FROM ("          \
	"SELECT first_n + a.d + 10 * b.d + 100 * c.d + 1000 * e.d n, last_n, " \
	"until, total FROM (SELECT ? first_n, ? last_n, ? until, ? total) p "  \
	"JOIN " DIGIT " a JOIN " DIGIT " b JOIN " DIGIT " c JOIN " DIGIT       \
	" e) numbered WHERE n < last_n ORDER BY n) batch"
/* UUIDv7 of the time and the number; `kind` tells tables apart. */
#define ID(kind)                                                               \
	"UNHEX(CONCAT(LPAD(HEX(UNIX_TIMESTAMP(at) * 1000), 12, '0'), '7000', " \
	"'8', '" kind "', LPAD(HEX(n), 14, '0')))"
#define FLIGHT_ID     "CONCAT('SEED-', LPAD(FLOOR(n / 180), 6, '0'))"
#define FLIGHT_NUMBER "CONCAT('SD', MOD(FLOOR(n / 180), 1000))"
#define ROUTE	      "'Seed Airlines', 'JFK', 'LAX'"
/* When a booking's flight was made: with the first of its 180. */
#define FLIGHT_AT "TIMESTAMPADD(SECOND, -MOD(n, 180), at)"
#define SEAT_NUMBER                                                            \
	"CONCAT(FLOOR(MOD(n, 180) / 6) + 1, CHAR(65 + MOD(n, 6) USING ascii))"
#define STATUS                                                                 \
	"CASE WHEN MOD(n, 10) = 0 THEN 'CANCELLED' "                           \
	"WHEN MOD(n, 4) = 1 THEN 'CREATED' ELSE 'CONFIRMED' END"
#define CANCELLED "MOD(n, 10) = 0"
#define USER_ID	  "COALESCE(?, CONCAT('user-', MOD(n, 20) + 1))"

/* clang-format off */
enum { FLIGHTS, BOOKINGS, PASSENGERS, SEATS, EVENTS, COUNT, LAST_FLIGHT,
	DELETE_EVENTS, DELETE_PASSENGERS, DELETE_SEATS, DELETE_BOOKINGS,
	DELETE_FLIGHTS, STATEMENT__COUNT };

static const struct db_statement SQL[STATEMENT__COUNT] = {
	[FLIGHTS] = { "seed.flights",
	    "INSERT IGNORE INTO flights (flight_id, flight_number, airline, "
	    "origin, destination, departure, arrival, price, currency, status, "
	    "total_seats, created_at, updated_at) "
	    "SELECT " FLIGHT_ID ", " FLIGHT_NUMBER ", "
	    ROUTE ", TIMESTAMPADD(DAY, 30, at), TIMESTAMPADD(DAY, 31, at), 199.90, "
	    "'USD', 'SCHEDULED', 180, at, at FROM " BATCH
	    " WHERE MOD(n, 180) = 0" },
	[BOOKINGS] = { "seed.bookings",
	    "INSERT INTO bookings (id, booking_reference, user_id, flight_id, "
	    "booking_status, version, total_price, currency, passengers_count, "
	    "departure, flight_number, airline, origin, destination, arrival, "
	    "created_at, updated_at, confirmed_at, cancelled_at, "
	    "cancellation_reason) "
	    "SELECT " ID("0") ", CONCAT('BK-20000101-', LPAD(n, 7, '0')), "
	    USER_ID ", " FLIGHT_ID ", " STATUS ", 1, 199.90, 'USD', 1, "
	    "TIMESTAMPADD(DAY, 30, " FLIGHT_AT "), " FLIGHT_NUMBER ", " ROUTE
	    ", TIMESTAMPADD(DAY, 31, " FLIGHT_AT "), at, at, IF(MOD(n, 4) = 1 OR " CANCELLED ", NULL, at), "
	    "IF(" CANCELLED ", at, NULL), "
	    "IF(" CANCELLED ", 'user_requested', NULL) FROM " BATCH },
	[PASSENGERS] = { "seed.passengers",
	    "INSERT INTO passengers (booking_id, position, id, first_name, "
	    "last_name, email, is_primary_passenger, seat_position, "
	    "seat_number, created_at, updated_at) "
	    "SELECT " ID("0") ", 1, " ID("1") ", 'Seed', "
	    "CONCAT('Passenger ', n), CONCAT('seed', n, '@example.com'), TRUE, "
	    "MOD(n, 180), " SEAT_NUMBER ", at, at FROM " BATCH },
	[SEATS] = { "seed.seats",
	    "INSERT INTO seats (flight_id, position, id, seat_number, "
	    "is_available, booking_id, created_at, reserved_at) "
	    "SELECT " FLIGHT_ID ", MOD(n, 180), " ID("2") ", " SEAT_NUMBER
	    ", " CANCELLED ", IF(" CANCELLED ", NULL, " ID("0") "), at, "
	    "IF(" CANCELLED ", NULL, at) FROM " BATCH },
	[EVENTS] = { "seed.events",
	    "INSERT INTO booking_events (booking_id, sequence, id, event_type, "
	    "to_status, actor, payload, request_id, traceparent, occurred_at, "
	    "published_at) "
	    "SELECT " ID("0") ", 1, " ID("3") ", 'booking.created', 'CREATED', "
	    "'seed', '{}', 'seed', "
	    "'00-00000000000000000000000000000001-0000000000000001-00', at, at "
	    "FROM " BATCH },
	[COUNT] = { "seed.count",
	    "SELECT COUNT(*) FROM bookings WHERE flight_id LIKE 'SEED-%'" },
	[LAST_FLIGHT] = { "seed.last_flight",
	    "SELECT MAX(flight_id) FROM (SELECT flight_id FROM flights "
	    "WHERE flight_id LIKE 'SEED-%' ORDER BY flight_id LIMIT ?) some" },
	[DELETE_EVENTS] = { "seed.delete_events",
	    "DELETE e FROM booking_events e JOIN bookings b "
	    "ON b.id = e.booking_id "
	    "WHERE b.flight_id LIKE 'SEED-%' AND b.flight_id <= ?" },
	[DELETE_PASSENGERS] = { "seed.delete_passengers",
	    "DELETE p FROM passengers p JOIN bookings b "
	    "ON b.id = p.booking_id "
	    "WHERE b.flight_id LIKE 'SEED-%' AND b.flight_id <= ?" },
	[DELETE_SEATS] = { "seed.delete_seats",
	    "DELETE FROM seats "
	    "WHERE flight_id LIKE 'SEED-%' AND flight_id <= ?" },
	[DELETE_BOOKINGS] = { "seed.delete_bookings",
	    "DELETE FROM bookings "
	    "WHERE flight_id LIKE 'SEED-%' AND flight_id <= ?" },
	[DELETE_FLIGHTS] = { "seed.delete_flights",
	    "DELETE FROM flights "
	    "WHERE flight_id LIKE 'SEED-%' AND flight_id <= ?" },
};
/* clang-format on */

/* Bookings take their user as a further parameter, in front. */
static int
make(struct db *db, int statement, const struct seed_plan *plan, unsigned from,
    unsigned to, struct err *err)
{
	const struct db_value values[] = {
		db_text(plan->user_id),
		db_int(from),
		db_int(to),
		db_time(plan->now_ms),
		db_int(plan->total),
	};
	size_t skip = statement == BOOKINGS ? 0 : 1;

	return db_execute(db, &SQL[statement], values + skip,
	    ARRAY_LEN(values) - skip, NULL, err);
}

int
seed_repo_make(struct db *db, const struct seed_plan *plan, unsigned from,
    unsigned to, struct err *err)
{
	for (int statement = FLIGHTS; statement <= EVENTS; statement++) {
		if (make(db, statement, plan, from, to, err) != 0)
			return -1;
	}
	return 0;
}

int
seed_repo_count(
    struct db *db, struct arena *arena, unsigned *count, struct err *err)
{
	struct db_rows rows;

	if (db_query(db, arena, &SQL[COUNT], NULL, 0, &rows, err) != 0)
		return -1;
	*count = (unsigned)db_cell_int(db_cell(&rows, 0, 0));
	return 0;
}

int
seed_repo_take_back(
    struct db *db, struct arena *arena, uint64_t *taken, struct err *err)
{
	const struct db_value limit = db_int(FLIGHTS_A_TIME);
	struct db_value last;
	struct db_rows rows;

	*taken = 0;
	if (db_query(db, arena, &SQL[LAST_FLIGHT], &limit, 1, &rows, err) != 0)
		return -1;
	if (db_cell_is_null(db_cell(&rows, 0, 0)))
		return 0;
	last = db_text(db_cell_text(db_cell(&rows, 0, 0)));
	for (int step = DELETE_EVENTS; step <= DELETE_FLIGHTS; step++) {
		uint64_t *counted = step == DELETE_FLIGHTS ? taken : NULL;

		if (db_execute(db, &SQL[step], &last, 1, counted, err) != 0)
			return -1;
	}
	return 0;
}
