#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "core/base.h"
#include "model/flight.h"
#include "model/seat_choice.h"

#define MOST_SEATS 64

struct row {
	int line;
	const char *free_seats; /* blank-separated names, six abreast */
	size_t wanted;
	const char *chosen;
};

static const struct row ROWS[] = {
	{ __LINE__, "1A 1B 1C 1D 1E 1F", 1, "1A" },
	{ __LINE__, "1A 1B 1C 1D 1E 1F", 3, "1A 1B 1C" },
	{ __LINE__, "1A 1C 1D 1F", 2, "1C 1D" },
	{ __LINE__, "1F 2A 2B", 2, "2A 2B" },
	{ __LINE__, "1A 1B 1D 1E 1F 2A 2B 2C 2D", 4, "2A 2B 2C 2D" },
	/* No four together: the largest group first, then the first seats. */
	{ __LINE__, "1A 1C 1D 1E 2A", 4, "1A 1C 1D 1E" },
	{ __LINE__, "1A 1C 1E 2A", 3, "1A 1C 1E" },
	{ __LINE__, "1A 1C 2B 2C 2D", 4, "1A 2B 2C 2D" },
	{ __LINE__, "1E 1F 2A 2B", 4, "1E 1F 2A 2B" },
	{ __LINE__, "1A 1B", 3, "1A 1B" },
	{ __LINE__, "1A 1B 1C 1D 1E 1F 2A 2B 2C", 9,
	    "1A 1B 1C 1D 1E 1F 2A 2B 2C" },
};

/* Splits names in place; a seat's position follows from its name. */
static size_t
read_seats(char *names, struct seat seats[MOST_SEATS])
{
	size_t count = 0;
	char *rest = names, *name;

	while ((name = strsep(&rest, " ")) != NULL) {
		unsigned row;
		char letter;

		assert_int_equal(sscanf(name, "%u%c", &row, &letter), 2);
		seats[count].number = name;
		seats[count].position =
		    (row - 1) * SEATS_ABREAST + (unsigned)(letter - 'A');
		count++;
	}
	return count;
}

static void
neighbours_are_preferred(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
		struct seat seats[MOST_SEATS], chosen[MOST_SEATS];
		char names[256], text[256] = "";
		size_t count, picked;

		snprintf(names, sizeof(names), "%s", ROWS[i].free_seats);
		count = read_seats(names, seats);
		picked = seats_choose(seats, count, ROWS[i].wanted, chosen);
		for (size_t c = 0; c < picked; c++)
			snprintf(text + strlen(text),
			    sizeof(text) - strlen(text), "%s%s",
			    c == 0 ? "" : " ", chosen[c].number);
		if (strcmp(text, ROWS[i].chosen) != 0)
			fail_msg("line %d: %s", ROWS[i].line, text);
	}
}

static void
a_row_ends_adjacency(void **state)
{
	const struct seat same_row[] = { { 4, "1E" }, { 5, "1F" } };
	const struct seat next_row[] = { { 5, "1F" }, { 6, "2A" } };
	const struct seat gap[] = { { 0, "1A" }, { 2, "1C" } };

	(void)state;
	assert_true(seats_adjacent(same_row, 2));
	assert_false(seats_adjacent(next_row, 2));
	assert_false(seats_adjacent(gap, 2));
	assert_true(seats_adjacent(gap, 1));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(neighbours_are_preferred),
		cmocka_unit_test(a_row_ends_adjacency),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
