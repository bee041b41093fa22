#include "json/json_unescape.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void
reads_what_is_meant(void **state)
{
	static const struct {
		const char *text, *meaning;
	} rows[] = {
		{ "", "" },
		{ "plain \xc3\xa9", "plain \xc3\xa9" },
		{ "\\\"\\\\\\/\\b\\f\\n\\r\\t", "\"\\/\b\f\n\r\t" },
		{ "\\u0041\\u007F.", "A\x7f." },
		{ "\\u0080\\u07ff", "\xc2\x80\xdf\xbf" },
		{ "\\u0800\\uFFff", "\xe0\xa0\x80\xef\xbf\xbf" },
		{ "\\ud800\\udc00", "\xf0\x90\x80\x80" },
		{ "x\\uDBFF\\uDFFFy", "x\xf4\x8f\xbf\xbfy" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct json_cursor cursor = json_cursor_of(
		    (const unsigned char *)rows[i].text, strlen(rows[i].text));
		for (const char *at = rows[i].meaning; *at; at++)
			assert_int_equal(
			    json_cursor_take(&cursor), (unsigned char)*at);
		assert_int_equal(json_cursor_take(&cursor), -1);
		assert_int_equal(json_cursor_take(&cursor), -1);
	}
}

static void
reads_a_nul(void **state)
{
	static const unsigned char text[] = "\\u0000!";
	struct json_cursor cursor = json_cursor_of(text, sizeof(text) - 1);

	(void)state;
	assert_int_equal(json_cursor_take(&cursor), 0);
	assert_int_equal(json_cursor_take(&cursor), '!');
	assert_int_equal(json_cursor_take(&cursor), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_what_is_meant),
		cmocka_unit_test(reads_a_nul),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
