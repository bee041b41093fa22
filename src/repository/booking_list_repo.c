#include "repository/booking_list_repo.h"

#include <assert.h>
#include <string.h>

#include "repository/statements.h"

/*
 * Which index leads to the bookings. Each has the id behind its key, which
 * makes the order definite, and says when a booking was created: ids are
 * UUIDv7 and created_at is their time.
 */
enum path {
	BY_USER,
	BY_FLIGHT, /* one flight has few: sorted when found */
	BY_REFERENCE,
	BY_TIME, /* all of them */
	PATH__COUNT
};

#define MAX_PARAMETERS 16
#define LAST_MS	       INT64_C(253402300799999) /* of the year 9999 */

#define ITEM                                                                   \
	"SELECT b.id, b.booking_reference, b.user_id, b.flight_id, "           \
	"b.booking_status + 0, b.total_price, b.currency, b.departure, "       \
	"b.created_at, f.flight_number FROM (SELECT p.id FROM bookings p "
#define FILTER " AND p.id >= ? AND p.id < ? AND p.booking_status IN (?, ?, ?)"
#define PAGE(from, where, order, outer)                                        \
	ITEM from                                                              \
	    " WHERE " where FILTER " ORDER BY " order                          \
	    " LIMIT ? OFFSET ?) page"                                          \
	    " JOIN bookings b ON b.id = page.id"                               \
	    " JOIN flights f ON f.flight_id = b.flight_id ORDER BY " outer
/* MariaDB finds no range in (column, id) < (?, ?); this it does. */
#define BEHIND(column, before)                                                 \
	" AND p." column " " before "= ? AND (p." column " " before            \
	" ? OR p.id " before " ?)"
#define SORTED(from, where, column, before, turn)                              \
	PAGE(from, where BEHIND(column, before),                               \
	    "p." column turn ", p.id" turn, "b." column turn ", b.id" turn)
#define BY_ID(before, turn)                                                    \
	PAGE("", "p.id " before " ?", "p.id" turn, "b.id" turn)

#define USER_CREATED   "FORCE INDEX (ix_bookings_user_created)"
#define USER_DEPARTURE "FORCE INDEX (ix_bookings_user_departure)"
#define FLIGHT	       "FORCE INDEX (ix_bookings_flight)"
#define DEPARTURE      "FORCE INDEX (ix_bookings_departure)"
#define OF_USER	       "p.user_id = ?"
#define OF_FLIGHT      "p.flight_id = ? AND (? OR p.user_id = ?)"
#define OF_REFERENCE                                                           \
	"p.booking_reference = ? AND (? OR p.user_id = ?)"                     \
	" AND (? OR p.flight_id = ?)"
#define COUNT(from, where)                                                     \
	"SELECT COUNT(*) FROM bookings p " from " WHERE " where FILTER

/* clang-format off */
enum {
	PAGES = 0,
	COUNTS = PAGES + (int)PATH__COUNT * BOOKING_SORT__COUNT,
	STATEMENT__COUNT = COUNTS + PATH__COUNT
};
#define PAGE_OF(path, sort)						\
	(PAGES + (int)(path) * BOOKING_SORT__COUNT + (int)(sort))

#define PAGES_OF(path, name, created, departure, where)			\
	[PAGE_OF(path, SORT_CREATED_DESC)] = { "list." name ".created_desc",	\
	    SORTED(created, where, "created_at", "<", " DESC") },		\
	[PAGE_OF(path, SORT_CREATED_ASC)] = { "list." name ".created_asc",	\
	    SORTED(created, where, "created_at", ">", "") },			\
	[PAGE_OF(path, SORT_DEPARTURE_DESC)] = {				\
	    "list." name ".departure_desc",					\
	    SORTED(departure, where, "departure", "<", " DESC") },		\
	[PAGE_OF(path, SORT_DEPARTURE_ASC)] = { "list." name ".departure_asc",	\
	    SORTED(departure, where, "departure", ">", "") }

static const struct db_statement SQL[STATEMENT__COUNT] = {
	PAGES_OF(BY_USER, "user", USER_CREATED, USER_DEPARTURE, OF_USER),
	PAGES_OF(BY_FLIGHT, "flight", FLIGHT, FLIGHT, OF_FLIGHT),
	PAGES_OF(BY_REFERENCE, "reference", "", "", OF_REFERENCE),
	[PAGE_OF(BY_TIME, SORT_CREATED_DESC)] = { "list.all.created_desc",
	    BY_ID("<", " DESC") },
	[PAGE_OF(BY_TIME, SORT_CREATED_ASC)] = { "list.all.created_asc",
	    BY_ID(">", "") },
	[PAGE_OF(BY_TIME, SORT_DEPARTURE_DESC)] = { "list.all.departure_desc",
	    SORTED(DEPARTURE, "TRUE", "departure", "<", " DESC") },
	[PAGE_OF(BY_TIME, SORT_DEPARTURE_ASC)] = { "list.all.departure_asc",
	    SORTED(DEPARTURE, "TRUE", "departure", ">", "") },
	[COUNTS + BY_USER] = { "list.user.count",
	    COUNT(USER_CREATED, OF_USER) },
	[COUNTS + BY_FLIGHT] = { "list.flight.count",
	    COUNT(FLIGHT, OF_FLIGHT) },
	[COUNTS + BY_REFERENCE] = { "list.reference.count",
	    COUNT("", OF_REFERENCE) },
	[COUNTS + BY_TIME] = { "list.all.count", COUNT("", "TRUE") },
};
/* clang-format on */

