#include "core/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const struct {
	const char *text;
	int length; /* code points, -1: not valid */
} sequences[] = {
	{ "", 0 },
	{ "plain", 5 },
	{ "\x7F", 1 },
	{ "\xC2\x80", 1 },
	{ "\xDF\xBF", 1 },
	{ "\xE0\xA0\x80", 1 },
	{ "\xED\x9F\xBF", 1 },
	{ "\xEE\x80\x80", 1 },
	{ "\xEF\xBF\xBF", 1 },
	{ "\xF0\x90\x80\x80", 1 },
	{ "\xF4\x8F\xBF\xBF", 1 },
	{ "Z\xC3\xBCrich \xE6\x9D\xB1\xE4\xBA\xAC \xF0\x9F\x9B\xAB", 11 },
	{ "\x80", -1 }, /* a continuation alone */
	{ "\xBF", -1 },
	{ "\xC0\x80", -1 }, /* overlong */
	{ "\xC1\xBF", -1 },
	{ "\xE0\x9F\xBF", -1 },
	{ "\xF0\x8F\xBF\xBF", -1 },
	{ "\xED\xA0\x80", -1 }, /* surrogates */
	{ "\xED\xBF\xBF", -1 },
	{ "\xF4\x90\x80\x80", -1 }, /* beyond U+10FFFF */
	{ "\xF5\x80\x80\x80", -1 },
	{ "\xFF", -1 },
	{ "\xC2", -1 }, /* cut off */
	{ "\xE2\x82", -1 },
	{ "\xF0\x9F\x9B", -1 },
	{ "\xC2\x41", -1 },
	{ "\xE2\x41\x80", -1 },
	{ "\xF0\x9F\x41\x80", -1 },
};

static void
utf8_follows_rfc3629(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(sequences); i++) {
		const char *text = sequences[i].text;
		size_t len = strlen(text);

		assert_int_equal(
		    utf8_valid(text, len), sequences[i].length >= 0);
		if (sequences[i].length >= 0)
			assert_int_equal(
			    utf8_length(text, len), sequences[i].length);
	}
	assert_true(utf8_valid("a\0b", 3));
	assert_int_equal(utf8_step("\xE2\x82\xAC!", 4), 3);
	assert_int_equal(utf8_step("\xE2\x82\xAC!", 2), 0);
	assert_int_equal(utf8_step("", 1), 1);
}

