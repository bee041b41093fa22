#include "model/booking_list.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

static struct arena *arena;

static const struct booking_filter FILTER = {
	.user_id = "user-1",
	.status = ANY_STATUS,
	.to_ms = -1,
};

static struct booking_cursor
cursor_of(int64_t sort_ms, int64_t seen, int64_t total)
{
	struct booking_cursor cursor = { sort_ms, uuid_make(), seen, total };

	return cursor;
}

static void
cursors_come_back(void **state)
{
	const int64_t values[] = { 0, 1, 255, 1735689600000, INT64_MAX };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(values); i++) {
		struct booking_cursor made = cursor_of(
					  values[i], values[i], values[i]),
				      read;
		char *text = booking_cursor_format(arena, &made, &FILTER);

		assert_int_equal(
		    strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmn"
				 "opqrstuvwxyz0123456789-_"),
		    strlen(text));
		assert_int_equal(booking_cursor_parse(text, &FILTER, &read), 0);
		assert_int_equal(read.sort_ms, made.sort_ms);
		assert_true(uuid_equal(&read.id, &made.id));
		assert_int_equal(read.seen, made.seen);
		assert_int_equal(read.total, made.total);
	}
}

static void
cursors_belong_to_their_filters(void **state)
{
	const struct booking_filter others[] = {
		{ .user_id = "user-2", .status = ANY_STATUS, .to_ms = -1 },
		{ .user_id = NULL, .status = ANY_STATUS, .to_ms = -1 },
		{ .user_id = "user-1", .status = 0, .to_ms = -1 },
		{ .user_id = "user-1", .status = ANY_STATUS, .to_ms = 0 },
		{ .user_id = "user-1",
		    .status = ANY_STATUS,
		    .to_ms = -1,
		    .from_ms = 1 },
		{ .user_id = "user-1",
		    .status = ANY_STATUS,
		    .to_ms = -1,
		    .flight_id = "" },
		{ .user_id = "user-1",
		    .status = ANY_STATUS,
		    .to_ms = -1,
		    .reference = "" },
		{ .user_id = "user-1",
		    .status = ANY_STATUS,
		    .to_ms = -1,
		    .sort = SORT_CREATED_ASC },
	};
	struct booking_cursor made = cursor_of(1, 2, 3), read;
	char *text = booking_cursor_format(arena, &made, &FILTER);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		assert_int_equal(
		    booking_cursor_parse(text, &others[i], &read), -1);
}

static void
other_texts_are_no_cursors(void **state)
{
	struct booking_cursor made = cursor_of(1, 2, 3), read;
	char *text = booking_cursor_format(arena, &made, &FILTER);
	size_t len = strlen(text);

	(void)state;
	for (size_t i = 0; i < len; i++) {
		char kept = text[i];

		text[i] = kept == 'A' ? 'B' : 'A';
		if (i < len - 1 || text[i] != 'A')
			assert_int_equal(
			    booking_cursor_parse(text, &FILTER, &read), -1);
		text[i] = '\0';
		assert_int_equal(
		    booking_cursor_parse(text, &FILTER, &read), -1);
		text[i] = kept;
	}
	assert_int_equal(booking_cursor_parse(text, &FILTER, &read), 0);
	made.seen = -1;
	assert_int_equal(
	    booking_cursor_parse(
		booking_cursor_format(arena, &made, &FILTER), &FILTER, &read),
	    -1);
}

static void
sorts_have_names(void **state)
{
	static const struct {
		const char *text;
		int sort;
	} ROWS[] = {
		{ "-created_at", SORT_CREATED_DESC },
		{ "created_at", SORT_CREATED_ASC },
		{ "-departure", SORT_DEPARTURE_DESC },
		{ "departure", SORT_DEPARTURE_ASC },
		{ "", -1 },
		{ "Created_at", -1 },
		{ "created_at ", -1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
		enum booking_sort sort;
		int result = booking_sort_parse(ROWS[i].text, &sort);

		assert_int_equal(result, ROWS[i].sort < 0 ? -1 : 0);
		if (result == 0)
			assert_int_equal(sort, ROWS[i].sort);
	}
}

static int
set_up(void **state)
{
	(void)state;
	arena = arena_create(1 << 20);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cursors_come_back),
		cmocka_unit_test(cursors_belong_to_their_filters),
		cmocka_unit_test(other_texts_are_no_cursors),
		cmocka_unit_test(sorts_have_names),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
