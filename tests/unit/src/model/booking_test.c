#include "model/booking.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "model/caller.h"

static void
references(void **state)
{
	static const struct {
		const char *text;
		bool valid;
	} ROWS[] = {
		{ "BK-20250108-001", true },
		{ "BK-20250108-1234567890", true },
		{ "BK-20250108-01", false },
		{ "BK-20250108-12345678901", false },
		{ "BK-2025018-001", false },
		{ "BK-202501080-001", false },
		{ "BK-20250108-001 ", false },
		{ "BK-20250108-00a", false },
		{ "bk-20250108-001", false },
		{ "BK-20250108", false },
		{ "BK-", false },
		{ "", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++)
		assert_int_equal(
		    booking_reference_valid(ROWS[i].text), ROWS[i].valid);
}

static void
references_are_written(void **state)
{
	static const struct {
		unsigned number;
		const char *text;
	} ROWS[] = {
		{ 1, "BK-20250108-001" },
		{ 999, "BK-20250108-999" },
		{ 1000, "BK-20250108-1000" },
		{ UINT32_MAX, "BK-20250108-4294967295" },
	};
	char out[REFERENCE_SIZE];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
		assert_string_equal(booking_reference_format(
					1736380799999, ROWS[i].number, out),
		    ROWS[i].text);
		assert_true(booking_reference_valid(out));
	}
}

static void
statuses(void **state)
{
	enum booking_status status;

	(void)state;
	for (int i = 0; i < BOOKING_STATUS__COUNT; i++) {
		assert_int_equal(
		    booking_status_parse(
			booking_status_name((enum booking_status)i), &status),
		    0);
		assert_int_equal(status, i);
	}
	assert_int_equal(booking_status_parse("created", &status), -1);
	assert_int_equal(booking_status_parse("", &status), -1);
}

static void
user_ids(void **state)
{
	char longest[USER_ID_MAX + 2];

	(void)state;
	memset(longest, 'a', sizeof(longest));
	assert_true(user_id_valid("u", 1));
	assert_true(user_id_valid("!~", 2));
	assert_true(user_id_valid(longest, USER_ID_MAX));
	assert_false(user_id_valid(longest, USER_ID_MAX + 1));
	assert_false(user_id_valid("", 0));
	assert_false(user_id_valid("a b", 3));
	assert_false(user_id_valid("\xc3\xbc", 2));
	assert_false(user_id_valid("a\x7f", 2));
	assert_false(user_id_valid("a\0b", 3));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(references),
		cmocka_unit_test(references_are_written),
		cmocka_unit_test(statuses),
		cmocka_unit_test(user_ids),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
