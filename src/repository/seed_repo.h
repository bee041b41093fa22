/*
 * Data to try things on and to measure with: made inside the database, many
 * rows a statement, and taken back as a whole. Its flights are named SEED-...
 */
#ifndef REPOSITORY_SEED_REPO_H
#define REPOSITORY_SEED_REPO_H

#include "db/db.h"

#define SEED_BATCH	      10000 /* bookings of one call */
#define SEED_SEATS_PER_FLIGHT 180
#define SEED_USERS	      20

struct seed_plan {
	const char *user_id; /* all bookings are this user's; NULL: user-1 to
				user-20 in turn */
	int64_t now_ms;	     /* bookings lie before, one a second */
	unsigned total;	     /* bookings of the whole plan */
};

/* Makes bookings [from, to) of the plan with flights, seats, passengers and
 * first events; to - from is at most SEED_BATCH. Run it in a transaction. */
int seed_repo_make(struct db *db, const struct seed_plan *plan, unsigned from,
    unsigned to, struct err *err) MUST_CHECK;
/* How many seeded bookings there are. */
int seed_repo_count(struct db *db, struct arena *arena, unsigned *count,
    struct err *err) MUST_CHECK;
/* Takes back the bookings of some flights; *taken is their number, 0 when none
 * are left. Run it in a transaction. */
int seed_repo_take_back(struct db *db, struct arena *arena, uint64_t *taken,
    struct err *err) MUST_CHECK;

#endif
