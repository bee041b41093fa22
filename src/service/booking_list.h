/*
 * Lists of bookings, page by page (contract section 2).
 */
#ifndef SERVICE_BOOKING_LIST_H
#define SERVICE_BOOKING_LIST_H

#include "model/booking_list.h"
#include "service/booking_service.h"

struct booking_query {
	struct booking_filter filter;
	int64_t page; /* from 1; without meaning behind a cursor */
	int64_t limit;
	const struct booking_cursor *after; /* NULL: the page by its number */
};

/* A page; its bookings have what a list shows, flight.flight_number too. */
struct booking_page {
	struct booking *bookings;
	size_t count;
	int64_t total; /* as counted when the list began */
	int64_t page;
	int64_t pages;
	bool more;
	struct booking_cursor next; /* if there is more */
};

/* The list of the user that the filter names, for the user and admins:
 * FORBIDDEN. A page past the end is empty. */
int booking_list_user(struct booking_service *service,
    const struct request_context *ctx, const struct caller *caller,
    const struct booking_query *query, struct booking_page *page,
    struct err *err) MUST_CHECK;
/* The list of all users' bookings, for admins: FORBIDDEN. */
int booking_list_all(struct booking_service *service,
    const struct request_context *ctx, const struct caller *caller,
    const struct booking_query *query, struct booking_page *page,
    struct err *err) MUST_CHECK;

#endif
