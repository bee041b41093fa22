#include "rest/breaker.h"

#include "core/clock.h"

void
breaker_init(struct breaker *breaker, unsigned threshold, int64_t open_ms,
    int64_t probe_ms)
{
	breaker->threshold = threshold;
	breaker->open_ms = open_ms;
	breaker->probe_ms = probe_ms;
	atomic_init(&breaker->failures, 0);
	atomic_init(&breaker->opened_at_ms, 0);
	atomic_init(&breaker->probe_until_ms, 0);
	atomic_init(&breaker->opened_count, 0);
	atomic_init(&breaker->refused_count, 0);
}

static enum breaker_state
state_at(const struct breaker *breaker, int64_t now_ms)
{
	int64_t opened_at_ms = atomic_load(&breaker->opened_at_ms);

	if (opened_at_ms == 0)
		return BREAKER_CLOSED;
	return now_ms - opened_at_ms < breaker->open_ms ? BREAKER_OPEN
							: BREAKER_HALF_OPEN;
}

enum breaker_state
breaker_state(const struct breaker *breaker)
{
	return state_at(breaker, clock_monotonic_ms());
}

/* One caller wins the place; it is free again when its time has passed. */
static bool
take_probe(struct breaker *breaker, int64_t now_ms)
{
	int64_t until_ms = atomic_load(&breaker->probe_until_ms);

	return until_ms <= now_ms &&
	       atomic_compare_exchange_strong(&breaker->probe_until_ms,
		   &until_ms, now_ms + breaker->probe_ms);
}

bool
breaker_allow(struct breaker *breaker)
{
	int64_t now_ms = clock_monotonic_ms();
	enum breaker_state state = state_at(breaker, now_ms);

	if (state == BREAKER_CLOSED ||
	    (state == BREAKER_HALF_OPEN && take_probe(breaker, now_ms)))
		return true;
	atomic_fetch_add(&breaker->refused_count, 1);
	return false;
}

/* The order matters: whoever sees "closed" must see no old failures. */
static void
close_circuit(struct breaker *breaker)
{
	atomic_store(&breaker->failures, 0);
	atomic_store(&breaker->probe_until_ms, 0);
	atomic_store(&breaker->opened_at_ms, 0);
}

/* Of several that see the last failure at once, one opens. */
static void
open_circuit(struct breaker *breaker, int64_t seen_ms, int64_t now_ms)
{
	if (!atomic_compare_exchange_strong(
		&breaker->opened_at_ms, &seen_ms, now_ms))
		return;
	atomic_store(&breaker->probe_until_ms, 0);
	atomic_fetch_add(&breaker->opened_count, 1);
}

void
breaker_report(struct breaker *breaker, bool success)
{
	int64_t now_ms = clock_monotonic_ms();
	int64_t opened_at_ms = atomic_load(&breaker->opened_at_ms);
	unsigned failures;

	if (success) {
		if (opened_at_ms || atomic_load(&breaker->failures))
			close_circuit(breaker);
		return;
	}
	if (opened_at_ms) {
		if (now_ms - opened_at_ms >= breaker->open_ms)
			open_circuit(breaker, opened_at_ms, now_ms);
		return;
	}
	failures = atomic_fetch_add(&breaker->failures, 1) + 1;
	if (failures >= breaker->threshold && breaker->threshold > 0)
		open_circuit(breaker, 0, now_ms);
}
