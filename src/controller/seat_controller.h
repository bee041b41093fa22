/*
 * The seats of a flight.
 */
#ifndef CONTROLLER_SEAT_CONTROLLER_H
#define CONTROLLER_SEAT_CONTROLLER_H

#include "controller/call.h"

extern const struct action SEAT_LIST;

#endif
