/*
 * What happened to a booking (contract section 2).
 */
#ifndef SERVICE_BOOKING_HISTORY_H
#define SERVICE_BOOKING_HISTORY_H

#include "service/booking_service.h"

/* The booking's events, oldest first, for its owner and admins:
 * BOOKING_NOT_FOUND, FORBIDDEN. */
int booking_history(struct booking_service *service,
    const struct request_context *ctx, const struct caller *caller,
    const char *id_or_reference, struct booking **booking,
    struct booking_event **events, size_t *count, struct err *err) MUST_CHECK;

#endif
