/*
 * Lists of bookings: one page, and how many there are.
 *
 * A page goes on behind a key instead of counting rows, so that it costs the
 * same however deep it is; only a page that is asked for by its number walks
 * over the index entries before it. A list that is filtered, or passed over at
 * length, is found in an index alone, then its rows are looked up.
 *
 * A plain list is a user's that nothing narrows: by far the most frequent. Its
 * statements filter nothing, and its pages by number bring the count along.
 */
#ifndef REPOSITORY_BOOKING_LIST_REPO_H
#define REPOSITORY_BOOKING_LIST_REPO_H

#include "db/db.h"
#include "model/booking_list.h"

bool booking_list_repo_is_plain(const struct booking_filter *filter);

/* How many bookings the filter lets through. */
int booking_list_repo_count(struct db *db, struct arena *arena,
    const struct booking_filter *filter, int64_t *count,
    struct err *err) MUST_CHECK;
/* How many bookings of a user were created at since_ms or later. */
int booking_list_repo_count_since(struct db *db, struct arena *arena,
    const char *user_id, int64_t since_ms, int64_t *count,
    struct err *err) MUST_CHECK;

/* Which part of a list: at most `limit` bookings behind `after`, or, without
 * it, from the beginning, passing over `skip`. */
struct list_part {
	const struct booking_cursor *after;
	int64_t skip;
	size_t limit;
	int64_t since_ms; /* what list_page.since counts from */
};

struct list_page {
	/* Set of each: what a list shows, and flight.flight_number. */
	struct booking *bookings;
	size_t count;
	/* Of a plain list without `after`, unless the page is empty: the user's
	 * bookings created at since_ms or later, on the page or not, at the
	 * very moment of the page. Else -1. */
	int64_t since;
};
int booking_list_repo_page(struct db *db, struct arena *arena,
    const struct booking_filter *filter, const struct list_part *part,
    struct list_page *page, struct err *err) MUST_CHECK;

#endif
