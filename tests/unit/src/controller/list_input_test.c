#include "controller/list_input.h"

#include "controller/request_fixture.h"

static void
read_query(const char *text, bool all, struct input *input,
    struct booking_query *query)
{
	memset(query, 0, sizeof(*query));
	if (!all)
		query->filter.user_id = "user-1";
	input_init(input, arena);
	list_input_read(input, make_request(NULL, NULL, text, ""), all, query);
}

/* A query, and what is wrong in it for a user's list and for all. */
static const struct {
	const char *query, *wrong, *wrong_of_all;
} ROWS[] = {
	{ "", "", "" },
	{ "unknown=1&unknown=2", "", "" },
	{ "status=CREATED&page=2&limit=100&sort=departure", "", "" },
	{ "page=0&limit=101&sort=x&status=y", "status page limit sort",
	    "status page limit sort" },
	{ "page=1&page=1", "page", "page" },
	{ "page=", "page", "page" },
	{ "page", "page", "page" },
	{ "status=%zz", "query", "query" },
	{ "cursor=x", "cursor", "cursor" },
	{ "cursor=x&page=0", "page", "page" },
	{ "user_id=&flight_id=a%20b&reference=x&from=y&to=z", "",
	    "user_id flight_id reference from to" },
};

static void
wrong_parameters_are_named(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
		struct booking_query query;
		struct input input;

		read_query(ROWS[i].query, false, &input, &query);
		assert_string_equal(wrong_fields(&input), ROWS[i].wrong);
		read_query(ROWS[i].query, true, &input, &query);
		assert_string_equal(wrong_fields(&input), ROWS[i].wrong_of_all);
	}
}

static void
standards(void **state)
{
	struct booking_query query;
	struct input input;

	(void)state;
	read_query("", true, &input, &query);
	assert_int_equal(query.page, 1);
	assert_int_equal(query.limit, 10);
	assert_int_equal(query.filter.status, ANY_STATUS);
	assert_int_equal(query.filter.sort, SORT_CREATED_DESC);
	assert_int_equal(query.filter.to_ms, -1);
	assert_null(query.after);
	read_query("user_id=u&from=1970-01-01", false, &input, &query);
	assert_string_equal(query.filter.user_id, "user-1");
}

static void
times(void **state)
{
	static const struct {
		const char *query;
		int64_t from_ms, to_ms;
	} TIMES[] = {
		{ "from=1970-01-02&to=1970-01-02", 86400000, 2 * 86400000 },
		{ "from=1970-01-01T00:00:01Z&to=1970-01-01T00:00:01.5Z", 1000,
		    1500 },
		{ "to=1970-01-01T01:00:00%2B01:00", 0, 0 },
		{ "to=0001-01-01", 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(TIMES); i++) {
		struct booking_query query;
		struct input input;

		read_query(TIMES[i].query, true, &input, &query);
		assert_string_equal(wrong_fields(&input), "");
		assert_int_equal(query.filter.from_ms, TIMES[i].from_ms);
		assert_int_equal(query.filter.to_ms, TIMES[i].to_ms);
	}
}

static void
cursors_are_read_for_their_filters(void **state)
{
	struct booking_cursor cursor = { 1, uuid_make(), 2, 3 };
	struct booking_query query;
	struct input input;
	const char *text;

	(void)state;
	read_query("sort=departure", false, &input, &query);
	text = booking_cursor_format(arena, &cursor, &query.filter);
	read_query(arena_printf(arena, "cursor=%s&sort=departure", text), false,
	    &input, &query);
	assert_string_equal(wrong_fields(&input), "");
	assert_int_equal(query.after->total, 3);
	read_query(
	    arena_printf(arena, "cursor=%s", text), false, &input, &query);
	assert_string_equal(wrong_fields(&input), "cursor");
	assert_null(query.after);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wrong_parameters_are_named),
		cmocka_unit_test(standards),
		cmocka_unit_test(times),
		cmocka_unit_test(cursors_are_read_for_their_filters),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
