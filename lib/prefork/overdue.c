#include "core/clock.h"
#include "prefork/phase_log.h"
#include "prefork/pool.h"

#define KILL_AFTER_MS 1000

static const char *
route_name(const struct pool *pool, int route)
{
	if (pool->options.route_name == NULL || route < 0)
		return NULL;
	return pool->options.route_name(route);
}

static void
log_too_slow(const struct pool *pool, unsigned index, int64_t age_ms)
{
	const struct scoreboard_slot *slot = &pool->board->slot[index];

	phase_log_write(LOG_ERROR, "request_too_slow",
	    LOG_FIELDS(LOG_TEXT("pool", pool->options.name),
		LOG_NUM("worker", index),
		LOG_NUM("worker_pid", pool->children[index].pid),
		LOG_TEXT("request_id", slot->request_id),
		LOG_TEXT("route", route_name(pool, slot->route)),
		LOG_TEXT("state", scoreboard_state_name(slot->state)),
		LOG_NUM("age_ms", age_ms)),
	    slot);
}

static void
end_slow(struct pool *pool, unsigned index, int64_t now_ms)
{
	int64_t started_us = pool->board->slot[index].request_started_us;
	int64_t age_ms = now_ms - started_us / 1000;
	struct child *child = &pool->children[index];

	if (started_us == 0 || age_ms <= pool->options.request_limit_ms)
		return;
	log_too_slow(pool, index, age_ms);
	children_dismiss(pool, index, END_OVERDUE);
	child->kill_at_ms = now_ms + KILL_AFTER_MS;
}

void
overdue_check(struct pool *pool, int64_t now_ms)
{
	for (unsigned i = 0; i < pool->board->slots; i++) {
		struct child *child = &pool->children[i];

		if (child->pid == 0 || child->killed)
			continue;
		if (pool->options.request_limit_ms > 0 &&
		    child->why != END_OVERDUE)
			end_slow(pool, i, now_ms);
		if (child->kill_at_ms != 0 && now_ms >= child->kill_at_ms) {
			kill(child->pid, SIGKILL);
			child->killed = true;
		}
	}
}

int64_t
overdue_wait_ms(const struct pool *pool, int64_t now_ms)
{
	int64_t wait_ms = -1;

	for (unsigned i = 0; i < pool->board->slots; i++) {
		const struct child *child = &pool->children[i];
		int64_t left_ms = child->kill_at_ms - now_ms;

		if (child->kill_at_ms == 0 || child->killed)
			continue;
		if (left_ms < 0)
			left_ms = 0;
		if (wait_ms < 0 || left_ms < wait_ms)
			wait_ms = left_ms;
	}
	return wait_ms;
}
