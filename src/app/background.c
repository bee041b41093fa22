#include "app/background.h"

#include <signal.h>
#include <stdlib.h>

#include "app/duty.h"
#include "app/log_file.h"
#include "app/start.h"
#include "core/log.h"

#define KEPT_BYTES     (1024 * 1024)
#define STILL_LIMIT_MS 15000 /* a step that takes longer stands still */
#define DRAIN_MS       900
#define DUTIES_MAX     8

static const char *const PHASES[] = { "idle", "step", NULL };

struct crew {
	const struct settings *settings;
	const struct background_settings *background;
	const struct duty *duties[DUTIES_MAX]; /* by worker */
	unsigned count;
};

static int
duty_main(void *context, struct prefork_worker *worker)
{
	const struct crew *crew = context;
	const struct duty *duty = crew->duties[worker->index];
	struct desk desk;

	log_write(
	    LOG_INFO, "duty_start", LOG_FIELDS(LOG_TEXT("duty", duty->name)));
	if (desk_set_up(&desk, crew->settings, crew->background, worker,
		duty->name) != 0)
		return EXIT_FAILURE;
	duty->run(&desk);
	desk_clear(&desk);
	return EXIT_SUCCESS;
}

static void
reopen_log(void *context)
{
	const struct crew *crew = context;

	log_file_reopen(crew->settings->events_log_file);
}

static void
gather(struct crew *crew)
{
	for (size_t i = 0; i < DUTY_COUNT && crew->count < DUTIES_MAX; i++) {
		if (DUTIES[i].wanted == NULL ||
		    DUTIES[i].wanted(crew->settings))
			crew->duties[crew->count++] = &DUTIES[i];
	}
}

static int
run_crew(struct crew *crew)
{
	const struct prefork_options options = {
		.name = "events",
		.scaling.workers = crew->count,
		.request_limit_ms = STILL_LIMIT_MS,
		.drain_ms = DRAIN_MS,
		.context = crew,
		.worker_main = duty_main,
		.reopen_log = reopen_log,
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
	struct arena *arena;
	struct background_settings background;
	struct crew crew = { .settings = settings, .background = &background };
	struct err err;
	int status = EXIT_FAILURE;

	signal(SIGPIPE, SIG_IGN);
	if (log_file_open(
		"EVENTS_LOG_FILE", settings->events_log_file, stderr) != 0)
		return EXIT_CONFIG;
	arena = arena_create(KEPT_BYTES);
	err_clear(&err);
	if (background_settings(settings, arena, &background, &err) != 0) {
		log_err("events_failed", &err);
		goto out;
	}
	gather(&crew);
	log_write(LOG_INFO, "events_start",
	    LOG_FIELDS(LOG_NUM("duties", crew.count)));
	status = run_crew(&crew);
	log_write(LOG_INFO, "events_end", NULL);
out:
	arena_free(arena);
	return status;
}
