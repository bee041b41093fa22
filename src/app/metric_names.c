#include "app/metric_names.h"

#include <stdio.h>
#include <stdlib.h>

#include "app/routes.h"

#define STATUS_CLASSES	  5
#define SERIES_TEXT_BYTES 80

static struct metric_def rows[METRIC__COUNT];

static const char *
route_name(size_t route)
{
	return route < ROUTE_COUNT ? ROUTES[route].name : "none";
}

/* `per_route` label sets for each route and for requests without one. */
static int
name_series(enum metric metric, size_t per_route)
{
	size_t count = (ROUTE_COUNT + 1) * per_route;
	const char **names = calloc(count, sizeof(*names));
	char *text = calloc(count, SERIES_TEXT_BYTES);

	if (names == NULL || text == NULL)
		return -1;
	for (size_t i = 0; i < count; i++) {
		names[i] = text + i * SERIES_TEXT_BYTES;
		if (per_route == 1)
			snprintf(text + i * SERIES_TEXT_BYTES,
			    SERIES_TEXT_BYTES, "route=\"%s\"", route_name(i));
		else
			snprintf(text + i * SERIES_TEXT_BYTES,
			    SERIES_TEXT_BYTES, "route=\"%s\",status=\"%zuxx\"",
			    route_name(i / per_route), i % per_route + 1);
	}
	rows[metric].series = names;
	rows[metric].series_count = count;
	return 0;
}

const struct metric_def *
metric_rows(void)
{
	rows[METRIC_REQUESTS] = (struct metric_def){
		.name = "booking_requests_total",
		.type = METRIC_COUNTER,
		.help = "Answers by route and class of status.",
	};
	rows[METRIC_REQUEST_SECONDS] = (struct metric_def){
		.name = "booking_request_seconds",
		.type = METRIC_HISTOGRAM,
		.help = "Time from the request's arrival at the worker to its "
			"answer.",
	};
	rows[METRIC_EVENTS_DEFERRED] = (struct metric_def){
		.name = "booking_events_deferred_total",
		.type = METRIC_COUNTER,
		.help = "Events that the request left to the relay.",
		.series_count = 1,
	};
	if (name_series(METRIC_REQUESTS, STATUS_CLASSES) != 0 ||
	    name_series(METRIC_REQUEST_SECONDS, 1) != 0)
		return NULL;
	return rows;
}

size_t
metric_route_series(size_t route, int status)
{
	return route * STATUS_CLASSES + (size_t)(status / 100 - 1);
}
