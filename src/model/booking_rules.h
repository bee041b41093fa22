/*
 * The rules that the operator sets (contract section 6). 0 turns a rule off.
 */
#ifndef MODEL_BOOKING_RULES_H
#define MODEL_BOOKING_RULES_H

#include "core/base.h"

struct booking_rules {
	int64_t duplicate_window_s;
	int64_t cancel_cutoff_hours;
	int64_t hold_minutes;
	int64_t hold_max_minutes;
	int64_t max_open_holds;
};

/* An Idempotency-Key is remembered this long (contract section 2). */
#define IDEMPOTENCY_KEY_MS (24LL * 60 * 60 * 1000)

#endif
