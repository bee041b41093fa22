#include "repository/seat_repo.h"

#include "core/text.h"
#include "repository/new_booking.h"
#include "repository/statements.h"
#include "json/json_out.h"

/* Named seats are few: the list is padded with its last name. */
#define NAME_MARKS     "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?"
#define POSITION_MARKS "?, ?, ?, ?, ?, ?, ?, ?, ?"

#define SEATS_A_STATEMENT 1000
#define SEAT_JSON_BYTES	  64
/* For the rows of the largest flight, while they are read. */
#define ROWS_BYTES ((size_t)16 * 1024 * 1024)

#define SELECT_FREE                                                            \
	"SELECT position, seat_number FROM seats WHERE flight_id = ? "         \
	"AND position < ? AND is_available = TRUE ORDER BY position LIMIT ?"

/* clang-format off */
enum { FREE, LOCK_FREE, FIND_FREE, TAKE, RELEASE, COUNT, ADD, ALL, STATEMENT__COUNT };

static const struct db_statement SQL[STATEMENT__COUNT] = {
	[FREE] = { "seat.free", SELECT_FREE },
	[LOCK_FREE] = { "seat.lock_free", SELECT_FREE " FOR UPDATE SKIP LOCKED" },
	[FIND_FREE] = { "seat.find_free",
	    "SELECT position, seat_number FROM seats WHERE flight_id = ? "
	    "AND seat_number IN (" NAME_MARKS ") AND is_available = TRUE" },
	[TAKE] = { "seat.take", TAKE_SEATS(POSITION_MARKS) },
	[RELEASE] = { "seat.release",
	    "UPDATE seats SET is_available = TRUE, booking_id = NULL, "
	    "reserved_at = NULL WHERE flight_id = ? "
	    "AND position IN (" POSITION_MARKS ") AND booking_id = ?" },
	[COUNT] = { "seat.count",
	    "SELECT COUNT(*) FROM seats WHERE flight_id = ?" },
	[ALL] = { "seat.all",
	    "SELECT seat_number, is_available FROM seats WHERE flight_id = ? "
	    "ORDER BY position" },
	/* Seats of a flight in one statement, whatever their number: the rows
	 * travel as a JSON array. An existing seat keeps its row. */
	[ADD] = { "seat.add",
	    "INSERT INTO seats (flight_id, position, id, seat_number, "
	    "is_available, created_at) "
	    "SELECT ?, made.position, UNHEX(made.id), made.seat_number, TRUE, ? "
	    "FROM JSON_TABLE(?, '$[*]' COLUMNS (position INT PATH '$[0]', "
	    "id CHAR(32) PATH '$[1]', seat_number VARCHAR(8) PATH '$[2]')) made "
	    "ON DUPLICATE KEY UPDATE seats.position = seats.position" },
};
/* clang-format on */

const struct db_statement_list SEAT_STATEMENTS = { SQL, STATEMENT__COUNT };

/* The texts of a column of seat numbers, SEAT_NUMBER_SIZE after each other. */
static const char *
copy_numbers(struct arena *arena, const struct db_rows *rows, size_t column)
{
	char *numbers = arena_array(arena, rows->count, SEAT_NUMBER_SIZE);

	for (size_t i = 0; i < rows->count; i++)
		text_copy(numbers + i * SEAT_NUMBER_SIZE, SEAT_NUMBER_SIZE,
		    db_cell_text(db_cell(rows, i, column)));
	return numbers;
}

static void
copy_seats(struct arena *arena, const struct db_rows *rows, struct seat **seats,
    size_t *count)
{
	const char *numbers = copy_numbers(arena, rows, 1);

	*seats = arena_array(arena, rows->count, sizeof(**seats));
	*count = rows->count;
	for (size_t i = 0; i < rows->count; i++) {
		(*seats)[i].position =
		    (unsigned)db_cell_int(db_cell(rows, i, 0));
		(*seats)[i].number = numbers + i * SEAT_NUMBER_SIZE;
	}
}

