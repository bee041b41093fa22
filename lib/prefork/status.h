/*
 * What a pool says of itself. The master answers HTTP/1.0 on its own socket,
 * however busy the workers are:
 *
 *   GET /ping  /status  /status.json  /metrics
 *   POST /scale?workers=N  /reload  /restart  /reopen  /drain
 *
 * The latter on a unix socket alone, and for root and the pool's own user
 * alone. /metrics speaks OpenMetrics to those who ask for it, the Prometheus
 * text form (0.0.4) to others.
 */
#ifndef PREFORK_STATUS_H
#define PREFORK_STATUS_H

#include "core/buf.h"
#include "prefork/scoreboard.h"

/* The pool's part of the metrics, which a worker can print as well. */
void status_print_metrics(
    const struct scoreboard *board, bool open_metrics, struct buf *out);

#endif
