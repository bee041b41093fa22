/*
 * The route table: the only place that knows URL patterns.
 */
#ifndef APP_ROUTES_H
#define APP_ROUTES_H

#include "http/router.h"

extern const struct route ROUTES[];
extern const size_t ROUTE_COUNT;

#endif
