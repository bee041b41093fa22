/*
 * Pages of a long list: complete, in order, and as cheap at the end as at the
 * beginning.
 */
#include "data_fixture.h"

#include "repository/booking_list_repo.h"

enum { LIMIT = 50 };
#define AFTER_ALL_MS (FIRST_MS + BOOKINGS * INT64_C(1000))

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

static struct list_page
read_page(struct fixture *f, const struct booking_filter *filter,
    const struct list_part *part)
{
	struct list_page page;
	struct err err = { 0 };

	if (booking_list_repo_page(
		f->db, f->arena, filter, part, &page, &err) != 0)
		fail_msg("%s", err.cause);
	return page;
}

/* From page to page behind cursors, to the end. Nothing is left to count. */
static struct walk
walk(struct fixture *f, const struct booking_filter *filter)
{
	struct walk walk = { 0 };
	struct booking_cursor cursor, *after = NULL;
	struct list_page page;

	do {
		const struct list_part part = {
			.after = after, .limit = LIMIT, .since_ms = AFTER_ALL_MS
		};
		int64_t before = reads(f);

		page = read_page(f, filter, &part);
		if (page.count < LIMIT)
			break;
		walk.last_full_reads = reads(f) - before;
		if (after == NULL)
			walk.first_reads = walk.last_full_reads;
		walk.bookings += (int64_t)page.count;
		cursor = behind(&page.bookings[page.count - 1], filter->sort);
		after = &cursor;
	} while (page.count == LIMIT);
	walk.bookings += (int64_t)page.count;
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

/* Pages that are asked for by their numbers, up to the last and past it, are
 * those of a walk: whichever statement finds them. */
static void
pages_by_number_are_those_of_a_walk(void **state)
{
	struct fixture *f = *state;

	for (int sort = 0; sort < BOOKING_SORT__COUNT; sort++) {
		struct booking_filter filter = {
			.user_id = "user-0",
			.status = ANY_STATUS,
			.to_ms = -1,
			.sort = (enum booking_sort)sort,
		};
		struct booking_cursor cursor, *after = NULL;

		for (int64_t skip = 0; skip <= BIG_USER_BOOKINGS; skip += 10) {
			const struct list_part part = { .skip = skip,
				.limit = 10 };
			const struct list_part behind_last = { .after = after,
				.limit = 10 };
			struct list_page page = read_page(f, &filter, &part);
			struct list_page next =
			    read_page(f, &filter, &behind_last);

			assert_int_equal(
			    page.count, skip < BIG_USER_BOOKINGS ? 10 : 0);
			assert_int_equal(page.count, next.count);
			for (size_t i = 0; i < page.count; i++)
				assert_memory_equal(&page.bookings[i].id,
				    &next.bookings[i].id, UUID_BYTES);
			if (page.count == 0)
				continue;
			cursor = behind(&next.bookings[9], filter.sort);
			after = &cursor;
		}
		arena_reset(f->arena);
	}
}

/* Booking i is i seconds younger than the first; the even ones are user-0's. */
static void
pages_count_what_came_since(void **state)
{
	static const struct {
		int64_t since_ms, count;
	} ROWS[] = {
		{ 0, BIG_USER_BOOKINGS },
		{ FIRST_MS, BIG_USER_BOOKINGS },
		{ FIRST_MS + 1, BIG_USER_BOOKINGS - 1 },
		{ FIRST_MS + 7998 * 1000, 1 },
		{ FIRST_MS + 7998 * 1000 + 1, 0 },
	};
	struct booking_filter filter = {
		.user_id = "user-0", .status = ANY_STATUS, .to_ms = -1
	};
	struct fixture *f = *state;
	struct err err = { 0 };
	int64_t count;

	for (size_t i = 0; i < COUNT(ROWS); i++) {
		struct list_part part = { .limit = 2,
			.since_ms = ROWS[i].since_ms };

		assert_int_equal(
		    read_page(f, &filter, &part).since, ROWS[i].count);
		part.skip = BIG_USER_BOOKINGS - 1;
		assert_int_equal(
		    read_page(f, &filter, &part).since, ROWS[i].count);
		part.skip = BIG_USER_BOOKINGS;
		assert_int_equal(read_page(f, &filter, &part).since, -1);
		if (booking_list_repo_count_since(f->db, f->arena, "user-0",
			ROWS[i].since_ms, &count, &err) != 0)
			fail_msg("%s", err.cause);
		assert_int_equal(count, ROWS[i].count);
	}
	filter.status = BOOKING_CREATED;
	assert_int_equal(
	    read_page(f, &filter, &(struct list_part){ .limit = 2 }).since, -1);
}

static void
what_narrows_a_list_is_not_plain(void **state)
{
	static const struct {
		struct booking_filter filter;
		bool plain;
	} ROWS[] = {
		{ { .user_id = "u", .status = ANY_STATUS, .to_ms = -1 }, true },
		{ { .status = ANY_STATUS, .to_ms = -1 }, false },
		{ { .user_id = "u", .status = BOOKING_CREATED, .to_ms = -1 },
		    false },
		{ { .user_id = "u",
		      .status = ANY_STATUS,
		      .from_ms = 1,
		      .to_ms = -1 },
		    false },
		{ { .user_id = "u", .status = ANY_STATUS, .to_ms = 0 }, false },
		{ { .user_id = "u",
		      .flight_id = "f",
		      .status = ANY_STATUS,
		      .to_ms = -1 },
		    false },
		{ { .user_id = "u",
		      .reference = "r",
		      .status = ANY_STATUS,
		      .to_ms = -1 },
		    false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(ROWS); i++)
		assert_int_equal(
		    booking_list_repo_is_plain(&ROWS[i].filter), ROWS[i].plain);
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
		cmocka_unit_test(pages_by_number_are_those_of_a_walk),
		cmocka_unit_test(pages_count_what_came_since),
		cmocka_unit_test(what_narrows_a_list_is_not_plain),
		cmocka_unit_test(counts_are_right),
	};

	return cmocka_run_group_tests(tests, data_open, data_close);
}
