#include "repository/flight_repo.h"

#include "repository/statements.h"

#define FIND_FLIGHT                                                            \
	"SELECT flight_id, flight_number, airline, origin, destination, "      \
	"departure, arrival, price, currency, status, total_seats, "           \
	"updated_at FROM flights WHERE flight_id = ?"
#define BOOKING_SHOWS_OTHER                                                    \
	"(b.departure <> f.departure OR b.flight_number <> f.flight_number "   \
	"OR b.airline <> f.airline OR b.origin <> f.origin "                   \
	"OR b.destination <> f.destination OR NOT b.arrival <=> f.arrival)"

/* clang-format off */
enum { FIND, FIND_TO_CHANGE, SAVE, CARRY_OVER, LEFT_BEHIND, STATEMENT__COUNT };

static const struct db_statement SQL[STATEMENT__COUNT] = {
	[FIND] = { "flight.find", FIND_FLIGHT },
	[FIND_TO_CHANGE] = { "flight.find_to_change", FIND_FLIGHT " FOR UPDATE" },
	[SAVE] = { "flight.save",
	    "INSERT INTO flights (flight_id, flight_number, airline, origin, "
	    "destination, departure, arrival, price, currency, status, "
	    "total_seats, created_at, updated_at) "
	    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
	    "ON DUPLICATE KEY UPDATE flight_number = VALUES(flight_number), "
	    "airline = VALUES(airline), origin = VALUES(origin), "
	    "destination = VALUES(destination), "
	    "departure = VALUES(departure), arrival = VALUES(arrival), "
	    "price = VALUES(price), currency = VALUES(currency), "
	    "status = VALUES(status), "
	    "total_seats = GREATEST(total_seats, VALUES(total_seats)), "
	    "updated_at = VALUES(updated_at)" },
	[CARRY_OVER] = { "flight.carry_over",
	    "UPDATE bookings b JOIN flights f ON f.flight_id = b.flight_id "
	    "SET b.departure = f.departure, b.flight_number = f.flight_number, "
	    "b.airline = f.airline, b.origin = f.origin, "
	    "b.destination = f.destination, b.arrival = f.arrival, "
	    "b.flight_changed_at = ? "
	    "WHERE b.flight_id = ? AND " BOOKING_SHOWS_OTHER },
	[LEFT_BEHIND] = { "flight.left_behind",
	    "SELECT DISTINCT f.flight_id FROM flights f "
	    "JOIN bookings b ON b.flight_id = f.flight_id "
	    "WHERE f.updated_at >= ? AND f.updated_at > f.created_at "
	    "AND " BOOKING_SHOWS_OTHER " LIMIT ?" },
};
/* clang-format on */

const struct db_statement_list FLIGHT_STATEMENTS = { SQL, STATEMENT__COUNT };

static int
find(struct db *db, struct arena *arena, const struct db_statement *statement,
    const char *flight_id, struct flight **flight, struct err *err)
{
	const struct db_value key = db_text(flight_id);
	struct db_rows rows;
	const struct db_cell *cell;
	struct flight *found;

	if (db_query(db, arena, statement, &key, 1, &rows, err) != 0)
		return -1;
	*flight = NULL;
	if (rows.count == 0)
		return 0;
	cell = db_cell(&rows, 0, 0);
	found = arena_alloc(arena, sizeof(*found));
	found->flight_id = db_cell_text(&cell[0]);
	found->flight_number = db_cell_text(&cell[1]);
	found->airline = db_cell_text(&cell[2]);
	found->origin = db_cell_text(&cell[3]);
	found->destination = db_cell_text(&cell[4]);
	found->departure_ms = db_cell_time_ms(&cell[5]);
	found->arrival_ms = db_cell_time_ms(&cell[6]);
	found->price_cents = db_cell_cents(&cell[7]);
	found->currency = db_cell_text(&cell[8]);
	found->status = db_cell_text(&cell[9]);
	found->total_seats = (unsigned)db_cell_int(&cell[10]);
	found->seen_at_ms = db_cell_time_ms(&cell[11]);
	found->available_seats = -1;
	*flight = found;
	return 0;
}

int
flight_repo_find(struct db *db, struct arena *arena, const char *flight_id,
    struct flight **flight, struct err *err)
{
	return find(db, arena, &SQL[FIND], flight_id, flight, err);
}

int
flight_repo_find_to_change(struct db *db, struct arena *arena,
    const char *flight_id, struct flight **flight, struct err *err)
{
	return find(db, arena, &SQL[FIND_TO_CHANGE], flight_id, flight, err);
}

int
flight_repo_save(struct db *db, struct arena *arena,
    const struct flight *flight, int64_t now_ms, struct err *err)
{
	const struct db_value values[] = {
		db_text(flight->flight_id),
		db_text(flight->flight_number),
		db_text(flight->airline),
		db_text(flight->origin),
		db_text(flight->destination),
		db_time(flight->departure_ms),
		db_time(flight->arrival_ms),
		db_cents(arena, flight->price_cents),
		db_text(flight->currency),
		db_text(flight->status),
		db_int(flight->total_seats),
		db_time(now_ms),
		db_time(flight->seen_at_ms),
	};

	return db_execute(db, &SQL[SAVE], values, ARRAY_LEN(values), NULL, err);
}

int
flight_repo_carry_over(
    struct db *db, const char *flight_id, int64_t now_ms, struct err *err)
{
	const struct db_value values[] = { db_time(now_ms),
		db_text(flight_id) };

	return db_execute(
	    db, &SQL[CARRY_OVER], values, ARRAY_LEN(values), NULL, err);
}

int
flight_repo_left_behind(struct db *db, struct arena *arena, int64_t since_ms,
    const char *flight_ids[], size_t *count, struct err *err)
{
	const struct db_value values[] = { db_time(since_ms),
		db_int((int64_t)*count) };
	struct db_rows rows;

	if (db_query(db, arena, &SQL[LEFT_BEHIND], values, ARRAY_LEN(values),
		&rows, err) != 0)
		return -1;
	*count = rows.count;
	for (size_t i = 0; i < rows.count; i++)
		flight_ids[i] = db_cell_text(db_cell(&rows, i, 0));
	return 0;
}
