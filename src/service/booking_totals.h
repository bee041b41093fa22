/*
 * How many bookings a user has, as far as this pool knows: in shared memory, so
 * that a list of many counts the newest alone.
 *
 * Bookings stay: none is deleted, and none changes its user or the time of its
 * creation. So once every booking that was created before a moment has been
 * committed, their number is final. The margin behind that moment covers
 *   - the request: its time limit, to which the pool adds some seconds before
 *     it ends the worker;
 *   - its last statement, which goes on without it for at most the database's
 *     time-out and a wait for a lock;
 *   - hosts whose clocks differ: with those seconds, TOTALS_TOLERANCE_MS.
 * Whatever is off by more (a clock, a disk that stalls a commit, development
 * data that bookingctl inserts with times of the past or takes back) is seen
 * TOTALS_AGE_MS later: entries are counted anew by then.
 */
#ifndef SERVICE_BOOKING_TOTALS_H
#define SERVICE_BOOKING_TOTALS_H

#include "cache/shared_cache.h"
#include "model/booking.h"

#define TOTALS_TOLERANCE_MS 20000
#define TOTALS_AGE_MS	    60000
#define TOTALS_WORTH	    100 /* fewer are counted as fast */

/* So many of a user's bookings were created before that moment. */
struct counted_bookings {
	int64_t count;
	int64_t before_ms; /* wall time; 0: nothing is known */
};

#define TOTALS_VALUE_BYTES sizeof(struct counted_bookings)

struct booking_totals {
	struct shared_cache *cache; /* NULL: nothing is remembered */
	int64_t margin_ms;
};

/* The margin for these settings. */
int64_t booking_totals_margin_ms(
    int64_t request_timeout_ms, int64_t db_timeout_s, int64_t db_lock_wait_s);

struct counted_bookings booking_totals_find(
    const struct booking_totals *totals, const char *user_id, int64_t now_ms);
/* Remembers what can be said for certain by all `total` bookings of the user
 * and the `count` newest of them, newest first, both read in one statement that
 * began at now_ms or later. */
void booking_totals_note(const struct booking_totals *totals,
    const char *user_id, int64_t now_ms, int64_t total,
    const struct booking newest[], size_t count);

#endif
