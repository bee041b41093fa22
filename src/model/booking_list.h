/*
 * What a list of bookings is asked for: filters, order, and the place at which
 * it goes on (contract section 2).
 */
#ifndef MODEL_BOOKING_LIST_H
#define MODEL_BOOKING_LIST_H

#include "core/arena.h"
#include "model/booking.h"

#define LIST_LIMIT_MAX	   100
#define LIST_LIMIT_DEFAULT 10

enum booking_sort {
	SORT_CREATED_DESC, /* the default */
	SORT_CREATED_ASC,
	SORT_DEPARTURE_DESC,
	SORT_DEPARTURE_ASC,
	BOOKING_SORT__COUNT
};

#define ANY_STATUS (-1)

struct booking_filter {
	const char *user_id;   /* NULL: all users */
	const char *flight_id; /* NULL: all flights */
	const char *reference; /* NULL: any */
	int status;	       /* enum booking_status or ANY_STATUS */
	int64_t from_ms;       /* created then or later; 0: no bound */
	int64_t to_ms;	       /* created before; -1: no bound */
	enum booking_sort sort;
};

/* Where a list goes on: behind the last booking of the page before. It carries
 * the count of the first page, so that a further one costs the same however
 * long the list is. */
struct booking_cursor {
	int64_t sort_ms; /* the last booking's created_at or departure */
	struct uuid id;	 /* and its id */
	int64_t seen;	 /* bookings on the pages before */
	int64_t total;	 /* bookings of the whole list, when it began */
};

/* "created_at", "-departure" and so on: 0, or -1 for anything else. */
int booking_sort_parse(const char *text, enum booking_sort *sort) MUST_CHECK;

/* The cursor as an opaque text for a query parameter. */
char *booking_cursor_format(struct arena *arena,
    const struct booking_cursor *cursor, const struct booking_filter *filter);
/* 0; or -1 for a text that booking_cursor_format did not make, or that it made
 * for other filters. */
int booking_cursor_parse(const char *text, const struct booking_filter *filter,
    struct booking_cursor *cursor) MUST_CHECK;

#endif
