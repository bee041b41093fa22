/*
 * The rules of bookings: what may be done, by whom, in which state, and what
 * follows from it. Every change is one transaction with its event inside, and
 * is published after its commit. Knows nothing of HTTP.
 *
 * One struct belongs to one worker. Functions block at most until the
 * request's deadline.
 */
#ifndef SERVICE_BOOKING_SERVICE_H
#define SERVICE_BOOKING_SERVICE_H

#include "gateway/flight_gateway.h"
#include "model/booking_rules.h"
#include "model/caller.h"
#include "repository/booking_repo.h"
#include "repository/event_repo.h"
#include "repository/reference_repo.h"
#include "repository/seat_repo.h"
#include "rest/rest_client.h"
#include "service/booking_totals.h"
#include "service/inventory.h"
#include "service/outbox.h"
#include "service/seat_allocation.h"

struct booking_service {
	struct db *db;
	struct rest_client *rest;
	struct flight_gateway *flights;
	struct outbox *outbox;
	const struct booking_rules *rules;
	struct scoreboard *board; /* NULL: no pool */
	struct scoreboard_slot *slot;
	struct seat_hints *hints; /* NULL: none */
	struct reference_block references;
	struct inventory *inventory;
	struct booking_totals totals;
};

/* A new booking as it was asked for, checked field by field. */
struct booking_request {
	const char *flight_id;
	struct passenger *passengers;
	size_t passenger_count;
	struct seat_wishes wishes;
	const char *special_requests; /* NULL: none */
	const char *idempotency_key;  /* NULL: none */
	struct digest canonical_body;
};

struct booking_result {
	struct booking *booking;
	bool notice_sent; /* the broker has confirmed the event */
	bool replayed;	  /* an earlier request had made it */
};

/* Claims the request's Idempotency-Key, if it has one, before anything is done
 * for it: REQUEST_IN_PROGRESS while another worker of the pool has the same
 * key of the same sender in work (`sender`: the token, since the Auth service
 * has not been asked yet). Ends with the request. Of two that slip through,
 * hosts apart or with two tokens, the database lets one book. */
int booking_claim(struct booking_service *service, const char *sender,
    const struct booking_request *request, struct err *err) MUST_CHECK;
/*
 * Books (contract section 2, POST). `fetch` is the begun, and if necessary
 * performed, fetch of the flight. Repeating a request returns the booking it
 * made. Errors: FLIGHT_UNAVAILABLE, SEAT_UNAVAILABLE, IDEMPOTENCY_KEY_REUSED,
 * TOO_MANY_HOLDS, FLIGHT_SERVICE_UNAVAILABLE and lib/db's. Seats of holds that
 * have run out count as free.
 */
int booking_create(struct booking_service *service,
    const struct request_context *ctx, const struct caller *caller,
    const struct booking_request *request, struct flight_fetch *fetch,
    struct booking_result *result, struct err *err) MUST_CHECK;

/* Loads by UUID or reference for one who may see it: BOOKING_NOT_FOUND, then
 * FORBIDDEN. */
int booking_get(struct booking_service *service,
    const struct request_context *ctx, const struct caller *caller,
    const char *id_or_reference, struct booking **booking,
    struct err *err) MUST_CHECK;

/* A condition on the booking's version: one of these (If-Match). */
#define EXPECTED_VERSIONS_MAX 16
struct expected_versions {
	unsigned versions[EXPECTED_VERSIONS_MAX];
	size_t count; /* 0: no version fits */
};

/* Who changes which booking, and on what condition. */
struct booking_change {
	const char *id_or_reference;
	const struct caller *caller; /* NULL: the system itself */
	const char *reason;	     /* for the history; NULL: none */
	const char *comments;	     /* NULL: none */
	const struct expected_versions *expected; /* NULL: any */
	/* Further work in the change's transaction (an inbox row), done also
	 * when there is nothing to change; NULL: none. May run several times.
	 */
	int (*in_transaction)(struct db *db, void *context, struct err *err);
	void *context;
};

/*
 * The changes of a booking. Each loads it, checks permission
 * (BOOKING_NOT_FOUND, FORBIDDEN), the condition (PRECONDITION_FAILED) and the
 * lifecycle, writes the change and its event in one transaction that a
 * concurrent change makes start anew, and publishes after the commit. *booking
 * is the booking as it is afterwards.
 */

/* CANNOT_CANCEL_BOOKING when cancelled before, after departure and, for
 * customers, within the cut-off. Frees the seats. */
int booking_cancel(struct booking_service *service,
    const struct request_context *ctx, const struct booking_change *change,
    struct booking **booking, struct err *err) MUST_CHECK;
/* CANNOT_CONFIRM_BOOKING when cancelled; confirming again changes nothing. */
int booking_confirm(struct booking_service *service,
    const struct request_context *ctx, const struct booking_change *change,
    struct booking **booking, struct err *err) MUST_CHECK;
/* Writes those fields of `fields` that are not NULL to the passenger:
 * PASSENGER_NOT_FOUND, BOOKING_NOT_MODIFIABLE unless CREATED. *edited is the
 * passenger afterwards. */
int booking_edit_passenger(struct booking_service *service,
    const struct request_context *ctx, const struct booking_change *change,
    const char *passenger_id, const struct passenger *fields,
    struct booking **booking, struct passenger **edited,
    struct err *err) MUST_CHECK;
/* Prolongs the hold of an unpaid booking: BOOKING_NOT_MODIFIABLE unless it is
 * CREATED, its time has not run out, and the longest hold is not reached. */
int booking_extend(struct booking_service *service,
    const struct request_context *ctx, const struct booking_change *change,
    struct booking **booking, struct err *err) MUST_CHECK;
/* Notes that a payment came for a booking that is cancelled, and asks for its
 * refund; the state does not change. */
int booking_require_refund(struct booking_service *service,
    const struct request_context *ctx, const struct booking_change *change,
    const char *payment_id, int64_t amount_cents, struct booking **booking,
    struct err *err) MUST_CHECK;

#endif
