/*
 * The metrics of the service, one row each.
 */
#ifndef APP_METRIC_NAMES_H
#define APP_METRIC_NAMES_H

#include "metrics/metrics.h"

enum metric {
	METRIC_REQUESTS,	/* series: metric_route_series */
	METRIC_REQUEST_SECONDS, /* series: the route */
	METRIC_ERRORS,		/* series: the place in BOOKING_ERRORS */
	METRIC_DB_RETRIES,
	METRIC_EVENTS_CONFIRMED,
	METRIC_EVENTS_DEFERRED,
	METRIC__COUNT
};

/* The rows, made once per process before the fork. */
const struct metric_def *metric_rows(void);
/* The series of an answer: its route's place (ROUTE_COUNT: none) and status. */
size_t metric_route_series(size_t route, int status);

#endif
