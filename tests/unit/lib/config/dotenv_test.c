#include "config/dotenv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#define NO_PAIR	 "must be NAME=value"
#define NO_QUOTE "has no closing quote"
#define BEHIND	 "has text behind its closing quote"

/* One line each. A value or a problem, or neither: nothing is there. */
static const struct {
	const char *line, *name, *value, *problem;
} rows[] = {
	{ "", NULL, NULL, NULL },
	{ "  \t", NULL, NULL, NULL },
	{ "# A=1", NULL, NULL, NULL },
	{ "  # A=1", NULL, NULL, NULL },
	{ "A=1", "A", "1", NULL },
	{ "A_b9=1", "A_b9", "1", NULL },
	{ "  A=1  ", "A", "1", NULL },
	{ "A = 1", "A", "1", NULL },
	{ "A=1\r", "A", "1", NULL },
	{ "export A=1", "A", "1", NULL },
	{ "export\t A=1", "A", "1", NULL },
	{ "export=1", "export", "1", NULL },
	{ "exportA=1", "exportA", "1", NULL },
	{ "A=", "A", "", NULL },
	{ "A=  ", "A", "", NULL },
	{ "A= # none", "A", "", NULL },
	{ "A=\t#", "A", "", NULL },
	{ "A=#1", "A", "#1", NULL },
	{ "A=a#b", "A", "a#b", NULL },
	{ "A=a #b", "A", "a", NULL },
	{ "A=a \t # b", "A", "a", NULL },
	{ "A=a b  c", "A", "a b  c", NULL },
	{ "A=b=c==", "A", "b=c==", NULL },
	{ "A=it's", "A", "it's", NULL },
	{ "A=C:\\n", "A", "C:\\n", NULL },
	{ "A=$B", "A", "$B", NULL },
	{ "A=''", "A", "", NULL },
	{ "A=\"\"", "A", "", NULL },
	{ "A=' a # b '", "A", " a # b ", NULL },
	{ "A='a\\n\"$'", "A", "a\\n\"$", NULL },
	{ "A=\"a # b\" # c", "A", "a # b", NULL },
	{ "A=\"a\"\t", "A", "a", NULL },
	{ "A=\"\\\"\\\\\\$\\`\\n\"", "A", "\"\\$`\\n", NULL },
	{ "A=\"it's\"", "A", "it's", NULL },
	{ "A=\"a", "A", NULL, NO_QUOTE },
	{ "A='a", "A", NULL, NO_QUOTE },
	{ "A=\"a\\\"", "A", NULL, NO_QUOTE },
	{ "A=\"a\\", "A", NULL, NO_QUOTE },
	{ "A=\"", "A", NULL, NO_QUOTE },
	{ "A='a'b", "A", NULL, BEHIND },
	{ "A=\"a\" b", "A", NULL, BEHIND },
	{ "A=\"a\"#b", "A", NULL, BEHIND },
	{ "A", NULL, NULL, NO_PAIR },
	{ "=1", NULL, NULL, NO_PAIR },
	{ "9A=1", NULL, NULL, NO_PAIR },
	{ "A-B=1", NULL, NULL, NO_PAIR },
	{ "A B=1", NULL, NULL, NO_PAIR },
	{ "A: 1", NULL, NULL, NO_PAIR },
	{ "export", NULL, NULL, NO_PAIR },
	{ "\xC3\x84=1", NULL, NULL, NO_PAIR },
};

static void
same_text(const char *a, const char *b)
{
	if (a == NULL || b == NULL)
		assert_ptr_equal(a, b);
	else
		assert_string_equal(a, b);
}

/* Each row in front of another line, and as a file's end. */
static void
lines_are_read_as_a_shell_does(void **state)
{
	static const char *const ends[] = { "", "\n", "\nZ=last" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows) * ARRAY_LEN(ends); i++) {
		const char *end = ends[i % ARRAY_LEN(ends)];
		const char *line = rows[i / ARRAY_LEN(ends)].line;
		const char *name = rows[i / ARRAY_LEN(ends)].name;
		const char *value = rows[i / ARRAY_LEN(ends)].value;
		const char *problem = rows[i / ARRAY_LEN(ends)].problem;
		char text[128];
		struct dotenv dotenv;
		struct dotenv_entry entry;

		(void)snprintf(text, sizeof(text), "%s%s", line, end);
		dotenv_open(&dotenv, text, strlen(text));
		if (value != NULL || problem != NULL) {
			assert_true(dotenv_next(&dotenv, &entry));
			assert_int_equal(entry.line, 1);
			same_text(entry.name, name);
			same_text(entry.value, value);
			same_text(entry.problem, problem);
		}
		if (strlen(end) > 1) {
			assert_true(dotenv_next(&dotenv, &entry));
			assert_int_equal(entry.line, 2);
			assert_string_equal(entry.name, "Z");
			assert_string_equal(entry.value, "last");
		}
		assert_false(dotenv_next(&dotenv, &entry));
		assert_false(dotenv_next(&dotenv, &entry));
	}
}

static void
marks_and_line_ends_are_tolerated(void **state)
{
	char text[] = "\xEF\xBB\xBF"
		      "A=1\r\n\r\n# c\r\nB='2'\r\nC=3\r";
	static const struct {
		unsigned line;
		const char *name, *value;
	} expected[] = {
		{ 1, "A", "1" },
		{ 4, "B", "2" },
		{ 5, "C", "3" },
	};
	struct dotenv dotenv;
	struct dotenv_entry entry;

	(void)state;
	dotenv_open(&dotenv, text, sizeof(text) - 1);
	for (size_t i = 0; i < ARRAY_LEN(expected); i++) {
		assert_true(dotenv_next(&dotenv, &entry));
		assert_int_equal(entry.line, expected[i].line);
		assert_string_equal(entry.name, expected[i].name);
		assert_string_equal(entry.value, expected[i].value);
		assert_null(entry.problem);
	}
	assert_false(dotenv_next(&dotenv, &entry));
}

static void
a_nul_is_a_problem(void **state)
{
	char text[] = "A=1\0 2\n\0\nB=2";
	struct dotenv dotenv;
	struct dotenv_entry entry;

	(void)state;
	dotenv_open(&dotenv, text, sizeof(text) - 1);
	for (unsigned line = 1; line <= 2; line++) {
		assert_true(dotenv_next(&dotenv, &entry));
		assert_int_equal(entry.line, line);
		assert_non_null(entry.problem);
		assert_null(entry.value);
	}
	assert_true(dotenv_next(&dotenv, &entry));
	assert_string_equal(entry.value, "2");
	assert_false(dotenv_next(&dotenv, &entry));
}

static void
nothing_is_read_beyond_the_end(void **state)
{
	char text[] = "A=1";
	struct dotenv dotenv;
	struct dotenv_entry entry;

	(void)state;
	dotenv_open(&dotenv, text, 0);
	assert_false(dotenv_next(&dotenv, &entry));
	text[2] = '\0';
	dotenv_open(&dotenv, text, 2);
	assert_true(dotenv_next(&dotenv, &entry));
	assert_string_equal(entry.value, "");
	assert_false(dotenv_next(&dotenv, &entry));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_read_as_a_shell_does),
		cmocka_unit_test(marks_and_line_ends_are_tolerated),
		cmocka_unit_test(a_nul_is_a_problem),
		cmocka_unit_test(nothing_is_read_beyond_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
