#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <string.h>

#include "db/db.h"

static void
missing_values_become_null(void **state)
{
	(void)state;
	assert_int_equal(db_null().type, DB_NULL);
	assert_int_equal(db_text(NULL).type, DB_NULL);
	assert_int_equal(db_uuid(NULL).type, DB_NULL);
	assert_int_equal(db_time(-1).type, DB_NULL);
	assert_int_equal(db_time(0).type, DB_TIME);
	assert_int_equal(db_date(-1).type, DB_DATE);
	assert_int_equal(db_text("").type, DB_TEXT);
	assert_int_equal(db_text("").len, 0);
}

static void
values_keep_what_they_are_given(void **state)
{
	struct uuid uuid = { { 1, 2, 3 } };
	struct arena *arena = arena_create(1024);

	(void)state;
	assert_int_equal(db_int(-5).integer, -5);
	assert_int_equal(db_text("abc").len, 3);
	assert_int_equal(db_bytes("\0x", 2).len, 2);
	assert_int_equal(db_uuid(&uuid).type, DB_BYTES);
	assert_ptr_equal(db_uuid(&uuid).bytes, uuid.bytes);
	assert_int_equal(db_uuid(&uuid).len, UUID_BYTES);
	assert_string_equal(db_cents(arena, 29990).bytes, "299.90");
	arena_free(arena);
}

static struct db_cell
text_cell(const char *text)
{
	return (struct db_cell){
		.type = DB_TEXT, .bytes = text, .len = strlen(text)
	};
}

static void
decimals_become_cents(void **state)
{
	static const struct {
		const char *text;
		int64_t cents;
	} ROWS[] = { { "299.90", 29990 }, { "299.9", 29990 }, { "299", 29900 },
		{ "0.05", 5 }, { "-0.05", -5 }, { "-12.34", -1234 },
		{ "1.999", 199 }, { "0", 0 }, { "", 0 },
		{ "92233720368547758.07", INT64_MAX } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
		struct db_cell cell = text_cell(ROWS[i].text);
		assert_true(db_cell_cents(&cell) == ROWS[i].cents);
	}
	struct db_cell integer = { .type = DB_INT, .integer = 7 };
	assert_int_equal(db_cell_cents(&integer), 700);
}

static void
a_null_cell_reads_as_documented(void **state)
{
	struct db_cell null = { .type = DB_NULL };
	struct uuid zeros = { { 0 } };
	struct uuid uuid = db_cell_uuid(&null);

	(void)state;
	assert_true(db_cell_is_null(&null));
	assert_int_equal(db_cell_int(&null), 0);
	assert_null(db_cell_text(&null));
	assert_true(uuid_equal(&uuid, &zeros));
	assert_int_equal(db_cell_time_ms(&null), -1);
	assert_int_equal(db_cell_cents(&null), 0);
}

static void
cells_are_found_by_row_and_column(void **state)
{
	const struct db_cell cells[] = { { .type = DB_INT, .integer = 1 },
		{ .type = DB_INT, .integer = 2 }, text_cell("3"),
		text_cell("short") };
	struct db_rows rows = { .count = 2, .columns = 2, .cells = cells };
	struct uuid zeros = { { 0 } };
	struct uuid uuid = db_cell_uuid(db_cell(&rows, 1, 1));

	(void)state;
	assert_int_equal(db_cell_int(db_cell(&rows, 0, 1)), 2);
	assert_int_equal(db_cell_int(db_cell(&rows, 1, 0)), 3);
	assert_string_equal(db_cell_text(db_cell(&rows, 1, 1)), "short");
	assert_true(uuid_equal(&uuid, &zeros));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(missing_values_become_null),
		cmocka_unit_test(values_keep_what_they_are_given),
		cmocka_unit_test(decimals_become_cents),
		cmocka_unit_test(a_null_cell_reads_as_documented),
		cmocka_unit_test(cells_are_found_by_row_and_column),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
