#include <inttypes.h>

#include "core/clock.h"
#include "prefork/status.h"

/* Families by their bare names: OpenMetrics names a counter without the
 * "_total" that its samples have, the older form with it. */
static void
print_counter_head(
    struct buf *out, bool open_metrics, const char *name, const char *help)
{
	const char *ending = open_metrics ? "" : "_total";

	buf_printf(out, "# HELP %s%s %s\n# TYPE %s%s counter\n", name, ending,
	    help, name, ending);
}

static void
print_counter(struct buf *out, bool open_metrics, const char *name,
    const char *help, uint64_t value)
{
	print_counter_head(out, open_metrics, name, help);
	buf_printf(out, "%s_total %" PRIu64 "\n", name, value);
}

static void
print_gauge(struct buf *out, const char *name, const char *help, uint64_t value)
{
	buf_printf(out, "# HELP %s %s\n# TYPE %s gauge\n%s %" PRIu64 "\n", name,
	    help, name, name, value);
}

static void
print_workers(const struct census *census, struct buf *out)
{
	buf_text(out, "# HELP pool_workers Workers by what they do.\n"
		      "# TYPE pool_workers gauge\n");
	for (int state = WORKER_EMPTY + 1; state < WORKER_STATE__COUNT; state++)
		buf_printf(out, "pool_workers{state=\"%s\"} %u\n",
		    scoreboard_state_name(state), census->by_state[state]);
}

static void
print_limits(const struct scoreboard *board, struct buf *out)
{
	const struct scoreboard_pool *pool = &board->pool;

	print_gauge(out, "pool_workers_wanted",
	    "Workers that there should be now.", pool->wanted);
	print_gauge(
	    out, "pool_workers_min", "The fewest workers.", pool->least);
	print_gauge(out, "pool_workers_max", "The most workers.", pool->most);
	print_gauge(out, "pool_spare_min",
	    "Fewer idle workers than this start more; 0 in static mode.",
	    pool->spare_min);
	print_gauge(out, "pool_spare_max",
	    "More idle workers than this end some; 0 in static mode.",
	    pool->spare_max);
	print_gauge(out, "pool_generation", "How often the pool was renewed.",
	    pool->generation);
}

static void
print_queue(const struct queue_clock *queue, struct buf *out)
{
	print_gauge(out, "pool_listen_queue",
	    "Connections that wait for a worker.", queue->depth);
	print_gauge(out, "pool_listen_queue_deepest",
	    "The most that ever waited.", queue->deepest);
	print_gauge(out, "pool_listen_queue_max", "Connections that may wait.",
	    queue->room);
}

static void
print_ends(const struct scoreboard *board, bool open_metrics, struct buf *out)
{
	print_counter_head(out, open_metrics, "pool_worker_ends",
	    "Workers that ended, by cause.");
	for (int end = 0; end < WORKER_END__COUNT; end++)
		buf_printf(out,
		    "pool_worker_ends_total{cause=\"%s\"} %" PRIu64 "\n",
		    scoreboard_end_name((enum worker_end)end),
		    board->pool.ends[end]);
}

void
status_print_metrics(
    const struct scoreboard *board, bool open_metrics, struct buf *out)
{
	const struct scoreboard_pool *pool = &board->pool;
	struct census census;

	scoreboard_count(board, &census);
	print_workers(&census, out);
	print_limits(board, out);
	print_queue(&board->queue, out);
	print_counter(out, open_metrics, "pool_requests", "Requests answered.",
	    census.requests);
	print_counter(out, open_metrics, "pool_shed",
	    "Requests refused because they had waited too long.", census.shed);
	print_counter(out, open_metrics, "pool_worker_starts",
	    "Workers started.", pool->starts);
	print_ends(board, open_metrics, out);
	print_counter(out, open_metrics, "pool_reloads",
	    "Reloads of the settings.", pool->reloads);
	print_counter(out, open_metrics, "pool_failed_reloads",
	    "Reloads that were refused.", pool->failed_reloads);
	print_gauge(out, "pool_uptime_seconds", "Age of the master.",
	    (uint64_t)(clock_monotonic_ms() - pool->started_ms) / 1000);
}
