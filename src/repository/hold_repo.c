#include "repository/hold_repo.h"

#include "repository/statements.h"

/* Seats are few: the list is padded with its last name. */
#define SEAT_MARKS "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?"
#define RAN_OUT	   "booking_status = 'CREATED' AND expires_at <= ?"

/* clang-format off */
enum { EXPIRED, EXPIRED_ON, EXPIRED_AT, COUNT_OPEN, ON_FLIGHT,
	STATEMENT__COUNT };

static const struct db_statement SQL[STATEMENT__COUNT] = {
	[EXPIRED] = { "hold.expired",
	    "SELECT id, version FROM bookings WHERE " RAN_OUT
	    " ORDER BY expires_at LIMIT ?" },
	[EXPIRED_ON] = { "hold.expired_on",
	    "SELECT id, version FROM bookings WHERE flight_id = ? AND " RAN_OUT
	    " LIMIT ?" },
	[EXPIRED_AT] = { "hold.expired_at",
	    "SELECT DISTINCT b.id, b.version FROM seats s "
	    "JOIN bookings b ON b.id = s.booking_id WHERE s.flight_id = ? "
	    "AND s.seat_number IN (" SEAT_MARKS ") "
	    "AND b.booking_status = 'CREATED' AND b.expires_at <= ?" },
	[COUNT_OPEN] = { "hold.count_open",
	    "SELECT id FROM bookings WHERE user_id = ? "
	    "AND booking_status = 'CREATED' "
	    "AND (expires_at IS NULL OR expires_at > ?) FOR UPDATE" },
	[ON_FLIGHT] = { "hold.on_flight",
	    "SELECT id, version FROM bookings WHERE flight_id = ? "
	    "AND booking_status = ? AND id > ? ORDER BY id LIMIT ?" },
};
/* clang-format on */

const struct db_statement_list HOLD_STATEMENTS = { SQL, STATEMENT__COUNT };

static int
read_versions(struct db *db, struct arena *arena,
    const struct db_statement *statement, const struct db_value values[],
    size_t value_count, struct booking_versions *bookings, struct err *err)
{
	struct db_rows rows;

	if (db_query(db, arena, statement, values, value_count, &rows, err) !=
	    0)
		return -1;
	bookings->items =
	    arena_array(arena, rows.count, sizeof(*bookings->items));
	bookings->count = rows.count;
	for (size_t i = 0; i < rows.count; i++) {
		bookings->items[i].id = db_cell_uuid(db_cell(&rows, i, 0));
		bookings->items[i].version =
		    (unsigned)db_cell_int(db_cell(&rows, i, 1));
	}
	return 0;
}

int
hold_repo_expired(struct db *db, struct arena *arena, int64_t now_ms,
    size_t limit, struct booking_versions *holds, struct err *err)
{
	const struct db_value values[] = { db_time(now_ms),
		db_int((int64_t)limit) };

	return read_versions(
	    db, arena, &SQL[EXPIRED], values, ARRAY_LEN(values), holds, err);
}

int
hold_repo_expired_on(struct db *db, struct arena *arena, const char *flight_id,
    int64_t now_ms, size_t limit, struct booking_versions *holds,
    struct err *err)
{
	const struct db_value values[] = { db_text(flight_id), db_time(now_ms),
		db_int((int64_t)limit) };

	return read_versions(
	    db, arena, &SQL[EXPIRED_ON], values, ARRAY_LEN(values), holds, err);
}

int
hold_repo_expired_at(struct db *db, struct arena *arena, const char *flight_id,
    const char *const seats[], size_t seat_count, int64_t now_ms,
    struct booking_versions *holds, struct err *err)
{
	struct db_value values[2 + SEAT_PREFERENCES_MAX];

	values[0] = db_text(flight_id);
	for (size_t i = 0; i < SEAT_PREFERENCES_MAX; i++)
		values[1 + i] =
		    db_text(seats[i < seat_count ? i : seat_count - 1]);
	values[1 + SEAT_PREFERENCES_MAX] = db_time(now_ms);
	return read_versions(
	    db, arena, &SQL[EXPIRED_AT], values, ARRAY_LEN(values), holds, err);
}

int
hold_repo_count_open(struct db *db, struct arena *arena, const char *user_id,
    int64_t now_ms, unsigned *count, struct err *err)
{
	const struct db_value values[] = { db_text(user_id), db_time(now_ms) };
	struct db_rows rows;

	if (db_query(db, arena, &SQL[COUNT_OPEN], values, ARRAY_LEN(values),
		&rows, err) != 0)
		return -1;
	*count = (unsigned)rows.count;
	return 0;
}

int
hold_repo_on_flight(struct db *db, struct arena *arena, const char *flight_id,
    enum booking_status status, const struct uuid *after, size_t limit,
    struct booking_versions *bookings, struct err *err)
{
	const struct db_value values[] = { db_text(flight_id),
		db_int((int64_t)status + 1), db_uuid(after),
		db_int((int64_t)limit) };

	return read_versions(db, arena, &SQL[ON_FLIGHT], values,
	    ARRAY_LEN(values), bookings, err);
}
