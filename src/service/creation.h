/*
 * Creating a booking, step by step. Internal to booking_create.c and the files
 * of its steps.
 */
#ifndef SERVICE_CREATION_H
#define SERVICE_CREATION_H

#include "service/booking_service.h"

struct creation {
	struct booking_service *service;
	const struct request_context *ctx;
	const struct caller *caller;
	const struct booking_request *request;
	const struct flight *flight;
	struct request_key key;
	bool keyed; /* by a header, else by the body alone */
	struct booking *booking;
	struct seat_search seats;
	struct booking_event event;
};

/* Whether the request is recognised when it comes again. */
bool creation_has_key(const struct creation *work);
/* The flight of the fetch, fit to be booked and with its seats stored; fetched
 * anew if its seats have names that the cache lacks. Sets work->flight. */
int creation_obtain_flight(struct creation *work, struct flight_fetch *fetch,
    struct flight *flight, struct err *err) MUST_CHECK;
/* Writes the booking, the sale of its seats and its event, in one transaction:
 * 0 when all is there, also after a COMMIT whose outcome was in doubt. A hold
 * that has run out counts as free, whether it was swept or not. */
int creation_commit(struct creation *work, struct err *err) MUST_CHECK;
/*
 * What became of a failed attempt: 0 with *result when an earlier request had
 * made the booking; -1 with the error to answer. *again is set when the key
 * belonged to a booking that no longer counts and is free now.
 */
int creation_resolve_failure(struct creation *work,
    struct booking_result *result, bool *again, struct err *err) MUST_CHECK;

#endif
