/*
 * Finding a booking by the name that a caller gave. Internal to the services.
 */
#ifndef SERVICE_BOOKING_LOAD_H
#define SERVICE_BOOKING_LOAD_H

#include "service/booking_service.h"

/* Loads by UUID or reference; BOOKING_NOT_FOUND for any other text too. */
int booking_load(struct booking_service *service,
    const struct request_context *ctx, const char *id_or_reference,
    struct booking **booking, struct err *err) MUST_CHECK;

#endif
