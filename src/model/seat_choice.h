/*
 * Which free seats passengers get who asked for none: next to each other where
 * possible, and otherwise the first ones (contract section 2).
 */
#ifndef MODEL_SEAT_CHOICE_H
#define MODEL_SEAT_CHOICE_H

#include "core/base.h"

struct seat {
	unsigned position; /* 0-based; neighbours in a row follow each other */
	const char *number;
};

/* True when all seats are neighbours in one row: positions without a gap and
 * the same row in their names. */
bool seats_adjacent(const struct seat seats[], size_t count);
/*
 * Picks `wanted` of `count` free seats (in order of position) into chosen[]:
 * the first group that is adjacent as a whole; else the groups of neighbours
 * taken largest first. Returns how many were picked: wanted, or count if there
 * are fewer.
 */
size_t seats_choose(const struct seat free_seats[], size_t count, size_t wanted,
    struct seat chosen[]);

#endif
