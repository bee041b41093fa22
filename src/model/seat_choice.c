#include "model/seat_choice.h"

#include <stdlib.h>
#include <string.h>

static size_t
row_length(const char *number)
{
	return strspn(number, "0123456789");
}

static bool
neighbours(const struct seat *left, const struct seat *right)
{
	size_t row = row_length(left->number);

	return right->position == left->position + 1 &&
	       row == row_length(right->number) &&
	       strncmp(left->number, right->number, row) == 0;
}

bool
seats_adjacent(const struct seat seats[], size_t count)
{
	for (size_t i = 1; i < count; i++) {
		if (!neighbours(&seats[i - 1], &seats[i]))
			return false;
	}
	return true;
}

/* How many seats from `first` on are neighbours, at most `wanted`. */
static size_t
run_length(const struct seat seats[], size_t count, size_t first, size_t wanted)
{
	size_t length = 1;

	while (length < wanted && first + length < count &&
	       neighbours(&seats[first + length - 1], &seats[first + length]))
		length++;
	return length;
}

/* The first of the longest runs of at most `wanted` seats that do not touch a
 * seat that is chosen already. */
static size_t
longest_run(const struct seat seats[], size_t count, size_t wanted,
    const struct seat chosen[], size_t chosen_count, size_t *first)
{
	size_t best = 0;

	for (size_t i = 0; i < count && best < wanted; i++) {
		size_t length = run_length(seats, count, i, wanted);

		for (size_t c = 0; c < chosen_count; c++) {
			if (chosen[c].position < seats[i].position)
				continue;
			if (chosen[c].position - seats[i].position < length)
				length = chosen[c].position - seats[i].position;
		}
		if (length > best) {
			best = length;
			*first = i;
		}
	}
	return best;
}

static int
by_position(const void *a, const void *b)
{
	const struct seat *left = a, *right = b;

	return (left->position > right->position) -
	       (left->position < right->position);
}

size_t
seats_choose(const struct seat free_seats[], size_t count, size_t wanted,
    struct seat chosen[])
{
	size_t picked = 0;

	if (wanted > count)
		wanted = count;
	while (picked < wanted) {
		size_t first = 0;
		size_t length = longest_run(
		    free_seats, count, wanted - picked, chosen, picked, &first);

		memcpy(&chosen[picked], &free_seats[first],
		    length * sizeof(chosen[0]));
		picked += length;
	}
	qsort(chosen, picked, sizeof(chosen[0]), by_position);
	return picked;
}
