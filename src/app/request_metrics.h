/*
 * What each answered request adds to the metrics.
 */
#ifndef APP_REQUEST_METRICS_H
#define APP_REQUEST_METRICS_H

#include "app/app.h"

/* After the reply, us microseconds after the request's arrival. */
void request_metrics_count(
    struct app *app, const struct http_response *response, int64_t us);

#endif
