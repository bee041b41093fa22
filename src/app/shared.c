#include "app/shared.h"

#include <string.h>
#include <sys/mman.h>

#include "app/metric_names.h"
#include "core/clock.h"
#include "gateway/auth_gateway.h"
#include "gateway/flight_gateway.h"
#include "model/phase.h"
#include "service/booking_totals.h"

#define AUTH_CACHE_SLOTS   8192
#define FLIGHT_CACHE_SLOTS 4096
#define TOTALS_CACHE_SLOTS 8192
#define RATE_LIMITER_SLOTS 65536

static struct shared_breakers *
map_breakers(const struct settings *settings)
{
	struct shared_breakers *breakers = mmap(NULL, sizeof(*breakers),
	    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	unsigned failures = (unsigned)settings->breaker_failures;

	if (breakers == MAP_FAILED)
		return NULL;
	breaker_init(&breakers->auth, failures, settings->breaker_open_ms,
	    settings->auth_timeout_ms);
	breaker_init(&breakers->flight, failures, settings->breaker_open_ms,
	    settings->flight_timeout_ms);
	return breakers;
}

/* What depends on the settings. */
static int
make_tuned(struct shared *shared, const struct settings *settings)
{
	bool limited = settings->rate_limit_per_second > 0;

	shared->auth_cache =
	    shared_cache_create(AUTH_CACHE_SLOTS, AUTH_CACHE_VALUE_BYTES);
	shared->flight_cache =
	    shared_cache_create(FLIGHT_CACHE_SLOTS, FLIGHT_CACHE_VALUE_BYTES);
	shared->totals_cache =
	    shared_cache_create(TOTALS_CACHE_SLOTS, TOTALS_VALUE_BYTES);
	shared->breakers = map_breakers(settings);
	shared->rate_limiter = limited ? rate_limiter_create(RATE_LIMITER_SLOTS,
					     settings->rate_limit_per_second)
				       : NULL;
	return shared->auth_cache == NULL || shared->flight_cache == NULL ||
		       shared->totals_cache == NULL ||
		       shared->breakers == NULL ||
		       (limited && shared->rate_limiter == NULL)
		   ? -1
		   : 0;
}

static void
free_tuned(struct shared *shared)
{
	shared_cache_free(shared->auth_cache);
	shared_cache_free(shared->flight_cache);
	shared_cache_free(shared->totals_cache);
	if (shared->breakers != NULL)
		munmap(shared->breakers, sizeof(*shared->breakers));
	rate_limiter_free(shared->rate_limiter);
}

int
shared_create(
    struct shared *shared, const struct settings *settings, unsigned slots)
{
	const struct metric_def *rows = metric_rows();

	memset(shared, 0, sizeof(*shared));
	shared->started_ms = clock_wall_ms();
	shared->board = scoreboard_create(slots, PHASE_NAMES);
	shared->metrics = metrics_create(rows, METRIC__COUNT, slots);
	shared->seat_hints = seat_hints_create();
	shared->inventory = inventory_create();
	shared->published = published_board_create();
	if (make_tuned(shared, settings) != 0 || shared->board == NULL ||
	    shared->metrics == NULL || shared->seat_hints == NULL ||
	    shared->inventory == NULL || shared->published == NULL)
		return -1;
	return 0;
}

void
shared_free(struct shared *shared)
{
	free_tuned(shared);
	metrics_free(shared->metrics);
	scoreboard_free(shared->board);
}

int
shared_renew(struct shared *shared, const struct settings *settings)
{
	struct shared next = *shared;

	if (make_tuned(&next, settings) != 0) {
		free_tuned(&next);
		return -1;
	}
	free_tuned(shared);
	*shared = next;
	return 0;
}