static int
query_free(struct db *db, struct arena *arena,
    const struct db_statement *statement, const char *flight_id, unsigned below,
    size_t limit, struct db_rows *rows, struct err *err)
{
	const struct db_value values[] = { db_text(flight_id), db_int(below),
		db_int((int64_t)limit) };

	return db_query(
	    db, arena, statement, values, ARRAY_LEN(values), rows, err);
}

/* A transaction that starts anew looks again: of each look the request keeps
 * the seats alone, not the rows. */
int
seat_repo_free(struct db *db, struct arena *arena, const char *flight_id,
    unsigned below, size_t limit, struct seat **seats, size_t *count,
    struct err *err)
{
	struct arena *scratch = arena_create(ROWS_BYTES);
	struct db_rows rows;
	int rc = query_free(
	    db, scratch, &SQL[FREE], flight_id, below, limit, &rows, err);

	if (rc == 0)
		copy_seats(arena, &rows, seats, count);
	arena_free(scratch);
	return rc;
}

int
seat_repo_lock_free(struct db *db, struct arena *arena, const char *flight_id,
    unsigned below, size_t limit, struct seat **seats, size_t *count,
    struct err *err)
{
	struct db_rows rows;

	if (query_free(db, arena, &SQL[LOCK_FREE], flight_id, below, limit,
		&rows, err) != 0)
		return -1;
	copy_seats(arena, &rows, seats, count);
	return 0;
}

int
seat_repo_find_free(struct db *db, struct arena *arena, const char *flight_id,
    const char *const names[], size_t name_count, struct seat **seats,
    size_t *count, struct err *err)
{
	struct db_value values[1 + SEAT_PREFERENCES_MAX];
	struct db_rows rows;

	values[0] = db_text(flight_id);
	for (size_t i = 0; i < SEAT_PREFERENCES_MAX; i++)
		values[1 + i] =
		    db_text(names[i < name_count ? i : name_count - 1]);
	if (db_query(db, arena, &SQL[FIND_FREE], values, ARRAY_LEN(values),
		&rows, err) != 0)
		return -1;
	copy_seats(arena, &rows, seats, count);
	return 0;
}

static struct db_value *
put_positions(
    struct db_value *out, const struct booking *booking, size_t places)
{
	size_t last = booking->passenger_count - 1;

	for (size_t i = 0; i < places; i++)
		*out++ = db_int(
		    booking->passengers[i < last ? i : last].seat_position);
	return out;
}

static struct db_value *
put_numbers(struct db_value *out, const struct booking *booking, size_t places)
{
	size_t last = booking->passenger_count - 1;

	for (size_t i = 0; i < places; i++)
		*out++ = db_text(
		    booking->passengers[i < last ? i : last].seat_number);
	return out;
}

struct db_value *
put_take_values(
    struct db_value *out, const struct booking *booking, size_t places)
{
	*out++ = db_uuid(&booking->id);
	*out++ = db_time(booking->updated_at_ms);
	*out++ = db_text(booking->flight_id);
	out = put_positions(out, booking, places);
	return put_numbers(out, booking, places);
}

int
seat_repo_take(struct db *db, const struct booking *booking, struct err *err)
{
	struct db_value values[TAKE_VALUES + 2 * PASSENGERS_MAX];
	uint64_t taken = 0;

	put_take_values(values, booking, PASSENGERS_MAX);
	if (db_execute(
		db, &SQL[TAKE], values, ARRAY_LEN(values), &taken, err) != 0)
		return -1;
	if (taken != booking->passenger_count)
		return err_set(
		    err, &ERR_CONFLICT, "a seat was taken meanwhile");
	return 0;
}

int
seat_repo_release(struct db *db, const struct booking *booking, struct err *err)
{
	struct db_value values[2 + PASSENGERS_MAX];

	values[0] = db_text(booking->flight_id);
	put_positions(&values[1], booking, PASSENGERS_MAX);
	values[1 + PASSENGERS_MAX] = db_uuid(&booking->id);
	return db_execute(
	    db, &SQL[RELEASE], values, ARRAY_LEN(values), NULL, err);
}

