/*
 * Unpaid bookings and their time limits: which holds have run out, and what a
 * flight's cancellation concerns.
 */
#ifndef REPOSITORY_HOLD_REPO_H
#define REPOSITORY_HOLD_REPO_H

#include "db/db.h"
#include "model/booking.h"

/* A booking as it was seen; a change of it names the version. */
struct booking_version {
	struct uuid id;
	unsigned version;
};

struct booking_versions {
	struct booking_version *items;
	size_t count;
};

/* Holds that have run out, the oldest first. */
int hold_repo_expired(struct db *db, struct arena *arena, int64_t now_ms,
    size_t limit, struct booking_versions *holds, struct err *err) MUST_CHECK;
/* The same for one flight. */
int hold_repo_expired_on(struct db *db, struct arena *arena,
    const char *flight_id, int64_t now_ms, size_t limit,
    struct booking_versions *holds, struct err *err) MUST_CHECK;
/* The holds that have run out and have one of these seats (at most
 * SEAT_PREFERENCES_MAX). */
int hold_repo_expired_at(struct db *db, struct arena *arena,
    const char *flight_id, const char *const seats[], size_t seat_count,
    int64_t now_ms, struct booking_versions *holds, struct err *err) MUST_CHECK;
/* How many unpaid bookings a user has whose time has not run out. Locks them,
 * so that of two bookings made at once each counts the other. */
int hold_repo_count_open(struct db *db, struct arena *arena,
    const char *user_id, int64_t now_ms, unsigned *count,
    struct err *err) MUST_CHECK;
/* The bookings of a flight in one status, in order of their id, after `after`.
 */
int hold_repo_on_flight(struct db *db, struct arena *arena,
    const char *flight_id, enum booking_status status, const struct uuid *after,
    size_t limit, struct booking_versions *bookings,
    struct err *err) MUST_CHECK;

#endif
