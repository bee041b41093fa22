/*
 * Pages of a long list: complete, in order, and as cheap at the end as at the
 * beginning.
 */
#include "data_fixture.h"

#include "repository/booking_list_repo.h"

enum { LIMIT = 50 };

/* Rows and index entries that this session has looked at. */
static int64_t
reads(struct fixture *f)
{
	static const struct db_statement STATUS = { "test.status",
		"SHOW SESSION STATUS LIKE 'Handler_read%'" };
	struct db_rows rows;
	struct err err = { 0 };
	int64_t sum = 0;

	if (db_query(f->db, f->arena, &STATUS, NULL, 0, &rows, &err) != 0)
		fail_msg("%s", err.cause);
	for (size_t i = 0; i < rows.count; i++)
		sum += strtoll(db_cell_text(db_cell(&rows, i, 1)), NULL, 10);
	return sum;
}

static struct booking_cursor
behind(const struct booking *booking, enum booking_sort sort)
{
	bool by_departure =
	    sort == SORT_DEPARTURE_DESC || sort == SORT_DEPARTURE_ASC;

	return (struct booking_cursor){
		.sort_ms = by_departure ? booking->departure_ms
					: booking->created_at_ms,
		.id = booking->id,
	};
}

struct walk {
	int64_t bookings;
	int64_t first_reads, last_full_reads;
};

/* From page to page behind cursors, to the end. */
static struct walk
walk(struct fixture *f, const struct booking_filter *filter)
{
	struct walk walk = { 0 };
	struct booking_cursor cursor, *after = NULL;
	struct booking *page;
	size_t count;
	struct err err = { 0 };

	do {
		const struct list_part part = { after, 0, LIMIT };
		int64_t before = reads(f);

		if (booking_list_repo_page(f->db, f->arena, filter, &part,
			&page, &count, &err) != 0)
			fail_msg("%s", err.cause);
		if (count < LIMIT)
			break;
		walk.last_full_reads = reads(f) - before;
		if (after == NULL)
			walk.first_reads = walk.last_full_reads;
		walk.bookings += (int64_t)count;
		cursor = behind(&page[count - 1], filter->sort);
		after = &cursor;
	} while (count == LIMIT);
	walk.bookings += (int64_t)count;
	return walk;
}

static const struct {
	const char *user_id;
	int64_t bookings;
} LISTS[] = {
	{ "user-0", BIG_USER_BOOKINGS },
	{ NULL, BOOKINGS },
};

static void
last_page_costs_what_the_first_did(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < COUNT(LISTS); i++) {
		for (int sort = 0; sort < BOOKING_SORT__COUNT; sort++) {
			struct booking_filter filter = {
				.user_id = LISTS[i].user_id,
				.status = ANY_STATUS,
				.to_ms = -1,
				.sort = (enum booking_sort)sort,
			};
			struct walk seen = walk(f, &filter);

			assert_int_equal(seen.bookings, LISTS[i].bookings);
			/* A tie of departures is looked through. */
			assert_true(
			    seen.last_full_reads >= 1 &&
			    seen.last_full_reads <=
				seen.first_reads * 3 / 2 + BOOKINGS / FLIGHTS);
		}
	}
}

static void
counts_are_right(void **state)
{
	static const struct {
		struct booking_filter filter;
		int64_t count;
	} ROWS[] = {
		{ { .user_id = "user-0", .status = ANY_STATUS, .to_ms = -1 },
		    BIG_USER_BOOKINGS },
		{ { .status = ANY_STATUS, .to_ms = -1 }, BOOKINGS },
		{ { .flight_id = "F7", .status = ANY_STATUS, .to_ms = -1 },
		    BOOKINGS / FLIGHTS },
		{ { .flight_id = "F7",
		      .user_id = "user-0",
		      .status = ANY_STATUS,
		      .to_ms = -1 },
		    0 },
		{ { .reference = "BK-20250101-000007",
		      .status = ANY_STATUS,
		      .to_ms = -1 },
		    1 },
		/* Created in the seconds 10 to 19. */
		{ { .status = ANY_STATUS,
		      .from_ms = FIRST_MS + 10000,
		      .to_ms = FIRST_MS + 20000 },
		    10 },
		{ { .status = BOOKING_CREATED,
		      .from_ms = FIRST_MS,
		      .to_ms = FIRST_MS + 9000 },
		    3 },
	};
	struct fixture *f = *state;
	struct err err = { 0 };

	for (size_t i = 0; i < COUNT(ROWS); i++) {
		int64_t count;

		if (booking_list_repo_count(
			f->db, f->arena, &ROWS[i].filter, &count, &err) != 0)
			fail_msg("%s", err.cause);
		assert_int_equal(count, ROWS[i].count);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(last_page_costs_what_the_first_did),
		cmocka_unit_test(counts_are_right),
	};

	return cmocka_run_group_tests(tests, data_open, data_close);
}
