#include "app/metric_names.h"

#include "app/routes.h"
#include "core/arena.h"
#include "model/booking_errors.h"

#define STATUS_CLASSES 5
#define SERIES_BYTES   65536

static struct metric_def rows[METRIC__COUNT];
static struct arena *labels; /* of the rows, for the life of the process */

static const char *
route_name(size_t route)
{
	return route < ROUTE_COUNT ? ROUTES[route].name : "none";
}

/* `per_route` label sets for each route and for requests without one. They
 * live as long as the process, like the arena that is never freed. */
static void
name_series(struct arena *arena, enum metric metric, size_t per_route)
{
	size_t count = (ROUTE_COUNT + 1) * per_route;
	const char **names = arena_array(arena, count, sizeof(*names));

	for (size_t i = 0; i < count; i++) {
		const char *route = route_name(i / per_route);

		if (per_route == 1)
			names[i] = arena_printf(arena, "route=\"%s\"", route);
		else
			names[i] =
			    arena_printf(arena, "route=\"%s\",status=\"%zuxx\"",
				route, i % per_route + 1);
	}
	rows[metric].series = names;
	rows[metric].series_count = count;
}

static void
name_errors(struct arena *arena)
{
	size_t count = 0;
	const char **names;

	while (BOOKING_ERRORS[count] != NULL)
		count++;
	names = arena_array(arena, count, sizeof(*names));
	for (size_t i = 0; i < count; i++)
		names[i] =
		    arena_printf(arena, "code=\"%s\"", BOOKING_ERRORS[i]->code);
	rows[METRIC_ERRORS].series = names;
	rows[METRIC_ERRORS].series_count = count;
}

const struct metric_def *
metric_rows(void)
{
	labels = arena_create(SERIES_BYTES);
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
	rows[METRIC_ERRORS] = (struct metric_def){
		.name = "booking_errors_total",
		.type = METRIC_COUNTER,
		.help = "Refused and failed requests by error code.",
	};
	rows[METRIC_DB_RETRIES] = (struct metric_def){
		.name = "booking_db_retries_total",
		.type = METRIC_COUNTER,
		.help = "Transactions that were run again after a conflict.",
		.series_count = 1,
	};
	rows[METRIC_EVENTS_CONFIRMED] = (struct metric_def){
		.name = "booking_events_confirmed_total",
		.type = METRIC_COUNTER,
		.help = "Events that the broker confirmed before the reply.",
		.series_count = 1,
	};
	rows[METRIC_EVENTS_DEFERRED] = (struct metric_def){
		.name = "booking_events_deferred_total",
		.type = METRIC_COUNTER,
		.help = "Events that the request left to the relay.",
		.series_count = 1,
	};
	name_errors(labels);
	name_series(labels, METRIC_REQUESTS, STATUS_CLASSES);
	name_series(labels, METRIC_REQUEST_SECONDS, 1);
	return rows;
}

size_t
metric_route_series(size_t route, int status)
{
	return route * STATUS_CLASSES + (size_t)(status / 100 - 1);
}
