/*
 * Counters, gauges and latency histograms in shared memory, one row per
 * worker (no contention), summed when printed. Every access is atomic, none
 * waits.
 */
#ifndef METRICS_METRICS_H
#define METRICS_METRICS_H

#include "core/buf.h"

enum metric_type { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM };

/* One family. `series` are label sets as they are printed
 * (`route="booking.create",status="2xx"`); NULL: one series without labels. */
struct metric_def {
	const char *name; /* of a counter with "_total" */
	enum metric_type type;
	const char *help;
	const char *const *series;
	size_t series_count; /* at least 1 */
};

struct metrics;

/* Maps shared memory for rows x defs; before the fork. defs are lent. NULL
 * when the kernel refuses. */
struct metrics *metrics_create(
    const struct metric_def defs[], size_t count, unsigned rows);
void metrics_free(struct metrics *metrics);
/* The row that this process writes, 0 until then. What the row's last process
 * counted stays; its gauges end with it. */
void metrics_use_row(struct metrics *metrics, unsigned row);
/* All accept metrics NULL and then do nothing. */
void metrics_add(
    struct metrics *metrics, size_t def, size_t series, int64_t delta);
void metrics_set(
    struct metrics *metrics, size_t def, size_t series, int64_t value);
/* Seconds buckets 1 ms to 10 s, roughly doubling. */
void metrics_observe_us(
    struct metrics *metrics, size_t def, size_t series, int64_t us);
/* Over all rows; of a histogram, how many were observed. */
int64_t metrics_sum(const struct metrics *metrics, size_t def, size_t series);
/* All families in the Prometheus text form (0.0.4), or in OpenMetrics 1.0
 * without the "# EOF" at its end: the two differ in a counter's head alone. */
void metrics_print(const struct metrics *metrics, struct buf *out);
void metrics_print_open(const struct metrics *metrics, struct buf *out);

#endif
