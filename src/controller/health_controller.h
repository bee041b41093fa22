/*
 * Is the service alive, is it ready, what does it count.
 */
#ifndef CONTROLLER_HEALTH_CONTROLLER_H
#define CONTROLLER_HEALTH_CONTROLLER_H

#include "controller/call.h"

extern const struct action HEALTH_LIVE;
extern const struct action HEALTH_READY;
extern const struct action METRICS;

#endif
