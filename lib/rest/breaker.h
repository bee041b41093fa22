/*
 * A circuit breaker in shared memory: all workers see one state per peer.
 *
 * closed -> open after `threshold` failures in a row -> after `open_ms` one
 * caller at a time may probe (half-open) -> closed on success, open again on
 * failure. A probe whose worker died frees its place after probe_ms.
 */
#ifndef REST_BREAKER_H
#define REST_BREAKER_H

#include <stdatomic.h>

#include "core/base.h"

enum breaker_state { BREAKER_CLOSED, BREAKER_OPEN, BREAKER_HALF_OPEN };

struct breaker {
	unsigned threshold;
	int64_t open_ms;
	int64_t probe_ms;
	_Atomic unsigned failures;
	_Atomic int64_t opened_at_ms; /* monotonic; 0 = closed */
	_Atomic int64_t probe_until_ms;
	_Atomic uint64_t opened_count;
	_Atomic uint64_t refused_count;
};

/* Initialises in place, before the fork. threshold 0 never opens. */
void breaker_init(struct breaker *breaker, unsigned threshold, int64_t open_ms,
    int64_t probe_ms);
/* True when a call may be made now; every true is followed by one report. */
bool breaker_allow(struct breaker *breaker);
void breaker_report(struct breaker *breaker, bool success);
enum breaker_state breaker_state(const struct breaker *breaker);

#endif
