#include "app/worker.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/log.h"
#include "http/cgi_server.h"
#include "http/fcgi_server.h"

#define WORKERS_PER_PROCESSOR 4
/* A worker that is still busy this long after its deadline is stuck. */
#define OVERDUE_MS 2000

struct pool_context {
	const struct settings *settings;
	const struct shared *shared;
	int listen_fd;
};

struct serving {
	struct scoreboard_slot *slot;
	uint64_t max_requests;
};

static void
on_waiting(void *context)
{
	struct serving *serving = context;

	scoreboard_waiting(serving->slot);
}

static void
on_reading(void *context)
{
	struct serving *serving = context;

	scoreboard_reading(serving->slot);
}

static bool
go_on(void *context)
{
	struct serving *serving = context;

	return serving->slot == NULL || serving->max_requests == 0 ||
	       serving->slot->requests < serving->max_requests;
}

static int
serve(const struct settings *settings, const struct shared *shared,
    struct prefork_worker *worker, int listen_fd)
{
	struct serving serving = {
		.slot = worker == NULL ? NULL : worker->slot,
		.max_requests = worker == NULL ? 0 : worker->max_requests,
	};
	const struct fcgi_observer observer = {
		.context = &serving,
		.waiting = on_waiting,
		.reading = on_reading,
		.go_on = go_on,
	};
	const struct http_limits limits = app_limits(settings);
	struct fcgi_counts counts = { 0 };
	struct http_handler handler;
	struct app app;
	struct err err;
	int result;

	if (app_init(&app, settings, shared, worker, &err) != 0) {
		log_err("worker_failed", &err);
		return EXIT_FAILURE;
	}
	handler = app_handler(&app);
	result = fcgi_server_run(
	    listen_fd, &limits, &handler, &observer, &counts, &err);
	if (result != 0)
		log_err("worker_failed", &err);
	app_release(&app);
	return result == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int
worker_main(void *context, struct prefork_worker *worker)
{
	struct pool_context *pool = context;

	return serve(pool->settings, pool->shared, worker, pool->listen_fd);
}

static unsigned
default_workers(const struct settings *settings)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);

	if (settings->pool_workers > 0)
		return (unsigned)settings->pool_workers;
	return (unsigned)(processors < 1 ? 1 : processors) *
	       WORKERS_PER_PROCESSOR;
}

static int
share(struct shared *shared, const struct settings *settings, unsigned workers)
{
	signal(SIGPIPE, SIG_IGN);
	if (shared_create(shared, settings, workers) == 0)
		return 0;
	log_write(LOG_ERROR, "no_shared_memory", NULL);
	return -1;
}

int
worker_run_pool(
    const struct settings *settings, int listen_fd, unsigned workers)
{
	struct shared shared;
	struct pool_context pool = { settings, &shared, listen_fd };
	struct prefork_options options = {
		.name = "booking",
		.scaling.workers = workers > 0 ? workers : default_workers(settings),
		.max_requests = (uint64_t)settings->pool_max_requests,
		.request_limit_ms = settings->request_timeout_ms + OVERDUE_MS,
		.drain_ms = settings->pool_drain_ms,
		.context = &pool,
		.worker_main = worker_main,
	};
	struct err err;

	if (share(&shared, settings, options.scaling.workers) != 0)
		return EXIT_FAILURE;
	log_write(LOG_INFO, "pool_start",
	    LOG_FIELDS(LOG_NUM("workers", options.scaling.workers)));
	err_clear(&err);
	if (prefork_run(&options, shared.board, &err) != 0) {
		log_err("pool_failed", &err);
		return EXIT_FAILURE;
	}
	log_write(LOG_INFO, "pool_end", NULL);
	return EXIT_SUCCESS;
}

int
worker_run_alone(const struct settings *settings, int listen_fd)
{
	struct shared shared;

	if (share(&shared, settings, 1) != 0)
		return EXIT_FAILURE;
	return serve(settings, &shared, NULL, listen_fd);
}

int
worker_run_cgi(const struct settings *settings)
{
	const struct http_limits limits = app_limits(settings);
	struct http_handler handler;
	struct shared shared;
	struct app app;
	struct err err;
	int result;

	if (share(&shared, settings, 1) != 0 ||
	    app_init(&app, settings, &shared, NULL, &err) != 0)
		return EXIT_FAILURE;
	handler = app_handler(&app);
	result = cgi_serve(
	    environ, STDIN_FILENO, STDOUT_FILENO, &limits, &handler, &err);
	if (result != 0)
		log_err("cgi_failed", &err);
	app_release(&app);
	return result == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
