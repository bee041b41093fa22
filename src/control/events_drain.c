/*
 * bookingctl events drain and watch: the backlog as it shrinks, with a helping
 * hand or without.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "control/events.h"
#include "control/progress.h"
#include "core/text.h"

#define MOST_SECONDS   86400
#define DRAIN_SECONDS  600
#define LOOK_EVERY_MS  500
#define WATCH_EVERY_MS 1000

static volatile sig_atomic_t interrupted;

static void
on_signal(int signal)
{
	(void)signal;
	interrupted = 1;
}

void
events_catch_signals(void)
{
	const struct sigaction action = { .sa_handler = on_signal };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

bool
events_interrupted(void)
{
	return interrupted != 0;
}

int
events_seconds(
    const struct events_desk *desk, int64_t *seconds, struct err *err)
{
	if (desk->argc == 0)
		return 0;
	if (desk->argc == 2 && strcmp(desk->argv[0], "--seconds") == 0 &&
	    text_parse_int(desk->argv[1], 1, MOST_SECONDS, seconds) == 0)
		return 0;
	return err_set(err, &ERR_INVALID, "unknown arguments");
}

static void
sleep_ms(int64_t ms)
{
	const struct timespec pause = { .tv_sec = ms / 1000,
		.tv_nsec = (ms % 1000) * 1000000 };

	nanosleep(&pause, NULL);
}

static int
look(struct events_desk *desk, struct outbox_figures *figures, struct err *err)
{
	arena_reset(desk->arena);
	return outbox_repo_figures(desk->db, desk->arena,
	    desk->background.relay.max_attempts, figures, err);
}

/* What came after we began is not ours to wait for. */
static bool
is_drained(const struct outbox_figures *figures, int64_t began_ms)
{
	return figures->unsent <= figures->dead ||
	       (figures->dead == 0 && figures->oldest_ms >= began_ms);
}

/* --- drain -------------------------------------------------------------------
 */

/* A relay like any other: takes its share of the shards, and leaves. */
static int
relay_until_drained(struct events_desk *desk, struct relay *relay,
    int64_t seconds, struct progress *progress, struct err *err)
{
	struct deadline deadline = deadline_in(seconds * 1000);
	int64_t began_ms = clock_wall_ms(), next_look_ms = 0, total = -1;
	struct outbox_figures figures = { 0 };

	while (!events_interrupted()) {
		struct pace pace = { .wait_ms = 0, .fd = -1 };

		if (clock_monotonic_ms() >= next_look_ms) {
			if (look(desk, &figures, err) != 0)
				return -1;
			next_look_ms = clock_monotonic_ms() + LOOK_EVERY_MS;
			if (total < 0) {
				total = figures.unsent - figures.dead;
				progress_begin(
				    progress, "events", (uint64_t)total);
			}
			if (is_drained(&figures, began_ms))
				break;
			if (total > figures.unsent - figures.dead)
				progress_show(progress,
				    (uint64_t)(total - figures.unsent +
					       figures.dead));
		}
		if (deadline_left_ms(deadline) == 0)
			return err_set_public(err, &ERR_TIMEOUT,
			    "%lld events still wait",
			    (long long)(figures.unsent - figures.dead));
		relay_step(relay, &pace);
		sleep_ms(pace.wait_ms < LOOK_EVERY_MS ? pace.wait_ms
						      : LOOK_EVERY_MS);
	}
	progress_end(progress, (uint64_t)(total < 0 ? 0 : total));
	return 0;
}

int
events_drain(struct events_desk *desk, struct err *err)
{
	int64_t seconds = DRAIN_SECONDS;
	struct arena *arena;
	struct progress progress;
	struct relay relay;
	int result;

	if (events_seconds(desk, &seconds, err) != 0)
		return -1;
	events_catch_signals();
	arena = arena_create(64 * 1024 * 1024);
	relay_init(
	    &relay, &desk->background.relay, desk->db, desk->mq, arena, NULL);
	result = relay_until_drained(desk, &relay, seconds, &progress, err);
	relay_leave(&relay);
	arena_free(arena);
	return result;
}

/* --- watch -------------------------------------------------------------------
 */

static void
show(const struct outbox_figures *figures)
{
	char now[CLOCK_RFC3339_SIZE];
	int64_t now_ms = clock_wall_ms(), age_ms = 0;

	if (figures->oldest_ms >= 0)
		age_ms = now_ms - figures->oldest_ms;
	printf("%s  unsent %lld  oldest %lld s  returned %lld  dead %lld\n",
	    clock_format(now_ms, now), (long long)figures->unsent,
	    (long long)(age_ms / 1000), (long long)figures->returned,
	    (long long)figures->dead);
	fflush(stdout);
}

int
events_watch(struct events_desk *desk, struct err *err)
{
	int64_t seconds = MOST_SECONDS;
	struct outbox_figures figures;
	struct deadline deadline;

	if (events_seconds(desk, &seconds, err) != 0)
		return -1;
	events_catch_signals();
	deadline = deadline_in(seconds * 1000);
	while (!events_interrupted()) {
		if (look(desk, &figures, err) != 0)
			return -1;
		show(&figures);
		if (deadline_left_ms(deadline) <= WATCH_EVERY_MS)
			break;
		sleep_ms(WATCH_EVERY_MS);
	}
	return 0;
}
