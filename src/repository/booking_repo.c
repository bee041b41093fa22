#include "repository/booking_repo.h"

#include <string.h>

#include "repository/new_booking.h"
#include "repository/statements.h"

/* One column list and its row mapping (read_booking, read_passenger) belong
 * together: also update them there. */
#define BOOKING_COLUMNS                                                        \
	"b.id, b.booking_reference, b.user_id, b.flight_id, "                  \
	"b.booking_status + 0, b.version, b.total_price, b.currency, "         \
	"b.special_requests, b.departure, b.created_at, b.updated_at, "        \
	"b.confirmed_at, b.cancelled_at, b.cancellation_reason, b.expires_at"
#define FLIGHT_COLUMNS                                                         \
	"b.flight_number, b.airline, b.origin, b.destination, b.arrival, "     \
	"b.flight_changed_at"
#define PASSENGER_COLUMNS                                                      \
	"p.id, p.first_name, p.last_name, p.email, p.phone_number, "           \
	"DATE_FORMAT(p.date_of_birth, '%Y-%m-%d'), p.passport_number, "        \
	"p.is_primary_passenger, p.seat_position, p.seat_number, p.updated_at"

enum {
	BOOKING_AT = 0,
	FLIGHT_AT = 16,
	PASSENGER_AT = 22,
};

#define SELECT_BOOKING                                                         \
	"SELECT " BOOKING_COLUMNS ", " FLIGHT_COLUMNS ", " PASSENGER_COLUMNS   \
	" FROM bookings b JOIN passengers p ON p.booking_id = b.id"

#define TWO   PASSENGER_ROW ", " PASSENGER_ROW
#define FOUR  TWO ", " TWO
#define EIGHT FOUR ", " FOUR

/* clang-format off */
enum {
	INSERT, FIND, FIND_BY_REFERENCE, LOCK, FIND_EARLIER, RELEASE_KEY,
	DEFER_NOTICE, UPDATE_STATE, UPDATE_PASSENGER, INSERT_PASSENGERS_1,
	STATEMENT__COUNT = INSERT_PASSENGERS_1 + PASSENGERS_MAX
};

static const struct db_statement SQL[STATEMENT__COUNT] = {
	[INSERT] = { "booking.insert", INSERT_BOOKING },
	[FIND] = { "booking.find",
	    SELECT_BOOKING " WHERE b.id = ? ORDER BY p.position" },
	[FIND_BY_REFERENCE] = { "booking.find_by_reference",
	    SELECT_BOOKING " WHERE b.booking_reference = ? ORDER BY p.position" },
	[LOCK] = { "booking.lock",
	    "SELECT version FROM bookings WHERE id = ? FOR UPDATE" },
	[FIND_EARLIER] = { "booking.find_earlier",
	    "SELECT id, booking_status + 0, request_fingerprint, created_at, "
	    "notice_deferred FROM bookings WHERE request_key = ?" },
	[RELEASE_KEY] = { "booking.release_key",
	    "UPDATE bookings SET request_key = NULL "
	    "WHERE id = ? AND request_key = ?" },
	[DEFER_NOTICE] = { "booking.defer_notice",
	    "UPDATE bookings SET notice_deferred = TRUE WHERE id = ?" },
	[UPDATE_STATE] = { "booking.update_state",
	    "UPDATE bookings SET booking_status = ?, version = ?, "
	    "updated_at = ?, confirmed_at = ?, cancelled_at = ?, "
	    "cancellation_reason = ?, expires_at = ? "
	    "WHERE id = ? AND version = ? AND booking_status = ?" },
	[UPDATE_PASSENGER] = { "passenger.update",
	    "UPDATE passengers SET first_name = ?, last_name = ?, email = ?, "
	    "phone_number = ?, date_of_birth = ?, passport_number = ?, "
	    "updated_at = ? WHERE booking_id = ? AND id = ?" },
	[INSERT_PASSENGERS_1] = { "passenger.insert_1", INSERT_PASSENGERS PASSENGER_ROW },
	{ "passenger.insert_2", INSERT_PASSENGERS TWO },
	{ "passenger.insert_3", INSERT_PASSENGERS TWO ", " PASSENGER_ROW },
	{ "passenger.insert_4", INSERT_PASSENGERS FOUR },
	{ "passenger.insert_5", INSERT_PASSENGERS FOUR ", " PASSENGER_ROW },
	{ "passenger.insert_6", INSERT_PASSENGERS FOUR ", " TWO },
	{ "passenger.insert_7", INSERT_PASSENGERS FOUR ", " TWO ", " PASSENGER_ROW },
	{ "passenger.insert_8", INSERT_PASSENGERS EIGHT },
	{ "passenger.insert_9", INSERT_PASSENGERS EIGHT ", " PASSENGER_ROW },
};
/* clang-format on */

