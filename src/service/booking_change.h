/*
 * The one way in which a booking changes, shared by cancelling, confirming,
 * editing and refunding. Internal to the services.
 */
#ifndef SERVICE_BOOKING_CHANGE_H
#define SERVICE_BOOKING_CHANGE_H

#include "service/authorization.h"
#include "service/booking_service.h"

struct change_work {
	struct booking_service *service;
	const struct request_context *ctx;
	const struct booking_change *change;
	enum booking_action action;
	/* Decides, on the booking as it is now, what becomes of it: sets
	 * `changed`, `event_type` and what else applies, or `nothing`. */
	int (*plan)(struct change_work *work, struct err *err);

	/* What the planner looks at and fills in. */
	int64_t now_ms;
	struct booking *before;
	struct booking *changed; /* a copy of `before` to begin with */
	bool nothing;		 /* there is nothing to change */
	enum event_type event_type;
	struct event_facts facts;
	bool releases_seats;
	const struct passenger *edited;

	/* What one kind of change brings along. */
	const char *passenger_id;
	const struct passenger *fields;
	const char *payment_id;
	int64_t amount_cents;

	struct booking_event event;
	bool may_send;
};

/* Runs the change; work->changed is the booking afterwards. */
int booking_change_run(struct change_work *work, struct err *err) MUST_CHECK;

#endif
