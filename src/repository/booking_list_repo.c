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
/* Up to here passing over rows costs less than finding the page's ids first:
 * measured at 1.5 us a row and 65 us for a derived table. */
#define SHALLOW_SKIP 40

#define ITEM                                                                   \
	"b.id, b.booking_reference, b.user_id, b.flight_id, "                  \
	"b.booking_status + 0, b.total_price, b.currency, b.departure, "       \
	"b.created_at, b.flight_number"
#define COUNTED_AT 10
#define LIMITED	   " LIMIT ? OFFSET ?"
#define BY_IDS(from, where, order)                                             \
	" FROM (SELECT p.id FROM bookings p " from                             \
	" WHERE " where order LIMITED                                          \
	") page JOIN bookings b ON b.id = page.id"
/* MariaDB finds no range in (column, id) < (?, ?); this it does. */
#define BEHIND(row, column, before)                                            \
	" AND " row "." column " " before "= ? AND (" row "." column           \
	" " before " ? OR " row ".id " before " ?)"
#define ORDER(row, column, turn)                                               \
	" ORDER BY " row "." column turn ", " row ".id" turn

#define USER_CREATED   "FORCE INDEX (ix_bookings_user_created)"
#define USER_DEPARTURE "FORCE INDEX (ix_bookings_user_departure)"
#define FLIGHT	       "FORCE INDEX (ix_bookings_flight)"
#define DEPARTURE      "FORCE INDEX (ix_bookings_departure)"

/* Lists with filters. */
#define OF_USER	  "p.user_id = ?"
#define OF_FLIGHT "p.flight_id = ? AND (? OR p.user_id = ?)"
#define OF_REFERENCE                                                           \
	"p.booking_reference = ? AND (? OR p.user_id = ?)"                     \
	" AND (? OR p.flight_id = ?)"
#define FILTER " AND p.id >= ? AND p.id < ? AND p.booking_status IN (?, ?, ?)"
#define PAGE(from, where, order, outer)                                        \
	"SELECT " ITEM BY_IDS(from, where FILTER, order) outer
#define SORTED(from, where, column, before, turn)                              \
	PAGE(from, where BEHIND("p", column, before),                          \
	    ORDER("p", column, turn), ORDER("b", column, turn))
#define BY_ID(before, turn)                                                    \
	PAGE("", "p.id " before " ?", " ORDER BY p.id" turn,                   \
	    " ORDER BY b.id" turn)
#define COUNT(from, where)                                                     \
	"SELECT COUNT(*) FROM bookings p " from " WHERE " where FILTER

/* Plain lists. */
#define COUNT_SINCE                                                            \
	"SELECT COUNT(*) FROM bookings n " USER_CREATED                        \
	" WHERE n.user_id = ? AND n.created_at >= ?"
#define COUNTING    "SELECT " ITEM ", (" COUNT_SINCE ")"
#define ROWS(index) " FROM bookings b " index " WHERE b.user_id = ?"
#define TOP(index, column, turn)                                               \
	COUNTING ROWS(index) ORDER("b", column, turn) LIMITED
#define DEEP(index, column, turn)                                              \
	COUNTING BY_IDS(index, OF_USER, ORDER("p", column, turn))              \
	    ORDER("b", column, turn)
#define NEXT(index, column, before, turn)                                      \
	"SELECT " ITEM ROWS(index) BEHIND("b", column, before)                 \
	    ORDER("b", column, turn) LIMITED

