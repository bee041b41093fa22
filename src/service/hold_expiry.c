#include "service/hold_expiry.h"

#include "model/booking_errors.h"

#define RECLAIMED_AT_ONCE 10

/* Whether the hold only was not what it had been. */
static bool
has_changed(const struct err *err)
{
	return err_is(err, &PRECONDITION_FAILED) ||
	       err_is(err, &CANNOT_CANCEL_BOOKING) ||
	       err_is(err, &BOOKING_NOT_FOUND);
}

int
hold_expire(struct booking_service *service, const struct request_context *ctx,
    const struct booking_versions *holds, size_t *expired, struct err *err)
{
	*expired = 0;
	for (size_t i = 0; i < holds->count; i++) {
		char id[UUID_TEXT_SIZE];
		const struct expected_versions seen = {
			.versions = { holds->items[i].version },
			.count = 1,
		};
		const struct booking_change change = {
			.id_or_reference = uuid_format(&holds->items[i].id, id),
			.reason = HOLD_EXPIRED_REASON,
			.expected = &seen,
		};
		struct booking *booking;

		if (booking_cancel(service, ctx, &change, &booking, err) == 0)
			(*expired)++;
		else if (!has_changed(err))
			return -1;
		else
			err_clear(err);
	}
	return 0;
}

int
hold_reclaim(struct booking_service *service, const struct request_context *ctx,
    const char *flight_id, const struct seat_wishes *wishes, size_t *expired,
    struct err *err)
{
	int64_t now_ms = clock_wall_ms();
	struct booking_versions holds = { 0 };

	if (wishes->preference_count > 0 &&
	    hold_repo_expired_at(service->db, ctx->arena, flight_id,
		wishes->preferences, wishes->preference_count, now_ms, &holds,
		err) != 0)
		return -1;
	if (holds.count == 0 &&
	    hold_repo_expired_on(service->db, ctx->arena, flight_id, now_ms,
		RECLAIMED_AT_ONCE, &holds, err) != 0)
		return -1;
	return hold_expire(service, ctx, &holds, expired, err);
}