static void
copy_places(struct arena *arena, const struct db_rows *rows,
    struct seat_place **seats, size_t *count)
{
	const char *numbers = copy_numbers(arena, rows, 0);

	*seats = arena_array(arena, rows->count, sizeof(**seats));
	*count = rows->count;
	for (size_t i = 0; i < rows->count; i++) {
		(*seats)[i].number = numbers + i * SEAT_NUMBER_SIZE;
		(*seats)[i].is_available =
		    db_cell_int(db_cell(rows, i, 1)) != 0;
	}
}

int
seat_repo_all(struct db *db, struct arena *arena, const char *flight_id,
    struct seat_place **seats, size_t *count, struct err *err)
{
	const struct db_value value = db_text(flight_id);
	struct arena *scratch = arena_create(ROWS_BYTES);
	struct db_rows rows;
	int rc = db_query(db, scratch, &SQL[ALL], &value, 1, &rows, err);

	if (rc == 0)
		copy_places(arena, &rows, seats, count);
	arena_free(scratch);
	return rc;
}

int
seat_repo_count(struct db *db, struct arena *arena, const char *flight_id,
    unsigned *count, struct err *err)
{
	const struct db_value value = db_text(flight_id);
	struct db_rows rows;

	if (db_query(db, arena, &SQL[COUNT], &value, 1, &rows, err) != 0)
		return -1;
	*count = (unsigned)db_cell_int(db_cell(&rows, 0, 0));
	return 0;
}

static void
put_seat(struct json_out *out, const struct flight *flight, unsigned position)
{
	char id[UUID_TEXT_SIZE], hex[UUID_TEXT_SIZE], *end = hex;
	char number[SEAT_NUMBER_SIZE];
	struct uuid uuid = uuid_make();

	uuid_format(&uuid, id);
	for (const char *c = id; *c != '\0'; c++) {
		if (*c != '-')
			*end++ = *c;
	}
	*end = '\0';
	json_begin_array(out, NULL);
	json_put_int(out, NULL, position);
	json_put_text(out, NULL, hex);
	json_put_text(out, NULL, flight_seat_number(flight, position, number));
	json_end_array(out);
}

/* [[position, "id in hex", "seat number"], ...] */
static const char *
seats_json(
    struct buf *buf, const struct flight *flight, unsigned from, unsigned to)
{
	struct json_out out;

	buf_clear(buf);
	json_out_init(&out, buf);
	json_begin_array(&out, NULL);
	for (unsigned position = from; position < to; position++)
		put_seat(&out, flight, position);
	json_end_array(&out);
	return buf->bytes;
}

static unsigned
end_of_statement(unsigned start, unsigned to)
{
	return to - start < SEATS_A_STATEMENT ? to : start + SEATS_A_STATEMENT;
}

int
seat_repo_add(struct db *db, struct arena *arena, const struct flight *flight,
    unsigned from, unsigned to, int64_t now_ms, struct deadline deadline,
    struct err *err)
{
	struct buf buf;

	buf_init(&buf, arena, SEATS_A_STATEMENT * SEAT_JSON_BYTES);
	for (unsigned start = from; start < to;
	     start = end_of_statement(start, to)) {
		const struct db_value values[] = {
			db_text(flight->flight_id),
			db_time(now_ms),
			db_text(seats_json(
			    &buf, flight, start, end_of_statement(start, to))),
		};

		if (deadline_left_ms(deadline) <= 0)
			return err_set(err, &ERR_TIMEOUT,
			    "%s: no time is left for seats from %u on",
			    SQL[ADD].name, start);
		if (db_execute(db, &SQL[ADD], values, ARRAY_LEN(values), NULL,
			err) != 0)
			return -1;
	}
	return 0;
}
