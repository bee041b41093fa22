/*
 * Flights: flight.cancelled cancels all bookings of a flight (contract
 * section 4), each in a transaction of its own, however many there are; and
 * again those that were made while workers still remembered the flight as it
 * was (event_source.again_ms).
 */
#ifndef EVENTS_FLIGHT_EVENTS_H
#define EVENTS_FLIGHT_EVENTS_H

#include "events/consumer.h"
#include "service/booking_service.h"

struct flight_events {
	struct booking_service *service;
	/* Told after every booking, so that long work does not look like
	 * standing still; NULL: nobody. */
	void (*alive)(void *context);
	void *alive_context;
};

/* For struct consumer; context is a struct flight_events. A message that comes
 * again goes on where the first left off. */
int flight_events_handle(void *context, const struct request_context *ctx,
    struct message *message, struct err *err) MUST_CHECK;

#endif
