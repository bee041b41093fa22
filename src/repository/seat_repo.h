/*
 * The seat inventory of flights in the database.
 */
#ifndef REPOSITORY_SEAT_REPO_H
#define REPOSITORY_SEAT_REPO_H

#include "db/db.h"
#include "model/booking.h"
#include "model/seat_choice.h"

/* Free seats below a position, in order of it, at most `limit`. */
int seat_repo_free(struct db *db, struct arena *arena, const char *flight_id,
    unsigned below, size_t limit, struct seat **seats, size_t *count,
    struct err *err) MUST_CHECK;
/* As seat_repo_free, and locks exactly what it returns; passes over what other
 * transactions hold. */
int seat_repo_lock_free(struct db *db, struct arena *arena,
    const char *flight_id, unsigned below, size_t limit, struct seat **seats,
    size_t *count, struct err *err) MUST_CHECK;

/* The seats of these names (at most SEAT_PREFERENCES_MAX) that are free;
 * unlocked. */
int seat_repo_find_free(struct db *db, struct arena *arena,
    const char *flight_id, const char *const names[], size_t name_count,
    struct seat **seats, size_t *count, struct err *err) MUST_CHECK;

/* Marks the passengers' seats as sold to the booking. ERR_CONFLICT when one of
 * them was not free or has another name at its position: nothing may be
 * committed then. */
int seat_repo_take(
    struct db *db, const struct booking *booking, struct err *err) MUST_CHECK;
/* Frees the seats that belong to the booking. */
int seat_repo_release(
    struct db *db, const struct booking *booking, struct err *err) MUST_CHECK;

/* One seat of a flight's inventory. */
struct seat_place {
	const char *number;
	bool is_available;
};

/* All seats of the flight in order of position. */
int seat_repo_all(struct db *db, struct arena *arena, const char *flight_id,
    struct seat_place **seats, size_t *count, struct err *err) MUST_CHECK;
/* How many seats the flight has here, free or sold. */
int seat_repo_count(struct db *db, struct arena *arena, const char *flight_id,
    unsigned *count, struct err *err) MUST_CHECK;
/* Adds the seats at positions [from, to); those that exist already stay. Many
 * statements for a large flight: ERR_TIMEOUT when the deadline comes first. */
int seat_repo_add(struct db *db, struct arena *arena,
    const struct flight *flight, unsigned from, unsigned to, int64_t now_ms,
    struct deadline deadline, struct err *err) MUST_CHECK;

#endif
