#include "core/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

static const struct {
	int64_t ms;
	const char *text, *text_ms, *day;
} formats[] = {
	{ 0, "1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000Z", "19700101" },
	{ -1, "1969-12-31T23:59:59Z", "1969-12-31T23:59:59.999Z", "19691231" },
	{ 1736332200123, "2025-01-08T10:30:00Z", "2025-01-08T10:30:00.123Z",
	    "20250108" },
	{ 951782400000, "2000-02-29T00:00:00Z", "2000-02-29T00:00:00.000Z",
	    "20000229" },
	{ 951868799999, "2000-02-29T23:59:59Z", "2000-02-29T23:59:59.999Z",
	    "20000229" },
	{ 4107542400000, "2100-03-01T00:00:00Z", "2100-03-01T00:00:00.000Z",
	    "21000301" },
	{ 253402300799999, "9999-12-31T23:59:59Z", "9999-12-31T23:59:59.999Z",
	    "99991231" },
	{ -62135596800000, "0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000Z",
	    "00010101" },
	/* Beyond the years of the text the nearest is shown. */
	{ INT64_MAX, "9999-12-31T23:59:59Z", "9999-12-31T23:59:59.999Z",
	    "99991231" },
	{ INT64_MIN, "0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000Z",
	    "00010101" },
};

static void
formats_every_time(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
		char out[CLOCK_RFC3339_SIZE];

		assert_ptr_equal(clock_format(formats[i].ms, out), out);
		assert_string_equal(out, formats[i].text);
		assert_string_equal(
		    clock_format_ms(formats[i].ms, out), formats[i].text_ms);
		assert_string_equal(
		    clock_format_day(formats[i].ms, out), formats[i].day);
	}
}

/* Every day of the years 1 to 9999, against a count of one's own. */
static void
calendar_is_right_every_day(void **state)
{
	static const int lengths[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31,
		30, 31 };
	int64_t ms = -INT64_C(62135596800000);

	(void)state;
	for (int year = 1; year <= 9999; year++) {
		bool leap = year % 400 == 0 || (year % 4 == 0 && year % 100);

		for (int month = 1; month <= 12; month++) {
			int length = lengths[month - 1] + (month == 2 && leap);

			for (int day = 1; day <= length; day++) {
				struct clock_fields fields;

				clock_split(ms + 86399999, &fields);
				assert_int_equal(fields.year, year);
				assert_int_equal(fields.month, month);
				assert_int_equal(fields.day, day);
				assert_int_equal(
				    clock_join(&fields), ms + 86399999);
				ms += 86400000;
			}
		}
	}
	assert_int_equal(ms, INT64_C(253402300800000));
}

static void
splits_and_joins(void **state)
{
	struct clock_fields fields;

	(void)state;
	clock_split(1736332201987, &fields);
	assert_int_equal(fields.year, 2025);
	assert_int_equal(fields.month, 1);
	assert_int_equal(fields.day, 8);
	assert_int_equal(fields.hour, 10);
	assert_int_equal(fields.minute, 30);
	assert_int_equal(fields.second, 1);
	assert_int_equal(fields.millisecond, 987);
	assert_int_equal(clock_join(&fields), 1736332201987);
}

static const struct {
	const char *text;
	int64_t ms;
} parsed[] = {
	{ "1970-01-01T00:00:00Z", 0 },
	{ "2025-01-08T10:30:00Z", 1736332200000 },
	{ "2025-01-08t10:30:00z", 1736332200000 },
	{ "2025-01-08 10:30:00Z", 1736332200000 },
	{ "2025-01-08T10:30:00.1Z", 1736332200100 },
	{ "2025-01-08T10:30:00.123Z", 1736332200123 },
	{ "2025-01-08T10:30:00.1239999999999999Z", 1736332200123 },
	{ "2025-01-08T12:30:00+02:00", 1736332200000 },
	{ "2025-01-08T05:00:00.5-05:30", 1736332200500 },
	{ "2025-01-08T10:30:00-00:00", 1736332200000 },
	{ "2000-02-29T00:00:00Z", 951782400000 },
	{ "2016-12-31T23:59:60Z", 1483228800000 },
	{ "2016-12-31T23:59:60.75Z", 1483228800750 },
	{ "2016-12-31T15:59:60-08:00", 1483228800000 },
	{ "0001-01-01T00:00:00Z", -62135596800000 },
	{ "9999-12-31T23:59:59.999Z", 253402300799999 },
};

