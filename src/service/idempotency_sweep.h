/*
 * Forgets the keys of requests that are older than 24 hours (contract
 * section 2). Nothing depends on it: a key is also looked at when it is used;
 * the sweep keeps what need not be kept from staying for ever.
 */
#ifndef SERVICE_IDEMPOTENCY_SWEEP_H
#define SERVICE_IDEMPOTENCY_SWEEP_H

#include "db/db.h"

/* Bookings that one call looks at. */
#define IDEMPOTENCY_SWEEP_BATCH 1000

/* Where the sweep stands; all zero to begin with, which makes it go over all
 * bookings once. Belongs to one process. */
struct idempotency_sweep {
	struct uuid upto;
};

/* Looks at the next batch: two short statements, each commits itself. *more
 * tells that another call has work already. */
int idempotency_sweep(struct db *db, struct arena *arena,
    struct idempotency_sweep *sweep, int64_t now_ms, bool *more,
    struct err *err) MUST_CHECK;

#endif
