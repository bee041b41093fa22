/*
 * What all workers of a pool share: made by the master before it forks.
 */
#ifndef APP_SHARED_H
#define APP_SHARED_H

#include "app/settings.h"
#include "cache/rate_limiter.h"
#include "cache/shared_cache.h"
#include "metrics/metrics.h"
#include "prefork/scoreboard.h"
#include "rest/breaker.h"
#include "service/inventory.h"
#include "service/published_board.h"
#include "service/seat_hints.h"

struct shared_breakers {
	struct breaker auth;
	struct breaker flight;
};

struct shared {
	struct scoreboard *board;
	struct metrics *metrics;
	struct shared_cache *auth_cache;
	struct shared_cache *flight_cache;
	struct shared_cache *totals_cache;
	struct shared_breakers *breakers;
	struct rate_limiter *rate_limiter; /* NULL: no limit */
	struct seat_hints *seat_hints;
	struct inventory *inventory;
	struct published_board *published;
	int64_t started_ms; /* wall time */
};

/* For up to `slots` workers at a time. 0, or -1 when the kernel gives no
 * memory. */
int shared_create(struct shared *shared, const struct settings *settings,
    unsigned slots) MUST_CHECK;
/* Gives back what was made, be it only in part. */
void shared_free(struct shared *shared);
/* New caches, breakers and limits for the workers to come, as the settings ask
 * for; those of now keep what they have. 0, or -1 and nothing changed. */
int shared_renew(
    struct shared *shared, const struct settings *settings) MUST_CHECK;

#endif
