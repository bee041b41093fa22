/*
 * Metrics that are read where they are, instead of counted by each worker:
 * caches, breakers, and the pool itself. In any process of the pool.
 */
#ifndef APP_LIVE_METRICS_H
#define APP_LIVE_METRICS_H

#include "app/shared.h"

/* The caches and breakers. */
void live_metrics_print(
    const struct shared *shared, bool open_metrics, struct buf *out);

#endif
