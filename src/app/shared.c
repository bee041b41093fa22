#include "app/shared.h"

#include <string.h>
#include <sys/mman.h>

#include "app/metric_names.h"
#include "core/clock.h"
#include "gateway/auth_gateway.h"
#include "gateway/flight_gateway.h"
#include "model/phase.h"

#define AUTH_CACHE_SLOTS   8192
#define FLIGHT_CACHE_SLOTS 4096
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

int
shared_create(
    struct shared *shared, const struct settings *settings, unsigned workers)
{
	const struct metric_def *rows = metric_rows();

	memset(shared, 0, sizeof(*shared));
	shared->started_ms = clock_wall_ms();
	shared->board = scoreboard_create(workers, PHASE_NAMES);
	shared->metrics = metrics_create(rows, METRIC__COUNT, workers);
	shared->auth_cache =
	    shared_cache_create(AUTH_CACHE_SLOTS, AUTH_CACHE_VALUE_BYTES);
	shared->flight_cache =
	    shared_cache_create(FLIGHT_CACHE_SLOTS, FLIGHT_CACHE_VALUE_BYTES);
	shared->breakers = map_breakers(settings);
	if (settings->rate_limit_per_second > 0)
		shared->rate_limiter = rate_limiter_create(
		    RATE_LIMITER_SLOTS, settings->rate_limit_per_second);
	shared->seat_hints = seat_hints_create();
	if (shared->board == NULL || shared->metrics == NULL ||
	    shared->auth_cache == NULL || shared->flight_cache == NULL ||
	    shared->breakers == NULL || shared->seat_hints == NULL ||
	    (settings->rate_limit_per_second > 0 &&
		shared->rate_limiter == NULL))
		return -1;
	return 0;
}
