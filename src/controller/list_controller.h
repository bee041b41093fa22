/*
 * The lists of bookings: one user's, and all.
 */
#ifndef CONTROLLER_LIST_CONTROLLER_H
#define CONTROLLER_LIST_CONTROLLER_H

#include "controller/call.h"

extern const struct action LIST_USER;
extern const struct action LIST_ALL;

#endif
