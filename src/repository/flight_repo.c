#include "repository/flight_repo.h"

#include <string.h>

#include "repository/statements.h"

/* clang-format off */
enum { FIND, SAVE, CARRY_OVER, STATEMENT__COUNT };

static const struct db_statement SQL[STATEMENT__COUNT] = {
	[FIND] = { "flight.find",
	    "SELECT flight_id, flight_number, airline, origin, destination, "
	    "departure, arrival, price, currency, status, total_seats "
	    "FROM flights WHERE flight_id = ?" },
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
	    "UPDATE bookings SET departure = ?, flight_number = ?, "
	    "airline = ?, origin = ?, destination = ?, arrival = ?, "
	    "flight_changed_at = ? WHERE flight_id = ? "
	    "AND (departure <> ? OR flight_number <> ? OR airline <> ? "
	    "OR origin <> ? OR destination <> ? OR NOT arrival <=> ?)" },
};
/* clang-format on */

const struct db_statement_list FLIGHT_STATEMENTS = { SQL, STATEMENT__COUNT };

int
flight_repo_find(struct db *db, struct arena *arena, const char *flight_id,
    struct flight **flight, struct err *err)
{
	const struct db_value key = db_text(flight_id);
	struct db_rows rows;
	const struct db_cell *cell;
	struct flight *found;

	if (db_query(db, arena, &SQL[FIND], &key, 1, &rows, err) != 0)
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
	found->available_seats = -1;
	*flight = found;
	return 0;
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
		db_time(now_ms),
	};

	return db_execute(db, &SQL[SAVE], values, ARRAY_LEN(values), NULL, err);
}

int
flight_repo_carry_over(
    struct db *db, const struct flight *flight, int64_t now_ms, struct err *err)
{
	const struct db_value shown[] = {
		db_time(flight->departure_ms),
		db_text(flight->flight_number),
		db_text(flight->airline),
		db_text(flight->origin),
		db_text(flight->destination),
		db_time(flight->arrival_ms),
	};
	struct db_value values[2 * ARRAY_LEN(shown) + 2];
	struct db_value *compared = values + ARRAY_LEN(shown) + 2;

	memcpy(values, shown, sizeof(shown));
	values[ARRAY_LEN(shown)] = db_time(now_ms);
	values[ARRAY_LEN(shown) + 1] = db_text(flight->flight_id);
	memcpy(compared, shown, sizeof(shown));
	return db_execute(
	    db, &SQL[CARRY_OVER], values, ARRAY_LEN(values), NULL, err);
}