static void
control_characters_are_seen(void **state)
{
	static const struct {
		const char *text;
		bool has;
	} rows[] = {
		{ "plain \xC2\xA0 \xC3\x80 \xE2\x82\x80", false },
		{ "a\tb", true },
		{ "\x1F", true },
		{ " ", false },
		{ "a\x7F", true },
		{ "~", false },
		{ "\xC2\x80", true },
		{ "x\xC2\x9F", true },
		{ "\xC2\xA0", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(
		    text_has_control(rows[i].text, strlen(rows[i].text)),
		    rows[i].has);
	assert_true(text_has_control("a\0b", 3));
}

static void
trim_knows_white_space(void **state)
{
	static const char *const white[] = { " ", "\t", "\n", "\v", "\f", "\r",
		"\xC2\x85", "\xC2\xA0", "\xE1\x9A\x80", "\xE2\x80\x80",
		"\xE2\x80\x8A", "\xE2\x80\xA8", "\xE2\x80\xA9", "\xE2\x80\xAF",
		"\xE2\x81\x9F", "\xE3\x80\x80", "\xEF\xBB\xBF" };
	char all[128], text[400];
	const char *at = all;
	size_t len = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(white); i++) {
		memcpy(all + len, white[i], strlen(white[i]) + 1);
		len += strlen(white[i]);
	}
	text_trim(&at, &len);
	assert_int_equal(len, 0);

	(void)snprintf(
	    text, sizeof(text), "%s\xC3\xA9 b\xC2\xA0\xE6\x9D\xB1%s", all, all);
	at = text;
	len = strlen(text);
	text_trim(&at, &len);
	assert_int_equal(len, strlen("\xC3\xA9 b\xC2\xA0\xE6\x9D\xB1"));
	assert_memory_equal(at, "\xC3\xA9 b\xC2\xA0\xE6\x9D\xB1", len);

	at = "abc";
	len = 0;
	text_trim(&at, &len);
	assert_int_equal(len, 0);
}

static void
integers_fill_the_text(void **state)
{
	static const struct {
		const char *text;
		int64_t min, max, value;
		int result;
	} rows[] = {
		{ "0", 0, 9, 0, 0 },
		{ "9", 0, 9, 9, 0 },
		{ "10", 0, 9, 0, -1 },
		{ "-1", 0, 9, 0, -1 },
		{ "-1", -1, 9, -1, 0 },
		{ "007", 0, 9, 7, 0 },
		{ "9223372036854775807", INT64_MIN, INT64_MAX, INT64_MAX, 0 },
		{ "-9223372036854775808", INT64_MIN, INT64_MAX, INT64_MIN, 0 },
		{ "9223372036854775808", INT64_MIN, INT64_MAX, 0, -1 },
		{ "-9223372036854775809", INT64_MIN, INT64_MAX, 0, -1 },
		{ "99999999999999999999", INT64_MIN, INT64_MAX, 0, -1 },
		{ "", 0, 9, 0, -1 },
		{ "-", -9, 9, 0, -1 },
		{ "+1", 0, 9, 0, -1 },
		{ " 1", 0, 9, 0, -1 },
		{ "1 ", 0, 9, 0, -1 },
		{ "1x", 0, 9, 0, -1 },
		{ "0x1", 0, 9, 0, -1 },
		{ "1.0", 0, 9, 0, -1 },
		{ "--1", -9, 9, 0, -1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int64_t value = 77;

		assert_int_equal(text_parse_int(rows[i].text, rows[i].min,
				     rows[i].max, &value),
		    rows[i].result);
		assert_int_equal(
		    value, rows[i].result == 0 ? rows[i].value : 77);
	}
}

static void
integers_come_out_as_printf_has_them(void **state)
{
	static const int64_t values[] = { 0, 1, -1, 9, 10, -10, 99, 1234567890,
		INT64_MAX, INT64_MIN };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(values); i++) {
		char room[TEXT_INT_SIZE], expected[32];

		(void)snprintf(
		    expected, sizeof(expected), "%" PRId64, values[i]);
		assert_string_equal(text_format_int(values[i], room), expected);
	}
}

/* One byte among seven others, at each of the eight places. */
static void
plain_bytes_are_printable_and_unquoted(void **state)
{
	(void)state;
	for (unsigned c = 0; c < 256; c++) {
		bool plain = c >= 0x20 && c < 0x7F && c != '"' && c != '\\';

		for (size_t at = 0; at < 8; at++) {
			unsigned char bytes[8];

			memset(bytes, 'a', sizeof(bytes));
			bytes[at] = (unsigned char)c;
			assert_int_equal(text_plain_eight(bytes), plain);
		}
	}
}

static void
copy_cuts_between_characters(void **state)
{
	static const struct {
		size_t size;
		const char *expected;
	} rows[] = {
		{ 1, "" },
		{ 2, "a" },
		{ 3, "a" },
		{ 4, "a" },
		{ 5, "a\xE2\x82\xAC" },
		{ 6, "a\xE2\x82\xACz" },
		{ 99, "a\xE2\x82\xACz" },
	};
	char out[100];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		memset(out, '#', sizeof(out));
		text_copy(out, rows[i].size, "a\xE2\x82\xACz");
		assert_string_equal(out, rows[i].expected);
	}
	out[0] = '#';
	text_copy(out, 0, "x");
	assert_int_equal(out[0], '#');
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(utf8_follows_rfc3629),
		cmocka_unit_test(control_characters_are_seen),
		cmocka_unit_test(trim_knows_white_space),
		cmocka_unit_test(integers_fill_the_text),
		cmocka_unit_test(integers_come_out_as_printf_has_them),
		cmocka_unit_test(plain_bytes_are_printable_and_unquoted),
		cmocka_unit_test(copy_cuts_between_characters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
