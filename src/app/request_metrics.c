#include "app/request_metrics.h"

#include "app/metric_names.h"
#include "db/transaction.h"
#include "model/booking_errors.h"

/* Counters of lower floors only grow; what they grew by since the last look is
 * this worker's to add. */
static void
add_growth(
    struct metrics *metrics, enum metric metric, uint64_t now, uint64_t *before)
{
	metrics_add(metrics, metric, 0, (int64_t)(now - *before));
	*before = now;
}

static void
count_error(struct metrics *metrics, const struct err *err)
{
	const struct err_def *def = booking_error_public(err->def);

	for (size_t i = 0; BOOKING_ERRORS[i] != NULL; i++)
		if (BOOKING_ERRORS[i] == def)
			metrics_add(metrics, METRIC_ERRORS, i, 1);
}

void
request_metrics_count(
    struct app *app, const struct http_response *response, int64_t us)
{
	struct metrics *metrics = app->shared->metrics;
	struct app_counted *counted = &app->counted;

	metrics_add(metrics, METRIC_REQUESTS,
	    metric_route_series(app->route, response->status), 1);
	metrics_observe_us(metrics, METRIC_REQUEST_SECONDS, app->route, us);
	if (response->status >= 400 && app->err.def != NULL)
		count_error(metrics, &app->err);
	add_growth(metrics, METRIC_DB_RETRIES, db_transaction_retries(),
	    &counted->retries);
	add_growth(metrics, METRIC_EVENTS_CONFIRMED, app->outbox.confirmed,
	    &counted->confirmed);
	add_growth(metrics, METRIC_EVENTS_DEFERRED, app->outbox.deferred,
	    &counted->deferred);
}
