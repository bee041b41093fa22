/*
 * The changes of a booking: cancelling, confirming, editing a passenger.
 */
#ifndef CONTROLLER_CHANGE_CONTROLLER_H
#define CONTROLLER_CHANGE_CONTROLLER_H

#include "controller/call.h"

extern const struct action BOOKING_CANCEL;
extern const struct action BOOKING_CONFIRM;
extern const struct action BOOKING_EXTEND;
extern const struct action PASSENGER_EDIT;

#endif
