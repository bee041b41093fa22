#include "app/worker.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "app/log_file.h"
#include "core/clock.h"
#include "core/log.h"
#include "http/cgi_server.h"
#include "http/fcgi_server.h"
#include "prefork/queue_depth.h"

struct serving {
	const struct settings *settings;
	struct prefork_worker *worker; /* NULL: not in a pool */
	struct queue_probe probe;
};

/* SIGUSR1 came: somebody may have moved the log away. */
static volatile sig_atomic_t log_moved;

static void
note_moved_log(int signal)
{
	(void)signal;
	log_moved = 1;
}

static struct scoreboard_slot *
slot_of(const struct serving *serving)
{
	return serving->worker == NULL ? NULL : serving->worker->slot;
}

static void
on_waiting(void *context)
{
	struct serving *serving = context;

	if (log_moved) {
		log_moved = 0;
		log_file_reopen(serving->settings->pool_log_file);
	}
	scoreboard_waiting(slot_of(serving));
}

static void
on_reading(void *context)
{
	struct serving *serving = context;

	scoreboard_reading(slot_of(serving));
}

static int64_t
queued_ms(void *context)
{
	struct serving *serving = context;
	struct queue_clock *clock;
	int64_t now_ms;
	uint32_t number;

	if (serving->worker == NULL)
		return 0;
	clock = &serving->worker->board->queue;
	now_ms = clock_monotonic_ms();
	number = queue_clock_accepted(clock);
	queue_probe_sample(&serving->probe, clock, now_ms);
	return queue_clock_age_ms(clock, number, now_ms);
}

static bool
go_on(void *context)
{
	const struct serving *serving = context;
	const struct prefork_worker *worker = serving->worker;

	return worker == NULL || worker->max_requests == 0 ||
	       worker->slot->requests < worker->max_requests;
}

/* --- serving ------------------------------------------------------------ */

static int
serve(struct serving *serving, struct app *app, int listen_fd)
{
	const struct fcgi_observer observer = {
		.context = serving,
		.waiting = on_waiting,
		.reading = on_reading,
		.queued_ms = queued_ms,
		.go_on = go_on,
	};
	const struct http_limits limits = app_limits(serving->settings);
	const struct http_handler handler = app_handler(app);
	struct fcgi_counts counts = { 0 };
	struct err err;

	err_clear(&err);
	if (fcgi_server_run(
		listen_fd, &limits, &handler, &observer, &counts, &err) == 0)
		return EXIT_SUCCESS;
	log_err("worker_failed", &err);
	return EXIT_FAILURE;
}

int
worker_serve(const struct settings *settings, const struct shared *shared,
    struct prefork_worker *worker, int listen_fd)
{
	struct serving serving = { .settings = settings, .worker = worker };
	struct app app;
	struct err err;
	int result;

	err_clear(&err);
	if (app_init(&app, settings, shared, worker, &err) != 0) {
		log_err("worker_failed", &err);
		return EXIT_FAILURE;
	}
	queue_probe_open(&serving.probe, listen_fd);
	if (worker != NULL) {
		signal(SIGUSR1, note_moved_log);
		/* Before that it would not have heard. */
		log_file_reopen(settings->pool_log_file);
	}
	result = serve(&serving, &app, listen_fd);
	queue_probe_close(&serving.probe);
	app_release(&app);
	return result;
}

static int
share(struct shared *shared, const struct settings *settings)
{
	signal(SIGPIPE, SIG_IGN);
	if (shared_create(shared, settings, 1) == 0)
		return 0;
	log_write(LOG_ERROR, "no_shared_memory", NULL);
	return -1;
}

int
worker_run_alone(const struct settings *settings, int listen_fd)
{
	struct shared shared;
	int result = EXIT_FAILURE;

	if (share(&shared, settings) == 0)
		result = worker_serve(settings, &shared, NULL, listen_fd);
	shared_free(&shared);
	return result;
}

static int
answer_once(struct app *app)
{
	const struct http_limits limits = app_limits(app->settings);
	const struct http_handler handler = app_handler(app);
	struct err err;

	err_clear(&err);
	if (cgi_serve(environ, STDIN_FILENO, STDOUT_FILENO, &limits, &handler,
		&err) == 0)
		return EXIT_SUCCESS;
	log_err("cgi_failed", &err);
	return EXIT_FAILURE;
}

int
worker_run_cgi(const struct settings *settings)
{
	struct shared shared;
	struct app app;
	struct err err;
	int result = EXIT_FAILURE;

	err_clear(&err);
	if (share(&shared, settings) == 0 &&
	    app_init(&app, settings, &shared, NULL, &err) == 0) {
		result = answer_once(&app);
		app_release(&app);
	}
	shared_free(&shared);
	return result;
}
