#include "http/etag.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* A list and its tags, one after the other; w before a weak one, ! where the
 * list breaks. */
static const struct {
	const char *list, *tags;
} LISTS[] = {
	{ "", "" },
	{ "  ,\t, ", "" },
	{ "\"1\"", "[1]" },
	{ "W/\"1\"", "w[1]" },
	{ " \"1\" , W/\"b\"\t,\"\"", "[1]w[b][]" },
	{ ",,\"1\",,\"2\",", "[1][2]" },
	{ "\"a,b\"", "[a,b]" },
	{ "\"a\\\"", "[a\\]" },
	{ "\"\xc3\xbc!~\"", "[\xc3\xbc!~]" },
	{ "1", "!" },
	{ "*", "!" },
	{ "\"1", "!" },
	{ "\"1\" \"2\"", "!" },
	{ "\"1\"x", "!" },
	{ "w/\"1\"", "!" },
	{ "W\"1\"", "!" },
	{ "W/1", "!" },
	{ "W/", "!" },
	{ "\"a b\"", "!" },
	{ "\"a\x7f\"", "!" },
	{ "\"1\", *", "[1]!" },
	{ "\"1\", \"2", "[1]!" },
};

static void
lists_are_taken_apart(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(LISTS); i++) {
		const char *list = LISTS[i].list;
		char seen[64] = "";
		struct etag tag;
		int more;

		while ((more = etag_next(&list, &tag)) > 0)
			snprintf(seen + strlen(seen),
			    sizeof(seen) - strlen(seen), "%s[%.*s]",
			    tag.weak ? "w" : "", (int)tag.len, tag.text);
		if (more < 0)
			strncat(seen, "!", sizeof(seen) - strlen(seen) - 1);
		assert_string_equal(seen, LISTS[i].tags);
	}
}

static const struct {
	const char *field, *text;
	bool listed;
} LISTED[] = {
	{ "*", "1", true },
	{ " * ", "1", true },
	{ "* , \"2\"", "1", false },
	{ "\"1\"", "1", true },
	{ "W/\"1\"", "1", true },
	{ "\"2\", W/\"1\"", "1", true },
	{ "\"11\"", "1", false },
	{ "\"1\"", "11", false },
	{ "\"\"", "1", false },
	{ "x, \"1\"", "1", false },
	{ "", "1", false },
};

static void
tags_are_looked_up(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(LISTED); i++)
		assert_int_equal(etag_listed(LISTED[i].field, LISTED[i].text),
		    LISTED[i].listed);
	assert_true(etag_is_any("*"));
	assert_false(etag_is_any("\"*\""));
	assert_false(etag_is_any("**"));
	assert_false(etag_is_any(""));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_are_taken_apart),
		cmocka_unit_test(tags_are_looked_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
