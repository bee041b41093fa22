#include "prefork/queue_clock.h"

#define STEPS_PER_LIMIT 50
#define LEAST_STEP_MS	2
#define MOST_STEP_MS	100
#define IDLE_STEP_MS	1000 /* without a limit: for the status alone */

void
queue_clock_init(struct queue_clock *clock, int64_t limit_ms)
{
	int64_t each_ms = limit_ms / STEPS_PER_LIMIT;

	if (limit_ms <= 0)
		each_ms = IDLE_STEP_MS;
	else if (each_ms < LEAST_STEP_MS)
		each_ms = LEAST_STEP_MS;
	else if (each_ms > MOST_STEP_MS)
		each_ms = MOST_STEP_MS;
	clock->each_ms = each_ms;
}

uint32_t
queue_clock_accepted(struct queue_clock *clock)
{
	return atomic_fetch_add(&clock->accepted, 1) + 1;
}

bool
queue_clock_due(struct queue_clock *clock, int64_t now_ms)
{
	int64_t due_ms = clock->due_ms;

	return now_ms >= due_ms &&
	       atomic_compare_exchange_strong(
		   &clock->due_ms, &due_ms, now_ms + clock->each_ms);
}

uint32_t
queue_clock_begin(const struct queue_clock *clock)
{
	return clock->accepted;
}

/* --- samples ------------------------------------------------------------ */

/* Both halves wrap around; they are compared by their distance. */
static uint64_t
pack(int64_t now_ms, uint32_t arrived)
{
	return (uint64_t)(uint32_t)now_ms << 32 | arrived;
}

static uint32_t
arrived_of(uint64_t sample)
{
	return (uint32_t)sample;
}

static uint32_t
age_of(uint64_t sample, int64_t now_ms)
{
	return (uint32_t)now_ms - (uint32_t)(sample >> 32);
}

static bool
reaches(uint32_t arrived, uint32_t number)
{
	return (int32_t)(arrived - number) >= 0;
}

void
queue_clock_sample(struct queue_clock *clock, int64_t now_ms, uint32_t begun,
    const struct queue_depth *depth)
{
	uint32_t at = atomic_fetch_add(&clock->taken, 1) % QUEUE_SAMPLES;
	uint32_t deepest = clock->deepest;

	clock->samples[at] = pack(now_ms, begun + depth->waiting);
	clock->depth = depth->waiting;
	clock->room = depth->room;
	while (depth->waiting > deepest &&
	       !atomic_compare_exchange_weak(
		   &clock->deepest, &deepest, depth->waiting))
		continue;
}

/*
 * From the newest sample backwards, as long as they show the number. The count
 * of arrivals never falls: an older sample that shows more than a newer one was
 * too high, because others took connections in between, so the newer one, which
 * does not show the number, ends the search.
 */
int64_t
queue_clock_age_ms(
    const struct queue_clock *clock, uint32_t number, int64_t now_ms)
{
	uint32_t taken = clock->taken;
	uint32_t count = taken < QUEUE_SAMPLES ? taken : QUEUE_SAMPLES;
	uint32_t age_ms = 0;

	for (uint32_t back = 1; back <= count; back++) {
		uint64_t sample =
		    clock->samples[(taken - back) % QUEUE_SAMPLES];
		uint32_t sample_age_ms = age_of(sample, now_ms);

		if (!reaches(arrived_of(sample), number))
			break;
		/* One that is being written over is from the future. */
		if (sample_age_ms > age_ms && (int32_t)sample_age_ms > 0)
			age_ms = sample_age_ms;
	}
	return age_ms;
}
