/*
 * A user's list and its total: right at once, whatever is remembered of it, and
 * cheap as long as it is.
 */
#include "data_fixture.h"

#include "service/booking_list.h"

#define MARGIN_MS INT64_C(30000)

struct lists {
	struct fixture *f;
	struct booking_service service;
	struct request_context ctx;
};

static struct lists
open_lists(struct fixture *f)
{
	struct lists lists = {
		.f = f,
		.service.db = f->db,
		.service.totals.cache =
		    shared_cache_create(64, TOTALS_VALUE_BYTES),
		.service.totals.margin_ms = MARGIN_MS,
		.ctx.arena = f->arena,
		.ctx.deadline = deadline_in(60000),
	};

	assert_non_null(lists.service.totals.cache);
	return lists;
}

static struct booking_query
query_of(const char *user_id, int64_t page)
{
	return (struct booking_query){
		.filter = { .user_id = user_id,
		    .status = ANY_STATUS,
		    .to_ms = -1 },
		.page = page,
		.limit = 10,
	};
}

static struct booking_page
ask(struct lists *lists, const struct booking_query *query)
{
	const struct caller caller = { query->filter.user_id, ROLE_CUSTOMER };
	struct booking_page page;
	struct err err = { 0 };

	if (booking_list_user(
		&lists->service, &lists->ctx, &caller, query, &page, &err) != 0)
		fail_msg("%s", err.cause);
	return page;
}

static int64_t
total(struct lists *lists, const char *user_id)
{
	const struct booking_query query = query_of(user_id, 1);

	return ask(lists, &query).total;
}

static struct counted_bookings
known(const struct lists *lists, const char *user_id)
{
	return booking_totals_find(
	    &lists->service.totals, user_id, clock_wall_ms());
}

/* A copy of booking 0 for the user, created at that time. */
static void
add(struct fixture *f, const char *user_id, int64_t created_ms)
{
	static const struct db_statement ADD = { "test.add",
		"INSERT INTO bookings (id, booking_reference, user_id, "
		"flight_id, booking_status, version, total_price, currency, "
		"passengers_count, departure, flight_number, airline, origin, "
		"destination, created_at, updated_at) SELECT ?, ?, ?, "
		"flight_id, 1, 1, total_price, currency, 1, departure, "
		"flight_number, airline, origin, destination, ?, ? FROM bookings "
		"WHERE booking_reference = 'BK-20250101-000000'" };
	static unsigned number;
	struct uuid id = uuid_make();
	struct err err = { 0 };
	const struct db_value values[] = {
		db_uuid(&id),
		db_text(arena_printf(f->arena, "BK-20300101-%06u", number++)),
		db_text(user_id),
		db_time(created_ms),
		db_time(created_ms),
	};

	if (db_execute(f->db, &ADD, values, COUNT(values), NULL, &err) != 0)
		fail_msg("%s", err.cause);
}

/* The first list remembers; bookings of any time behind the edge are counted
 * in the next, those of others are not. */
static void
total_is_right_at_once(void **state)
{
	struct lists lists = open_lists(*state);
	struct counted_bookings first;
	int64_t offsets_ms[] = { 0, 1, 1000, MARGIN_MS - 1, MARGIN_MS,
		MARGIN_MS + 5000 };
	int64_t before = total(&lists, "user-0"), others;

	others = total(&lists, "user-9");
	first = known(&lists, "user-0");
	assert_int_equal(first.count, before);
	assert_true(first.before_ms > 0);
	for (size_t i = 0; i < COUNT(offsets_ms); i++) {
		add(lists.f, "user-0", first.before_ms + offsets_ms[i]);
		assert_int_equal(
		    total(&lists, "user-0"), before + 1 + (int64_t)i);
	}
	assert_int_equal(total(&lists, "user-9"), others);
	assert_int_equal(known(&lists, "user-0").count, first.count);
	assert_int_equal(known(&lists, "user-0").before_ms, first.before_ms);
	shared_cache_free(lists.service.totals.cache);
}

