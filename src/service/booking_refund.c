#include "service/booking_change.h"

static int
plan(struct change_work *work, struct err *err)
{
	(void)err;
	work->nothing = work->before->status != BOOKING_CANCELLED;
	work->event_type = EVENT_REFUND_REQUIRED;
	work->facts.refund_cents = work->amount_cents;
	work->facts.payment_id = work->payment_id;
	return 0;
}

int
booking_require_refund(struct booking_service *service,
    const struct request_context *ctx, const struct booking_change *change,
    const char *payment_id, int64_t amount_cents, struct booking **booking,
    struct err *err)
{
	struct change_work work = {
		.service = service,
		.ctx = ctx,
		.change = change,
		.action = ACTION_CHANGE,
		.plan = plan,
		.payment_id = payment_id,
		.amount_cents = amount_cents,
	};

	if (booking_change_run(&work, err) != 0)
		return -1;
	*booking = work.changed;
	return 0;
}
