#include "app/background.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "app/app.h"
#include "core/log.h"

#define ARENA_BYTES    (64 * 1024 * 1024)
#define KEPT_BYTES     (1024 * 1024)
#define STILL_LIMIT_MS 15000 /* a step that takes longer stands still */
#define DRAIN_MS       900
#define DUTIES_MAX     4

static const char *const PHASES[] = { "idle", "step", NULL };

/* What every duty works with, made after the fork. */
struct desk {
	const struct settings *settings;
	const struct background_settings *background;
	struct db_settings db_settings;
	struct mq_settings mq_settings;
	struct db *db;
	struct mq *mq;
	struct arena *arena;
	struct relay_wake wake;
	struct prefork_worker *worker;
};

struct duty {
	const char *name;
	/* Steps until told to stop. */
	void (*run)(struct desk *desk);
};

struct crew {
	const struct settings *settings;
	const struct background_settings *background;
	struct scoreboard *board;
	const struct duty *duties[DUTIES_MAX];
	unsigned count;
};

/* --- stepping ----------------------------------------------------------------
 */

static int
open_signals(void)
{
	sigset_t stop;

	sigemptyset(&stop);
	sigaddset(&stop, SIGTERM);
	sigprocmask(SIG_BLOCK, &stop, NULL);
	return signalfd(-1, &stop, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* True when the wait was ended by the wish to stop. */
static bool
wait_or_stop(int signal_fd, const struct pace *pace)
{
	struct pollfd ready[] = {
		{ .fd = signal_fd, .events = POLLIN },
		{ .fd = pace->fd, .events = POLLIN },
	};

	poll(ready, ARRAY_LEN(ready), (int)pace->wait_ms);
	return ready[0].revents != 0;
}

static void
run_steps(struct desk *desk, const char *name,
    void (*step)(void *context, struct pace *pace), void *context)
{
	struct scoreboard_slot *slot = desk->worker->slot;
	int signal_fd = open_signals();
	struct pace pace;

	do {
		pace = (struct pace){ .wait_ms = 0, .fd = -1 };
		scoreboard_request(slot, name);
		step(context, &pace);
		scoreboard_done(slot);
	} while (!wait_or_stop(signal_fd, &pace));
	close(signal_fd);
}

/* --- the duties --------------------------------------------------------------
 */

static void
step_relay(void *context, struct pace *pace)
{
	relay_step(context, pace);
}

static void
run_relay(struct desk *desk)
{
	struct relay relay;

	relay_init(&relay, &desk->background->relay, desk->db, desk->mq,
	    desk->arena, &desk->wake);
	run_steps(desk, "relay", step_relay, &relay);
	relay_leave(&relay);
}

static const struct duty RELAY = { "relay", run_relay };

/* --- the master --------------------------------------------------------------
 */

static int
set_up(struct desk *desk, const struct crew *crew, const char *name)
{
	const struct settings *settings = crew->settings;

	desk->settings = settings;
	desk->background = crew->background;
	desk->db_settings = app_db_settings(settings);
	desk->mq_settings = app_mq_settings(settings, name);
	desk->mq_settings.timeout_ms =
	    crew->background->relay.publish_timeout_ms;
	desk->db = db_create(&desk->db_settings);
	desk->mq = mq_create(&desk->mq_settings);
	desk->arena = arena_create(ARENA_BYTES);
	relay_wake_init(&desk->wake, settings->db_host, settings->db_name);
	return desk->db == NULL || desk->mq == NULL ? -1 : 0;
}

static int
duty_main(void *context, struct prefork_worker *worker)
{
	const struct crew *crew = context;
	const struct duty *duty = crew->duties[worker->index];
	struct desk desk = { .worker = worker };

	log_write(
	    LOG_INFO, "duty_start", LOG_FIELDS(LOG_TEXT("duty", duty->name)));
	if (set_up(&desk, crew, duty->name) != 0)
		return EXIT_FAILURE;
	duty->run(&desk);
	relay_wake_release(&desk.wake);
	arena_free(desk.arena);
	mq_free(desk.mq);
	db_free(desk.db);
	return EXIT_SUCCESS;
}

static int
run_crew(struct crew *crew)
{
	const struct prefork_options options = {
		.name = "events",
		.workers = crew->count,
		.request_limit_ms = STILL_LIMIT_MS,
		.drain_ms = DRAIN_MS,
		.context = crew,
		.worker_main = duty_main,
	};
	struct scoreboard *board = scoreboard_create(crew->count, PHASES);
	struct err err;

	if (board == NULL) {
		log_write(LOG_ERROR, "no_shared_memory", NULL);
		return EXIT_FAILURE;
	}
	err_clear(&err);
	if (prefork_run(&options, board, &err) != 0) {
		log_err("events_failed", &err);
		return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}

int
background_run(const struct settings *settings)
{
	struct arena *arena = arena_create(KEPT_BYTES);
	struct background_settings background;
	struct crew crew = { .settings = settings, .background = &background };
	struct err err;
	int status = EXIT_FAILURE;

	signal(SIGPIPE, SIG_IGN);
	err_clear(&err);
	if (background_settings(settings, arena, &background, &err) != 0) {
		log_err("events_failed", &err);
		goto out;
	}
	crew.duties[crew.count++] = &RELAY;
	log_write(LOG_INFO, "events_start",
	    LOG_FIELDS(LOG_NUM("duties", crew.count)));
	status = run_crew(&crew);
	log_write(LOG_INFO, "events_end", NULL);
out:
	arena_free(arena);
	return status;
}
