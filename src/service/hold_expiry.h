/*
 * Holds that have run out: cancelled by the sweep, and sooner when somebody
 * else asks for their seats (contract section 4).
 */
#ifndef SERVICE_HOLD_EXPIRY_H
#define SERVICE_HOLD_EXPIRY_H

#include "repository/hold_repo.h"
#include "service/booking_service.h"

#define HOLD_EXPIRED_REASON "hold_expired"

/* Cancels each hold that is still as it was seen; one that was paid, extended
 * or cancelled meanwhile is left alone. *expired counts the cancelled ones. */
int hold_expire(struct booking_service *service,
    const struct request_context *ctx, const struct booking_versions *holds,
    size_t *expired, struct err *err) MUST_CHECK;

/* Frees seats of the flight for a booking that found too few: those of the
 * holds that have the wished seats, else those of some other holds. *expired 0:
 * none has run out. */
int hold_reclaim(struct booking_service *service,
    const struct request_context *ctx, const char *flight_id,
    const struct seat_wishes *wishes, size_t *expired,
    struct err *err) MUST_CHECK;

#endif
