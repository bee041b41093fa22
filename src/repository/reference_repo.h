/*
 * Numbers for booking references, in blocks: one short statement of its own
 * for many bookings, outside of any booking's transaction, so that the counter
 * never makes bookings wait for each other (contract section 2). Numbers of a
 * block that a worker does not use up are lost.
 */
#ifndef REPOSITORY_REFERENCE_REPO_H
#define REPOSITORY_REFERENCE_REPO_H

#include "db/db.h"
#include "model/booking.h"

/* A worker's current block; all zero to begin with. */
struct reference_block {
	int64_t day; /* days since 1970, UTC */
	unsigned next, end;
};

/* Writes the next reference for this moment. Takes a new block when the old
 * one is used up or the UTC day has changed. */
int reference_repo_next(struct db *db, struct reference_block *block,
    int64_t now_ms, char out[REFERENCE_SIZE], struct err *err) MUST_CHECK;

#endif
