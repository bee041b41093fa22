#include "model/booking_errors.h"
#include "service/booking_change.h"

#define MINUTE_MS     (60 * 1000LL)
#define REASON_EXTEND "hold_extended"

static int
cannot(struct err *err, const char *why)
{
	return err_set_public(
	    err, &BOOKING_NOT_MODIFIABLE, "Cannot extend the booking. %s", why);
}

/* As long as a new booking is held, from now on, but never longer in all than
 * the operator allows. */
static int64_t
longest_hold_ms(const struct change_work *work)
{
	const struct booking_rules *rules = work->service->rules;
	int64_t wanted_ms = work->now_ms + rules->hold_minutes * MINUTE_MS;
	int64_t limit_ms =
	    work->before->created_at_ms + rules->hold_max_minutes * MINUTE_MS;

	return wanted_ms < limit_ms ? wanted_ms : limit_ms;
}

static int
plan(struct change_work *work, struct err *err)
{
	const struct booking *before = work->before;
	int64_t until_ms = longest_hold_ms(work);

	if (before->status != BOOKING_CREATED)
		return err_set_public(err, &BOOKING_NOT_MODIFIABLE,
		    "Cannot extend the booking. It is %s",
		    booking_status_name(before->status));
	if (before->expires_at_ms < 0) {
		work->nothing = true;
		return 0;
	}
	if (before->expires_at_ms <= work->now_ms)
		return cannot(err, "Its time to pay has run out");
	if (until_ms <= before->expires_at_ms)
		return cannot(err, "It cannot be held any longer");
	work->changed->expires_at_ms = until_ms;
	work->event_type = EVENT_UPDATED;
	return 0;
}

int
booking_extend(struct booking_service *service,
    const struct request_context *ctx, const struct booking_change *change,
    struct booking **booking, struct err *err)
{
	struct booking_change extension = *change;
	struct change_work work = {
		.service = service,
		.ctx = ctx,
		.change = &extension,
		.action = ACTION_CHANGE,
		.plan = plan,
	};

	extension.reason = REASON_EXTEND;
	if (booking_change_run(&work, err) != 0)
		return -1;
	*booking = work.changed;
	return 0;
}
