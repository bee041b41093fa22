/*
 * The actions of /api/v1/bookings: HTTP in, HTTP out; the rules are in the
 * services.
 */
#ifndef CONTROLLER_BOOKING_CONTROLLER_H
#define CONTROLLER_BOOKING_CONTROLLER_H

#include "controller/call.h"

extern const struct action BOOKING_CREATE;
extern const struct action BOOKING_GET;
extern const struct action BOOKING_HISTORY;

#endif
