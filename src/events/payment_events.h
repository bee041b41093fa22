/*
 * Payments: payment.completed confirms a booking, payment.failed cancels it
 * (contract section 4).
 *
 * A payment for a booking that is cancelled, or whose hold has run out, never
 * revives it: its refund is asked for. One of another amount or currency than
 * the booking's is refused.
 */
#ifndef EVENTS_PAYMENT_EVENTS_H
#define EVENTS_PAYMENT_EVENTS_H

#include "events/consumer.h"
#include "service/booking_service.h"

/* For struct consumer; context is the booking service. */
int payment_events_handle(void *context, const struct request_context *ctx,
    struct message *message, struct err *err) MUST_CHECK;

#endif
