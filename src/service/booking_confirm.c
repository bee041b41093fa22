#include "model/booking_errors.h"
#include "model/booking_state.h"
#include "service/booking_change.h"

static int
plan(struct change_work *work, struct err *err)
{
	const struct booking_edge *edge =
	    booking_edge(work->before->status, BOOKING_CONFIRMED);

	if (work->before->status == BOOKING_CONFIRMED) {
		work->nothing = true;
		return 0;
	}
	if (edge == NULL)
		return err_set_public(err, &CANNOT_CONFIRM_BOOKING,
		    "Cannot confirm booking. It is cancelled");
	work->changed->status = edge->to;
	work->changed->confirmed_at_ms = work->now_ms;
	work->changed->expires_at_ms = -1;
	work->event_type = edge->event;
	return 0;
}

int
booking_confirm(struct booking_service *service,
    const struct request_context *ctx, const struct booking_change *change,
    struct booking **booking, struct err *err)
{
	struct change_work work = {
		.service = service,
		.ctx = ctx,
		.change = change,
		.action = ACTION_CONFIRM,
		.plan = plan,
	};

	/* The role that this needs is checked before existence. */
	if (change->caller != NULL &&
	    authorize_role(change->caller, ACTION_CONFIRM, err) != 0)
		return -1;
	if (booking_change_run(&work, err) != 0)
		return -1;
	*booking = work.changed;
	return 0;
}
