#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "db/sql_script.h"

enum { MOST = 4 };

static const struct row {
	int line;
	const char *text;
	const char *statements[MOST];
} ROWS[] = {
	{ __LINE__, "", { NULL } },
	{ __LINE__, " \r\n\t", { NULL } },
	{ __LINE__, ";;\n;", { NULL } },
	{ __LINE__, "-- only a note;\n# and this;\n/* too; */", { NULL } },
	{ __LINE__, "A", { "A" } },
	{ __LINE__, "A;", { "A" } },
	{ __LINE__, "A;\nB;\n", { "A", "B" } },
	{ __LINE__, "A;B", { "A", "B" } },
	{ __LINE__, "-- x;\nA 'b;c';\nD", { "A 'b;c'", "D" } },
	{ __LINE__, "A 'it''s;' ; B", { "A 'it''s;' ", "B" } },
	{ __LINE__, "A 'a\\';b';B", { "A 'a\\';b'", "B" } },
	{ __LINE__, "A \"x;\"; B `y;\\`;C", { "A \"x;\"", "B `y;\\`", "C" } },
	{ __LINE__, "A -- it's; one\n B;C", { "A -- it's; one\n B", "C" } },
	{ __LINE__, "A # it's; one\n B;C", { "A # it's; one\n B", "C" } },
	{ __LINE__, "A /* it's; */ B;C", { "A /* it's; */ B", "C" } },
	{ __LINE__, "A 1--1;B", { "A 1--1", "B" } },
	{ __LINE__, "/*!40101 SET x */;B", { "/*!40101 SET x */", "B" } },
	{ __LINE__, "A 'open;", { "A 'open;" } },
	{ __LINE__, "A 'open\\", { "A 'open\\" } },
	{ __LINE__, "A /* open;", { "A /* open" } },
	{ __LINE__, "/* open;B", { "/* open", "B" } },
	{ __LINE__, "A;--", { "A" } },
	{ __LINE__, "A;/*", { "A", "/*" } },
	{ __LINE__, "A;-- end", { "A" } },
};

/* The copy has exactly the text's size, so that a sanitizer sees an overrun. */
static void
check(const struct row *row)
{
	size_t size = strlen(row->text);
	char *text = malloc(size + (size == 0));
	const char *statement;
	size_t len;
	size_t count = 0;

	memcpy(text, row->text, size);
	struct sql_script script = { .at = text, .end = text + size };
	while (sql_script_next(&script, &statement, &len)) {
		const char *wanted =
		    count < MOST ? row->statements[count] : NULL;
		if (wanted == NULL || strlen(wanted) != len ||
		    memcmp(wanted, statement, len) != 0)
			fail_msg("line %d: statement %zu: %.*s", row->line,
			    count + 1, (int)len, statement);
		count++;
	}
	if (count < MOST && row->statements[count] != NULL)
		fail_msg("line %d: %zu statements", row->line, count);
	free(text);
}

static void
statements_end_outside_of_quotes_and_comments(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++)
		check(&ROWS[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(statements_end_outside_of_quotes_and_comments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