/* Counted anew with bookings on both sides of the edge. */
static void
what_is_remembered_ends_at_the_edge(void **state)
{
	struct lists lists = open_lists(*state);
	int64_t before = total(&lists, "user-1"), now_ms = clock_wall_ms();

	for (int i = 0; i < 3; i++)
		add(lists.f, "user-1", now_ms);
	add(lists.f, "user-1", now_ms - 2 * MARGIN_MS);
	shared_cache_free(lists.service.totals.cache);
	lists = open_lists(*state);
	assert_int_equal(total(&lists, "user-1"), before + 4);
	assert_int_equal(known(&lists, "user-1").count, before + 1);
	assert_int_equal(total(&lists, "user-1"), before + 4);
	shared_cache_free(lists.service.totals.cache);
}

/* Any page has the total, and an empty one, too. */
static void
every_page_has_the_total(void **state)
{
	static const int64_t PAGES[] = { 1, 2, 5, 6, 7, 21, 22, 1000000,
		INT32_MAX };
	struct lists lists = open_lists(*state);
	int64_t all = total(&lists, "user-3");

	for (int round = 0; round < 2; round++) {
		for (size_t i = 0; i < COUNT(PAGES); i++) {
			struct booking_query query =
			    query_of("user-3", PAGES[i]);

			for (int sort = 0; sort < BOOKING_SORT__COUNT; sort++) {
				query.filter.sort = (enum booking_sort)sort;
				assert_int_equal(
				    ask(&lists, &query).total, all);
			}
		}
		shared_cache_drop(lists.service.totals.cache, "user-3", 6);
	}
	assert_int_equal(total(&lists, "nobody"), 0);
	shared_cache_free(lists.service.totals.cache);
}

/* Only the first page of the newest tells how many are new. */
static void
other_pages_remember_nothing(void **state)
{
	struct lists lists = open_lists(*state);
	struct booking_query query = query_of("user-5", 2);
	struct booking_query oldest = query_of("user-5", 1);

	ask(&lists, &query);
	assert_int_equal(known(&lists, "user-5").before_ms, 0);
	oldest.filter.sort = SORT_CREATED_ASC;
	ask(&lists, &oldest);
	assert_int_equal(known(&lists, "user-5").before_ms, 0);
	query.page = 1;
	query.filter.status = BOOKING_CREATED;
	ask(&lists, &query);
	assert_int_equal(known(&lists, "user-5").before_ms, 0);
	query.filter.status = ANY_STATUS;
	ask(&lists, &query);
	assert_int_not_equal(known(&lists, "user-5").before_ms, 0);
	shared_cache_free(lists.service.totals.cache);
}

/* What is remembered is not counted again, and not prolonged by being used. */
static void
what_is_remembered_is_used_and_not_prolonged(void **state)
{
	struct lists lists = open_lists(*state);
	const struct booking newest = { .created_at_ms = FIRST_MS };
	int64_t now_ms = clock_wall_ms();
	struct counted_bookings noted;

	booking_totals_note(
	    &lists.service.totals, "user-7", now_ms, 5000, &newest, 1);
	noted = known(&lists, "user-7");
	assert_int_equal(total(&lists, "user-7"), 5000);
	assert_int_equal(known(&lists, "user-7").before_ms, noted.before_ms);
	shared_cache_drop(lists.service.totals.cache, "user-7", 6);
	assert_int_equal(total(&lists, "user-7"), 200);
	shared_cache_free(lists.service.totals.cache);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(total_is_right_at_once),
		cmocka_unit_test(what_is_remembered_ends_at_the_edge),
		cmocka_unit_test(every_page_has_the_total),
		cmocka_unit_test(other_pages_remember_nothing),
		cmocka_unit_test(what_is_remembered_is_used_and_not_prolonged),
	};

	return cmocka_run_group_tests(tests, data_open, data_close);
}