/* clang-format off */
enum {
	PAGES = 0,
	COUNTS = PAGES + (int)PATH__COUNT * BOOKING_SORT__COUNT,
	TOPS = COUNTS + PATH__COUNT,
	DEEPS = TOPS + (int)BOOKING_SORT__COUNT,
	NEXTS = DEEPS + (int)BOOKING_SORT__COUNT,
	SINCE = NEXTS + (int)BOOKING_SORT__COUNT,
	STATEMENT__COUNT
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

#define PLAIN(sort, name, index, column, before, turn)			\
	[TOPS + (int)(sort)] = { "list.plain." name ".top",		\
	    TOP(index, column, turn) },					\
	[DEEPS + (int)(sort)] = { "list.plain." name ".deep",		\
	    DEEP(index, column, turn) },				\
	[NEXTS + (int)(sort)] = { "list.plain." name ".next",		\
	    NEXT(index, column, before, turn) }

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
	PLAIN(SORT_CREATED_DESC, "created_desc", USER_CREATED, "created_at",
	    "<", " DESC"),
	PLAIN(SORT_CREATED_ASC, "created_asc", USER_CREATED, "created_at",
	    ">", ""),
	PLAIN(SORT_DEPARTURE_DESC, "departure_desc", USER_DEPARTURE,
	    "departure", "<", " DESC"),
	PLAIN(SORT_DEPARTURE_ASC, "departure_asc", USER_DEPARTURE,
	    "departure", ">", ""),
	[SINCE] = { "list.plain.since", COUNT_SINCE },
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

bool
booking_list_repo_is_plain(const struct booking_filter *filter)
{
	return path_of(filter) == BY_USER && filter->status == ANY_STATUS &&
	       filter->from_ms <= 0 && filter->to_ms < 0;
}

static int
ask_count(struct db *db, struct arena *arena, int statement,
    const struct parameters *params, int64_t *count, struct err *err)
{
	struct db_rows rows;

	if (db_query(db, arena, &SQL[statement], params->values, params->count,
		&rows, err) != 0)
		return -1;
	*count = db_cell_int(db_cell(&rows, 0, 0));
	return 0;
}

int
booking_list_repo_count(struct db *db, struct arena *arena,
    const struct booking_filter *filter, int64_t *count, struct err *err)
{
	struct parameters params = { .count = 0 };

	push_path(&params, filter);
	push_filter(&params, filter);
	return ask_count(
	    db, arena, COUNTS + (int)path_of(filter), &params, count, err);
}

static void
push_since(struct parameters *params, const char *user_id, int64_t since_ms)
{
	push(params, db_text(user_id));
	push(params, db_time(since_ms));
}

int
booking_list_repo_count_since(struct db *db, struct arena *arena,
    const char *user_id, int64_t since_ms, int64_t *count, struct err *err)
{
	struct parameters params = { .count = 0 };

	push_since(&params, user_id, since_ms);
	return ask_count(db, arena, SINCE, &params, count, err);
}

static void
read_item(const struct db_cell *cell, struct booking *booking)
{
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

static int
ask_page(struct db *db, struct arena *arena, int statement,
    const struct parameters *params, struct list_page *page, struct err *err)
{
	struct db_rows rows;

	if (db_query(db, arena, &SQL[statement], params->values, params->count,
		&rows, err) != 0)
		return -1;
	page->bookings =
	    arena_array(arena, rows.count, sizeof(*page->bookings));
	page->count = rows.count;
	page->since = -1;
	if (rows.count > 0 && rows.columns > COUNTED_AT)
		page->since = db_cell_int(db_cell(&rows, 0, COUNTED_AT));
	for (size_t i = 0; i < rows.count; i++)
		read_item(db_cell(&rows, i, 0), &page->bookings[i]);
	return 0;
}

static int
plain_statement(
    const struct booking_filter *filter, const struct list_part *part)
{
	int first = part->skip > SHALLOW_SKIP ? DEEPS : TOPS;

	return (part->after != NULL ? NEXTS : first) + (int)filter->sort;
}

int
booking_list_repo_page(struct db *db, struct arena *arena,
    const struct booking_filter *filter, const struct list_part *part,
    struct list_page *page, struct err *err)
{
	struct parameters params = { .count = 0 };
	bool plain = booking_list_repo_is_plain(filter);
	bool counts = plain && part->after == NULL;
	int statement = plain ? plain_statement(filter, part)
			      : PAGE_OF(path_of(filter), filter->sort);

	if (counts)
		push_since(&params, filter->user_id, part->since_ms);
	push_path(&params, filter);
	if (!counts)
		push_place(&params, filter, part->after);
	if (!plain)
		push_filter(&params, filter);
	push(&params, db_int((int64_t)part->limit));
	push(&params, db_int(part->after == NULL ? part->skip : 0));
	return ask_page(db, arena, statement, &params, page, err);
}
