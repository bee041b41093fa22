#include <stdio.h>

#include "core/clock.h"
#include "core/log.h"
#include "prefork/pool.h"

#define KILL_AFTER_MS 1000
#define FIXED_FIELDS  8

/* Microseconds in a phase so far. */
static int64_t
phase_spent_us(
    const struct scoreboard_slot *slot, unsigned phase, int64_t now_us)
{
	int64_t spent_us = slot->phase_us[phase];

	if (slot->phase == phase)
		spent_us += now_us - slot->phase_started_us;
	return spent_us;
}

static void
log_too_slow(const struct pool *pool, unsigned index, int64_t age_ms)
{
	const struct scoreboard_slot *slot = &pool->board->slot[index];
	const char *const *names = pool->board->phase_names;
	int64_t now_us = clock_monotonic_us();
	char keys[SCOREBOARD_PHASES][32];
	struct log_field fields[FIXED_FIELDS + SCOREBOARD_PHASES + 1] = {
		LOG_TEXT("pool", pool->options->name),
		LOG_NUM("worker", index),
		LOG_NUM("worker_pid", pool->children[index].pid),
		LOG_TEXT("request_id", slot->request_id),
		LOG_NUM("route", slot->route),
		LOG_TEXT("state", scoreboard_state_name(slot->state)),
		LOG_NUM("age_ms", age_ms),
	};
	struct log_field *phase = &fields[FIXED_FIELDS - 1];
	size_t n = FIXED_FIELDS;

	*phase = (struct log_field)LOG_TEXT("phase", "unknown");
	for (unsigned i = 0; i < SCOREBOARD_PHASES && names[i] != NULL; i++) {
		int64_t spent_us = phase_spent_us(slot, i, now_us);

		if (slot->phase == i)
			phase->text = names[i];
		if (spent_us == 0)
			continue;
		snprintf(keys[i], sizeof(keys[i]), "%s_ms", names[i]);
		fields[n++] = (struct log_field)LOG_MS(
		    keys[i], (double)spent_us / 1000.0);
	}
	fields[n] = (struct log_field){ .type = LOG_FIELD_END };
	log_write(LOG_ERROR, "request_too_slow", fields);
}

static void
end_slow(struct pool *pool, unsigned index, int64_t now_ms)
{
	int64_t started_us = pool->board->slot[index].request_started_us;
	int64_t age_ms = now_ms - started_us / 1000;
	struct child *child = &pool->children[index];

	if (started_us == 0 || age_ms <= pool->options->request_limit_ms)
		return;
	log_too_slow(pool, index, age_ms);
	kill(child->pid, SIGTERM);
	child->ended_ms = now_ms;
}

void
overdue_check(struct pool *pool, int64_t now_ms)
{
	if (pool->options->request_limit_ms <= 0)
		return;
	for (unsigned i = 0; i < pool->options->workers; i++) {
		struct child *child = &pool->children[i];

		if (child->pid == 0 || child->killed)
			continue;
		if (child->ended_ms == 0) {
			end_slow(pool, i, now_ms);
		} else if (now_ms >= child->ended_ms + KILL_AFTER_MS) {
			kill(child->pid, SIGKILL);
			child->killed = true;
		}
	}
}

int64_t
overdue_wait_ms(const struct pool *pool, int64_t now_ms)
{
	int64_t wait_ms = -1;

	for (unsigned i = 0; i < pool->options->workers; i++) {
		const struct child *child = &pool->children[i];
		int64_t left_ms = child->ended_ms + KILL_AFTER_MS - now_ms;

		if (child->ended_ms == 0 || child->killed)
			continue;
		if (left_ms < 0)
			left_ms = 0;
		if (wait_ms < 0 || left_ms < wait_ms)
			wait_ms = left_ms;
	}
	return wait_ms;
}