const struct db_statement_list BOOKING_STATEMENTS = { SQL, STATEMENT__COUNT };

/* ENUM columns count from 1 in the order of enum booking_status. */
static struct db_value
status_value(enum booking_status status)
{
	return db_int((int64_t)status + 1);
}

static enum booking_status
cell_status(const struct db_cell *cell)
{
	return (enum booking_status)(db_cell_int(cell) - 1);
}

static struct db_value
key_value(const uint8_t *key)
{
	return key == NULL ? db_null() : db_bytes(key, REQUEST_KEY_BYTES);
}

struct db_value *
put_booking_values(struct db_value *out, struct arena *arena,
    const struct booking *booking, const struct request_key *key)
{
	*out++ = db_uuid(&booking->id);
	*out++ = db_text(booking->reference);
	*out++ = db_text(booking->user_id);
	*out++ = db_text(booking->flight_id);
	*out++ = status_value(booking->status);
	*out++ = db_int(booking->version);
	*out++ = db_cents(arena, booking->total_cents);
	*out++ = db_text(booking->currency);
	*out++ = db_int((int64_t)booking->passenger_count);
	*out++ = db_text(booking->special_requests);
	*out++ = db_time(booking->departure_ms);
	*out++ = db_text(booking->flight.flight_number);
	*out++ = db_text(booking->flight.airline);
	*out++ = db_text(booking->flight.origin);
	*out++ = db_text(booking->flight.destination);
	*out++ = db_time(booking->flight.arrival_ms);
	*out++ = db_time(booking->created_at_ms);
	*out++ = db_time(booking->updated_at_ms);
	*out++ = db_time(booking->expires_at_ms);
	*out++ = key_value(key == NULL ? NULL : key->key);
	*out++ = key_value(key == NULL ? NULL : key->fingerprint);
	return out;
}

int
booking_repo_insert(struct db *db, struct arena *arena,
    const struct booking *booking, const struct request_key *key,
    struct err *err)
{
	struct db_value values[BOOKING_VALUES];

	put_booking_values(values, arena, booking, key);
	return db_execute(
	    db, &SQL[INSERT], values, ARRAY_LEN(values), NULL, err);
}

struct db_value *
put_passenger_values(struct db_value *out, const struct booking *booking)
{
	for (size_t i = 0; i < booking->passenger_count; i++) {
		const struct passenger *p = &booking->passengers[i];

		*out++ = db_uuid(&booking->id);
		*out++ = db_int((int64_t)i + 1);
		*out++ = db_uuid(&p->id);
		*out++ = db_text(p->first_name);
		*out++ = db_text(p->last_name);
		*out++ = db_text(p->email);
		*out++ = db_text(p->phone_number);
		*out++ = db_text(p->date_of_birth);
		*out++ = db_text(p->passport_number);
		*out++ = db_int(p->is_primary);
		*out++ = db_int(p->seat_position);
		*out++ = db_text(p->seat_number);
		*out++ = db_time(booking->created_at_ms);
		*out++ = db_time(booking->updated_at_ms);
	}
	return out;
}

