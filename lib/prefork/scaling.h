/*
 * How many workers a pool should have. Plain data and pure functions.
 *
 * static: as many as it says. dynamic: so many that spare_min to spare_max of
 * them are idle, within [least, most]; up at once, down by one at a time.
 */
#ifndef PREFORK_SCALING_H
#define PREFORK_SCALING_H

#include "core/base.h"

struct scaling {
	bool dynamic;
	unsigned workers; /* static */
	unsigned least, most;
	unsigned spare_min, spare_max;
};

/* What a moment looks like. */
struct scaling_load {
	unsigned workers; /* those that stay, starting ones included */
	unsigned idle;	  /* of these, idle or starting */
	bool may_shrink;  /* it is time to think of that */
};

/* How many workers there should be now; load->workers when all is well. */
unsigned scaling_wanted(
    const struct scaling *scaling, const struct scaling_load *load);
/* The operator asks for n workers: static, exactly so many; dynamic, at most
 * so many, and the other limits give way. n > 0. */
void scaling_set(struct scaling *scaling, unsigned n);
/* The most workers that it can come to. */
unsigned scaling_most(const struct scaling *scaling);

#endif