const struct db_statement_list LIST_STATEMENTS = { SQL, STATEMENT__COUNT };

struct parameters {
	struct db_value values[MAX_PARAMETERS];
	size_t count;
	struct uuid bounds[3]; /* what the values point to */
};

static void
push(struct parameters *params, struct db_value value)
{
	assert(params->count < MAX_PARAMETERS);
	params->values[params->count++] = value;
}

/* For (? OR column = ?): nothing asked for lets everything through. */
static void
push_optional(struct parameters *params, const char *text)
{
	push(params, db_int(text == NULL));
	push(params, db_text(text == NULL ? "" : text));
}

static enum path
path_of(const struct booking_filter *filter)
{
	if (filter->reference != NULL)
		return BY_REFERENCE;
	if (filter->flight_id != NULL)
		return BY_FLIGHT;
	return filter->user_id != NULL ? BY_USER : BY_TIME;
}

static void
push_path(struct parameters *params, const struct booking_filter *filter)
{
	enum path path = path_of(filter);

	if (path == BY_USER)
		push(params, db_text(filter->user_id));
	if (path == BY_REFERENCE) {
		push(params, db_text(filter->reference));
		push_optional(params, filter->user_id);
		push_optional(params, filter->flight_id);
	}
	if (path == BY_FLIGHT) {
		push(params, db_text(filter->flight_id));
		push_optional(params, filter->user_id);
	}
}

static void
push_filter(struct parameters *params, const struct booking_filter *filter)
{
	bool any = filter->status == ANY_STATUS;

	params->bounds[0] = uuid_lowest_at(filter->from_ms);
	params->bounds[1] =
	    uuid_lowest_at(filter->to_ms < 0 ? INT64_MAX : filter->to_ms);
	push(params, db_uuid(&params->bounds[0]));
	push(params, db_uuid(&params->bounds[1]));
	/* ENUM columns count from 1. */
	for (int i = 0; i < BOOKING_STATUS__COUNT; i++)
		push(params, db_int((any ? i : filter->status) + 1));
}

static void
push_place(struct parameters *params, const struct booking_filter *filter,
    const struct booking_cursor *after)
{
	bool descends = filter->sort == SORT_CREATED_DESC ||
			filter->sort == SORT_DEPARTURE_DESC;
	bool by_id =
	    path_of(filter) == BY_TIME && (filter->sort == SORT_CREATED_DESC ||
					      filter->sort == SORT_CREATED_ASC);
	int64_t sort_ms = descends ? LAST_MS : 0;

	memset(&params->bounds[2], descends ? 0xff : 0, UUID_BYTES);
	if (after != NULL) {
		sort_ms = after->sort_ms;
		params->bounds[2] = after->id;
	}
	if (!by_id) {
		push(params, db_time(sort_ms));
		push(params, db_time(sort_ms));
	}
	push(params, db_uuid(&params->bounds[2]));
}

int
booking_list_repo_count(struct db *db, struct arena *arena,
    const struct booking_filter *filter, int64_t *count, struct err *err)
{
	struct parameters params = { .count = 0 };
	struct db_rows rows;

	push_path(&params, filter);
	push_filter(&params, filter);
	if (db_query(db, arena, &SQL[COUNTS + path_of(filter)], params.values,
		params.count, &rows, err) != 0)
		return -1;
	*count = db_cell_int(db_cell(&rows, 0, 0));
	return 0;
}

static void
read_item(const struct db_rows *rows, size_t row, struct booking *booking)
{
	const struct db_cell *cell = db_cell(rows, row, 0);

	booking->id = db_cell_uuid(&cell[0]);
	booking->reference = db_cell_text(&cell[1]);
	booking->user_id = db_cell_text(&cell[2]);
	booking->flight_id = db_cell_text(&cell[3]);
	booking->status = (enum booking_status)(db_cell_int(&cell[4]) - 1);
	booking->total_cents = db_cell_cents(&cell[5]);
	booking->currency = db_cell_text(&cell[6]);
	booking->departure_ms = db_cell_time_ms(&cell[7]);
	booking->created_at_ms = db_cell_time_ms(&cell[8]);
	booking->flight.flight_number = db_cell_text(&cell[9]);
}

int
booking_list_repo_page(struct db *db, struct arena *arena,
    const struct booking_filter *filter, const struct list_part *part,
    struct booking **bookings, size_t *count, struct err *err)
{
	struct parameters params = { .count = 0 };
	struct db_rows rows;
	const struct db_statement *statement =
	    &SQL[PAGE_OF(path_of(filter), filter->sort)];

	push_path(&params, filter);
	push_place(&params, filter, part->after);
	push_filter(&params, filter);
	push(&params, db_int((int64_t)part->limit));
	push(&params, db_int(part->after == NULL ? part->skip : 0));
	if (db_query(db, arena, statement, params.values, params.count, &rows,
		err) != 0)
		return -1;
	*bookings = arena_array(arena, rows.count, sizeof(**bookings));
	*count = rows.count;
	for (size_t i = 0; i < rows.count; i++)
		read_item(&rows, i, &(*bookings)[i]);
	return 0;
}