int
booking_repo_insert_passengers(
    struct db *db, const struct booking *booking, struct err *err)
{
	struct db_value values[PASSENGERS_MAX * PASSENGER_VALUES];
	struct db_value *end = put_passenger_values(values, booking);

	return db_execute(db,
	    &SQL[INSERT_PASSENGERS_1 + (int)booking->passenger_count - 1],
	    values, (size_t)(end - values), NULL, err);
}

/* What an answer or an event says of it, not what a sale needs. */
static void
read_flight(const struct db_rows *rows, struct booking *booking)
{
	const struct db_cell *cell = db_cell(rows, 0, FLIGHT_AT);

	booking->flight = (struct flight){
		.flight_id = booking->flight_id,
		.flight_number = db_cell_text(&cell[0]),
		.airline = db_cell_text(&cell[1]),
		.origin = db_cell_text(&cell[2]),
		.destination = db_cell_text(&cell[3]),
		.departure_ms = booking->departure_ms,
		.arrival_ms = db_cell_time_ms(&cell[4]),
		.available_seats = -1,
	};
	booking->flight_changed_at_ms = db_cell_time_ms(&cell[5]);
}

static void
read_passenger(
    const struct db_rows *rows, size_t row, struct passenger *passenger)
{
	const struct db_cell *cell = db_cell(rows, row, PASSENGER_AT);

	passenger->id = db_cell_uuid(&cell[0]);
	passenger->first_name = db_cell_text(&cell[1]);
	passenger->last_name = db_cell_text(&cell[2]);
	passenger->email = db_cell_text(&cell[3]);
	passenger->phone_number = db_cell_text(&cell[4]);
	passenger->date_of_birth = db_cell_text(&cell[5]);
	passenger->passport_number = db_cell_text(&cell[6]);
	passenger->is_primary = db_cell_int(&cell[7]) != 0;
	passenger->seat_position = (unsigned)db_cell_int(&cell[8]);
	passenger->seat_number = db_cell_text(&cell[9]);
	passenger->updated_at_ms = db_cell_time_ms(&cell[10]);
}

static void
read_booking(const struct db_rows *rows, struct booking *booking)
{
	const struct db_cell *cell = db_cell(rows, 0, BOOKING_AT);

	booking->id = db_cell_uuid(&cell[0]);
	booking->reference = db_cell_text(&cell[1]);
	booking->user_id = db_cell_text(&cell[2]);
	booking->flight_id = db_cell_text(&cell[3]);
	booking->status = cell_status(&cell[4]);
	booking->version = (unsigned)db_cell_int(&cell[5]);
	booking->total_cents = db_cell_cents(&cell[6]);
	booking->currency = db_cell_text(&cell[7]);
	booking->special_requests = db_cell_text(&cell[8]);
	booking->departure_ms = db_cell_time_ms(&cell[9]);
	booking->created_at_ms = db_cell_time_ms(&cell[10]);
	booking->updated_at_ms = db_cell_time_ms(&cell[11]);
	booking->confirmed_at_ms = db_cell_time_ms(&cell[12]);
	booking->cancelled_at_ms = db_cell_time_ms(&cell[13]);
	booking->cancellation_reason = db_cell_text(&cell[14]);
	booking->expires_at_ms = db_cell_time_ms(&cell[15]);
}

static int
find(struct db *db, struct arena *arena, const struct db_statement *statement,
    struct db_value key, struct booking **booking, struct err *err)
{
	struct db_rows rows;
	struct booking *found;

	if (db_query(db, arena, statement, &key, 1, &rows, err) != 0)
		return -1;
	*booking = NULL;
	if (rows.count == 0)
		return 0;
	found = arena_alloc(arena, sizeof(*found));
	read_booking(&rows, found);
	read_flight(&rows, found);
	found->passenger_count = rows.count;
	found->passengers =
	    arena_array(arena, rows.count, sizeof(*found->passengers));
	for (size_t i = 0; i < rows.count; i++)
		read_passenger(&rows, i, &found->passengers[i]);
	*booking = found;
	return 0;
}

