/*
 * The stored snapshot of each flight that somebody booked.
 */
#ifndef REPOSITORY_FLIGHT_REPO_H
#define REPOSITORY_FLIGHT_REPO_H

#include "db/db.h"
#include "model/flight.h"

/* *flight is NULL when nobody booked it yet. */
int flight_repo_find(struct db *db, struct arena *arena, const char *flight_id,
    struct flight **flight, struct err *err) MUST_CHECK;
/* The same, held to the end of the transaction. */
int flight_repo_find_to_change(struct db *db, struct arena *arena,
    const char *flight_id, struct flight **flight, struct err *err) MUST_CHECK;
/* Inserts or replaces the snapshot; total_seats never shrinks. */
int flight_repo_save(struct db *db, struct arena *arena,
    const struct flight *flight, int64_t now_ms, struct err *err) MUST_CHECK;
/* Carries what a booking shows of the stored flight over to those of its
 * bookings that show something else. */
int flight_repo_carry_over(struct db *db, const char *flight_id, int64_t now_ms,
    struct err *err) MUST_CHECK;
/* Flights that changed since then and have bookings that show something else:
 * at most *count, which becomes their number. */
int flight_repo_left_behind(struct db *db, struct arena *arena,
    int64_t since_ms, const char *flight_ids[], size_t *count,
    struct err *err) MUST_CHECK;

#endif
