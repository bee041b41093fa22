/*
 * Lists of bookings: one page, and how many there are.
 *
 * A page is found in an index alone, then its rows are looked up. It goes on
 * behind a key instead of counting rows, so that it costs the same however
 * deep it is; only a page that is asked for by its number walks over the index
 * entries before it.
 */
#ifndef REPOSITORY_BOOKING_LIST_REPO_H
#define REPOSITORY_BOOKING_LIST_REPO_H

#include "db/db.h"
#include "model/booking_list.h"

/* How many bookings the filter lets through. */
int booking_list_repo_count(struct db *db, struct arena *arena,
    const struct booking_filter *filter, int64_t *count,
    struct err *err) MUST_CHECK;
/* Which part of a list: at most `limit` bookings behind `after`, or, without
 * it, from the beginning, passing over `skip`. */
struct list_part {
	const struct booking_cursor *after;
	int64_t skip;
	size_t limit;
};
/* Set of each booking: what a list shows, and flight.flight_number. */
int booking_list_repo_page(struct db *db, struct arena *arena,
    const struct booking_filter *filter, const struct list_part *part,
    struct booking **bookings, size_t *count, struct err *err) MUST_CHECK;

#endif