int
booking_repo_find(struct db *db, struct arena *arena, const struct uuid *id,
    struct booking **booking, struct err *err)
{
	return find(db, arena, &SQL[FIND], db_uuid(id), booking, err);
}

int
booking_repo_find_by_reference(struct db *db, struct arena *arena,
    const char *reference, struct booking **booking, struct err *err)
{
	return find(db, arena, &SQL[FIND_BY_REFERENCE], db_text(reference),
	    booking, err);
}

int
booking_repo_lock(struct db *db, struct arena *arena, const struct uuid *id,
    bool *exists, struct err *err)
{
	const struct db_value key = db_uuid(id);
	struct db_rows rows;

	if (db_query(db, arena, &SQL[LOCK], &key, 1, &rows, err) != 0)
		return -1;
	*exists = rows.count > 0;
	return 0;
}

int
booking_repo_find_earlier(struct db *db, struct arena *arena,
    const struct request_key *key, struct earlier_booking *earlier,
    struct err *err)
{
	const struct db_value value = key_value(key->key);
	struct db_rows rows;
	const struct db_cell *cell;

	if (db_query(db, arena, &SQL[FIND_EARLIER], &value, 1, &rows, err) != 0)
		return -1;
	memset(earlier, 0, sizeof(*earlier));
	if (rows.count == 0)
		return 0;
	cell = db_cell(&rows, 0, 0);
	earlier->found = true;
	earlier->id = db_cell_uuid(&cell[0]);
	earlier->status = cell_status(&cell[1]);
	if (cell[2].len == REQUEST_KEY_BYTES)
		memcpy(earlier->fingerprint, cell[2].bytes, REQUEST_KEY_BYTES);
	earlier->created_at_ms = db_cell_time_ms(&cell[3]);
	earlier->notice_deferred = db_cell_int(&cell[4]) != 0;
	return 0;
}

int
booking_repo_release_key(struct db *db, const struct request_key *key,
    const struct uuid *id, struct err *err)
{
	const struct db_value values[] = { db_uuid(id), key_value(key->key) };

	return db_execute(
	    db, &SQL[RELEASE_KEY], values, ARRAY_LEN(values), NULL, err);
}

int
booking_repo_defer_notice(struct db *db, const struct uuid *id, struct err *err)
{
	const struct db_value value = db_uuid(id);

	return db_execute(db, &SQL[DEFER_NOTICE], &value, 1, NULL, err);
}

int
booking_repo_update_state(struct db *db, const struct booking *before,
    const struct booking *changed, struct err *err)
{
	uint64_t affected = 0;
	const struct db_value values[] = {
		status_value(changed->status),
		db_int(changed->version),
		db_time(changed->updated_at_ms),
		db_time(changed->confirmed_at_ms),
		db_time(changed->cancelled_at_ms),
		db_text(changed->cancellation_reason),
		db_time(changed->expires_at_ms),
		db_uuid(&before->id),
		db_int(before->version),
		status_value(before->status),
	};

	if (db_execute(db, &SQL[UPDATE_STATE], values, ARRAY_LEN(values),
		&affected, err) != 0)
		return -1;
	if (affected != 1)
		return err_set(err, &ERR_CONFLICT, "booking changed meanwhile");
	return 0;
}

int
booking_repo_update_passenger(struct db *db, const struct booking *booking,
    const struct passenger *passenger, struct err *err)
{
	const struct db_value values[] = {
		db_text(passenger->first_name),
		db_text(passenger->last_name),
		db_text(passenger->email),
		db_text(passenger->phone_number),
		db_text(passenger->date_of_birth),
		db_text(passenger->passport_number),
		db_time(passenger->updated_at_ms),
		db_uuid(&booking->id),
		db_uuid(&passenger->id),
	};

	return db_execute(
	    db, &SQL[UPDATE_PASSENGER], values, ARRAY_LEN(values), NULL, err);
}
