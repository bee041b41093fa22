#include "app/live_metrics.h"

#include <inttypes.h>

/* A counter's family is named without its "_total" in OpenMetrics. */
static void
print_counter_head(
    struct buf *out, bool open_metrics, const char *name, const char *help)
{
	const char *ending = open_metrics ? "" : "_total";

	buf_printf(out, "# HELP %s%s %s\n# TYPE %s%s counter\n", name, ending,
	    help, name, ending);
}

static void
print_caches(const struct shared *shared, bool open_metrics, struct buf *out)
{
	static const char *const names[] = { "auth", "flight", "totals" };
	const struct shared_cache_counts counts[] = {
		shared_cache_counts(shared->auth_cache),
		shared_cache_counts(shared->flight_cache),
		shared_cache_counts(shared->totals_cache),
	};

	print_counter_head(out, open_metrics, "booking_cache_lookups",
	    "Looks into the shared caches.");
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		buf_printf(out,
		    "booking_cache_lookups_total{cache=\"%s\",found=\"yes\"} "
		    "%" PRIu64 "\n"
		    "booking_cache_lookups_total{cache=\"%s\",found=\"no\"} "
		    "%" PRIu64 "\n",
		    names[i], counts[i].hits, names[i], counts[i].misses);
	print_counter_head(out, open_metrics, "booking_cache_evictions",
	    "Live entries that gave way to others.");
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		buf_printf(out,
		    "booking_cache_evictions_total{cache=\"%s\"} %" PRIu64 "\n",
		    names[i], counts[i].evictions);
}

static void
print_breakers(const struct shared *shared, bool open_metrics, struct buf *out)
{
	static const char *const names[] = { "auth", "flight" };
	const struct breaker *breakers[] = { &shared->breakers->auth,
		&shared->breakers->flight };

	buf_text(out,
	    "# HELP booking_breaker_state 0 closed, 1 open, 2 half open.\n"
	    "# TYPE booking_breaker_state gauge\n");
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		buf_printf(out, "booking_breaker_state{service=\"%s\"} %d\n",
		    names[i], (int)breaker_state(breakers[i]));
	print_counter_head(out, open_metrics, "booking_breaker_opened",
	    "How often a service was left alone.");
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		buf_printf(out,
		    "booking_breaker_opened_total{service=\"%s\"} %" PRIu64
		    "\n",
		    names[i], breakers[i]->opened_count);
	print_counter_head(out, open_metrics, "booking_breaker_refused",
	    "Calls that were not made because of that.");
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		buf_printf(out,
		    "booking_breaker_refused_total{service=\"%s\"} %" PRIu64
		    "\n",
		    names[i], breakers[i]->refused_count);
}

void
live_metrics_print(
    const struct shared *shared, bool open_metrics, struct buf *out)
{
	print_caches(shared, open_metrics, out);
	print_breakers(shared, open_metrics, out);
}
