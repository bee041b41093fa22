#include "model/booking_errors.h"
#include "model/booking_state.h"
#include "service/booking_change.h"

#define HOUR_MS (60 * 60 * 1000LL)

static int
cannot(struct err *err, const char *why)
{
	return err_set_public(
	    err, &CANNOT_CANCEL_BOOKING, "Cannot cancel booking. %s", why);
}

/* Departure binds callers, and the cut-off all but admins; the system has
 * reasons of its own. */
static int
check_time(const struct change_work *work, struct err *err)
{
	const struct caller *caller = work->change->caller;
	int64_t hours = work->service->rules->cancel_cutoff_hours;
	int64_t left_ms = work->before->departure_ms - work->now_ms;

	if (caller == NULL)
		return 0;
	if (left_ms <= 0)
		return cannot(err, "The flight has departed");
	if (caller->role != ROLE_ADMIN && left_ms < hours * HOUR_MS)
		return err_set_public(err, &CANNOT_CANCEL_BOOKING,
		    "Cannot cancel booking. Departure time is within %lld "
		    "hours",
		    (long long)hours);
	return 0;
}

static int
plan(struct change_work *work, struct err *err)
{
	const struct booking_edge *edge =
	    booking_edge(work->before->status, BOOKING_CANCELLED);

	if (edge == NULL)
		return cannot(err, "It is cancelled already");
	if (check_time(work, err) != 0)
		return -1;
	work->changed->status = edge->to;
	work->changed->cancelled_at_ms = work->now_ms;
	work->changed->cancellation_reason = work->change->reason;
	work->changed->expires_at_ms = -1;
	work->event_type = edge->event;
	work->facts.refund_cents = work->before->total_cents;
	work->releases_seats = true;
	return 0;
}

int
booking_cancel(struct booking_service *service,
    const struct request_context *ctx, const struct booking_change *change,
    struct booking **booking, struct err *err)
{
	struct change_work work = {
		.service = service,
		.ctx = ctx,
		.change = change,
		.action = ACTION_CHANGE,
		.plan = plan,
	};

	if (booking_change_run(&work, err) != 0)
		return -1;
	*booking = work.changed;
	return 0;
}