static const char *const refused[] = { "", "2025", "2025-01-08",
	"2025-01-08T10:30:00", "2025-01-08T10:30Z", "2025-01-08_10:30:00Z",
	"2025-1-08T10:30:00Z", "2025-01-08T10:30:00.Z",
	"2025-01-08T10:30:00,5Z", "2025-01-08T10:30:00Z ",
	" 2025-01-08T10:30:00Z", "2025-01-08T10:30:00ZZ",
	"2025-01-08T24:00:00Z", "2025-01-08T10:60:00Z", "2025-01-08T10:30:61Z",
	"2025-01-08T10:30:60Z", "2025-13-08T10:30:00Z", "2025-00-08T10:30:00Z",
	"2025-01-00T10:30:00Z", "2025-01-32T10:30:00Z", "2025-02-29T10:30:00Z",
	"2100-02-29T10:30:00Z", "2025-04-31T10:30:00Z", "0000-01-01T00:00:00Z",
	"0001-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01",
	"2025-01-08T10:30:00+24:00", "2025-01-08T10:30:00+02:60",
	"2025-01-08T10:30:00+0200", "2025-01-08T10:30:00+02",
	"2025-01-08T10:30:00*02:00", "+025-01-08T10:30:00Z",
	"2025-01-08T10:30:00.123", "20250108T103000Z",
	"2025-01-08T10:3\xD9\xA0:00Z" };

static void
parses_rfc3339(void **state)
{
	int64_t ms = 77;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(parsed); i++) {
		if (clock_parse(parsed[i].text, &ms) != 0)
			fail_msg("refused: %s", parsed[i].text);
		assert_int_equal(ms, parsed[i].ms);
	}
	ms = 77;
	for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
		if (clock_parse(refused[i], &ms) != -1)
			fail_msg("taken: %s", refused[i]);
		assert_int_equal(ms, 77);
	}
}

static void
parses_dates(void **state)
{
	static const char *const wrong[] = { "", "2025-02-29", "2025-2-01",
		"2025-01-08T00:00:00Z", "2025-01-08 ", "0000-01-01",
		"10000-01-01", "2025/01/08", "2025-01", "1985-13-01",
		"1900-02-29" };
	int64_t ms;

	(void)state;
	assert_int_equal(clock_parse_date("2025-01-08", &ms), 0);
	assert_int_equal(ms, 1736294400000);
	assert_int_equal(clock_parse_date("1969-12-31", &ms), 0);
	assert_int_equal(ms, -86400000);
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
		if (clock_parse_date(wrong[i], &ms) != -1)
			fail_msg("taken: %s", wrong[i]);
	assert_int_equal(ms, -86400000);
}

static void
clocks_agree_with_each_other(void **state)
{
	int64_t first_us = clock_monotonic_us();
	int64_t ms = clock_monotonic_ms();
	int64_t last_us = clock_monotonic_us();
	int64_t wall_ms = clock_wall_ms();

	(void)state;
	assert_true(first_us / 1000 <= ms && ms <= last_us / 1000);
	/* Between the years 2020 and 9999. */
	assert_true(wall_ms >= 1577836800000 && wall_ms <= 253402300799999);
}

static void
deadlines_only_get_earlier(void **state)
{
	struct deadline hour = deadline_in(3600000);
	struct deadline past = deadline_in(-5);
	int64_t left_ms = deadline_left_ms(hour);

	(void)state;
	assert_true(left_ms >= 1 && left_ms <= 3600000);
	assert_int_equal(deadline_left_ms(past), 0);
	assert_int_equal(deadline_left_ms(deadline_in(0)), 0);
	assert_int_equal(deadline_within(hour, INT64_MAX).at_ms, hour.at_ms);
	assert_int_equal(deadline_within(past, 1000).at_ms, past.at_ms);
	assert_true(deadline_within(hour, 1000).at_ms < hour.at_ms);
	assert_int_equal(deadline_in(INT64_MAX).at_ms, INT64_MAX);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(formats_every_time),
		cmocka_unit_test(calendar_is_right_every_day),
		cmocka_unit_test(splits_and_joins),
		cmocka_unit_test(parses_rfc3339),
		cmocka_unit_test(parses_dates),
		cmocka_unit_test(clocks_agree_with_each_other),
		cmocka_unit_test(deadlines_only_get_earlier),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
