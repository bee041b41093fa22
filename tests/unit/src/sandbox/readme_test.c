/* README.md beside the source says every word that the tables say. Run from
 * the top of the tree. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sandbox/sandbox.h"

#define README	   "src/sandbox/README.md"
#define TEXT_BYTES 65536

static char readme[TEXT_BYTES];

static int
read_readme(void **state)
{
	FILE *file = fopen(README, "r");
	size_t len;

	(void)state;
	assert_non_null(file);
	len = fread(readme, 1, sizeof(readme) - 1, file);
	readme[len] = '\0';
	fclose(file);
	return 0;
}

static void
expect(const char *word)
{
	char quoted[128];

	snprintf(quoted, sizeof(quoted), "`%s`", word);
	if (strstr(readme, quoted) == NULL)
		fail_msg("%s lacks %s", README, quoted);
}

static void
names_every_fault(void **state)
{
	(void)state;
	for (unsigned i = 0; i < FAULT_MODE__COUNT; i++)
		expect(fault_name((enum fault_mode)i));
}

static void
names_every_choice(void **state)
{
	(void)state;
	for (unsigned i = 0; i < DIALECT_OPTION__COUNT; i++) {
		expect(DIALECT_ROWS[i].key);
		for (unsigned c = 0; DIALECT_ROWS[i].choices[c] != NULL; c++)
			expect(DIALECT_ROWS[i].choices[c]);
	}
}

/* --help is one line per path and per ending of a flight's name. */
static void
names_every_path_and_ending(void **state)
{
	char *help = NULL;
	size_t size = 0;
	FILE *file = open_memstream(&help, &size);
	char *rest;
	int found = 0;

	(void)state;
	assert_non_null(file);
	sandbox_print_reference(file);
	fclose(file);
	rest = help;
	for (char *line; (line = strsep(&rest, "\n")) != NULL;) {
		char first[32];
		char second[64];

		if (sscanf(line, "  %31s %63s", first, second) != 2)
			continue;
		if (first[0] == '-' || second[0] == '/') {
			const char *word = first[0] == '-' ? first : second;

			word = strncmp(word, "/sandbox/", 9) == 0 &&
				       strchr(word, '{') != NULL
				   ? "/sandbox/"
				   : word;
			if (strstr(readme, word) == NULL)
				fail_msg("%s lacks %s", README, word);
			found++;
		}
	}
	free(help);
	assert_true(found >= 19);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_every_fault),
		cmocka_unit_test(names_every_choice),
		cmocka_unit_test(names_every_path_and_ending),
	};

	return cmocka_run_group_tests(tests, read_readme, NULL);
}
