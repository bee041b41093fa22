#include "app/pool.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "app/live_metrics.h"
#include "app/log_file.h"
#include "app/routes.h"
#include "app/start.h"
#include "app/worker.h"
#include "core/log.h"

/* A worker that is still busy this long after its deadline is stuck. */
#define OVERDUE_MS 2000
/* Room to grow into, and as much again for a reload at full strength. */
#define LEAST_ROOM	    64
#define GENERATIONS_AT_ONCE 2
#define POOL_SOCKET_MODE    0660
#define STATUS_SOCKET_MODE  0660
#define STATUS_BACKLOG	    16

struct pool_context {
	struct settings settings;     /* in force for the workers to come */
	struct config_values *values; /* their texts, after a reload */
	const struct pool_start *start;
	struct shared shared;
	int listen_fd;
};

/* --- sockets ------------------------------------------------------------ */

bool
pool_status_address(const struct settings *settings, const char *listen,
    char *address, size_t size)
{
	const char *wanted = settings->pool_status_listen;
	int n;

	if (strcmp(wanted, "none") == 0)
		return false;
	if (wanted[0] != '\0')
		n = snprintf(address, size, "%s", wanted);
	else if (strncmp(listen, "unix:", 5) == 0)
		n = snprintf(address, size, "%s.status", listen);
	else
		return false;
	return n > 0 && (size_t)n < size;
}

static int
open_status(const struct settings *settings, const struct pool_start *start,
    const char *listen, struct err *err)
{
	char address[256];

	if (start->status != NULL)
		return listener_open(
		    start->status, STATUS_SOCKET_MODE, STATUS_BACKLOG, err);
	if (!pool_status_address(settings, listen, address, sizeof(address)))
		return -1;
	return listener_open(address, STATUS_SOCKET_MODE, STATUS_BACKLOG, err);
}

/* On a socket that has an owner already, too. */
static void
give_room(int listen_fd, const struct settings *settings)
{
	(void)listen(listen_fd, (int)settings->pool_backlog);
}

int
pool_open_sockets(struct prefork_sockets *sockets,
    const struct settings *settings, const struct pool_start *start)
{
	const char *listen_address =
	    start->listen != NULL ? start->listen : settings->pool_listen;
	struct err err;

	err_clear(&err);
	if (sockets->listen_fd < 0)
		sockets->listen_fd = listener_open(listen_address,
		    POOL_SOCKET_MODE, (int)settings->pool_backlog, &err);
	else
		give_room(sockets->listen_fd, settings);
	if (sockets->listen_fd >= 0 && sockets->status_fd < 0)
		sockets->status_fd =
		    open_status(settings, start, listen_address, &err);
	if (err.def == NULL)
		return 0;
	log_err("listen_failed", &err);
	return -1;
}

/* --- workers ------------------------------------------------------------ */

static int
worker_main(void *context, struct prefork_worker *worker)
{
	struct pool_context *pool = context;

	return worker_serve(
	    &pool->settings, &pool->shared, worker, pool->listen_fd);
}

/* --- limits ------------------------------------------------------------- */

/* The first that is given: on the command line, in the settings, by default. */
static unsigned
first_given(unsigned argument, int64_t setting)
{
	if (argument > 0)
		return argument;
	return setting > 0 ? (unsigned)setting : settings_default_workers();
}

static unsigned
at_most(int64_t n, unsigned most)
{
	return (uint64_t)n < most ? (unsigned)n : most;
}

static struct scaling
scaling_of(const struct settings *settings, unsigned workers)
{
	unsigned most = first_given(workers, settings->pool_max_workers);

	if (strcmp(settings->pool_mode, "dynamic") != 0)
		return (struct scaling){
			.workers = first_given(workers, settings->pool_workers),
		};
	return (struct scaling){
		.dynamic = true,
		.least = at_most(settings->pool_min_workers, most),
		.most = most,
		.spare_min = at_most(settings->pool_spare_min, most),
		.spare_max = at_most(settings->pool_spare_max, most),
	};
}

static void
set_limits(struct prefork_options *options, const struct pool_context *pool)
{
	const struct settings *settings = &pool->settings;

	options->scaling = scaling_of(settings, pool->start->workers);
	options->max_requests = (uint64_t)settings->pool_max_requests;
	options->request_limit_ms = settings->request_timeout_ms + OVERDUE_MS;
	options->drain_ms = settings->pool_drain_ms;
	queue_clock_init(
	    &pool->shared.board->queue, settings->pool_queue_limit_ms);
}

/* --- reload ------------------------------------------------------------- */

/* What only a new process can change. */
static int
check_fixed(const struct pool_context *pool, const struct settings *next,
    FILE *problems)
{
	unsigned room = pool->shared.board->slots / GENERATIONS_AT_ONCE;
	struct scaling scaling = scaling_of(next, pool->start->workers);
	int wrong = 0;

	if (scaling_most(&scaling) > room) {
		fprintf(problems,
		    "the workers: more than %u need a restart "
		    "(bookingctl pool restart)\n",
		    room);
		wrong++;
	}
	if (strcmp(next->pool_listen, pool->settings.pool_listen) != 0) {
		fputs("POOL_LISTEN: cannot be changed by a reload\n", problems);
		wrong++;
	}
	if (strcmp(next->pool_log_file, pool->settings.pool_log_file) != 0) {
		fputs(
		    "POOL_LOG_FILE: cannot be changed by a reload\n", problems);
		wrong++;
	}
	if (strcmp(next->pool_status_listen,
		pool->settings.pool_status_listen) != 0) {
		fputs("POOL_STATUS_LISTEN: cannot be changed by a reload\n",
		    problems);
		wrong++;
	}
	return wrong;
}

static int
adopt(struct pool_context *pool, struct settings *next,
    struct config_values *values, FILE *problems)
{
	if (check_fixed(pool, next, problems) > 0)
		return -1;
	if (shared_renew(&pool->shared, next) != 0) {
		fputs("there is not enough memory\n", problems);
		return -1;
	}
	config_release(pool->values);
	pool->settings = *next;
	pool->values = values;
	return 0;
}

static int
reload(void *context, struct prefork_options *options, FILE *problems)
{
	struct pool_context *pool = context;
	struct config_values *values = NULL;
	struct settings next;

	if (start_load(pool->start->env_file, &next, &values, problems) != 0)
		return -1;
	if (adopt(pool, &next, values, problems) != 0) {
		config_release(values);
		return -1;
	}
	log_set_level(
	    (enum log_level)log_level_parse(pool->settings.log_level));
	give_room(pool->listen_fd, &pool->settings);
	set_limits(options, pool);
	return 0;
}

static void
reopen_log(void *context)
{
	const struct pool_context *pool = context;

	log_file_reopen(pool->settings.pool_log_file);
}

/* --- status ------------------------------------------------------------- */

static const char *
route_name(int route)
{
	return (size_t)route < ROUTE_COUNT ? ROUTES[route].name : "none";
}

static void
print_metrics(void *context, bool open_metrics, struct buf *out)
{
	const struct pool_context *pool = context;

	if (open_metrics)
		metrics_print_open(pool->shared.metrics, out);
	else
		metrics_print(pool->shared.metrics, out);
	live_metrics_print(&pool->shared, open_metrics, out);
}

/* --- the whole ---------------------------------------------------------- */

static unsigned
slots_for(const struct settings *settings, unsigned workers)
{
	struct scaling scaling = scaling_of(settings, workers);
	unsigned most = scaling_most(&scaling);

	return GENERATIONS_AT_ONCE * (most > LEAST_ROOM ? most : LEAST_ROOM);
}

static int
run(struct pool_context *pool, const struct prefork_sockets *sockets)
{
	struct prefork_options options = {
		.name = "booking",
		.context = pool,
		.worker_main = worker_main,
		.reload = reload,
		.reopen_log = reopen_log,
		.route_name = route_name,
		.print_metrics = print_metrics,
		.sockets = sockets,
		.argv = pool->start->argv,
	};
	struct err err;

	set_limits(&options, pool);
	log_write(LOG_INFO, "pool_start",
	    LOG_FIELDS(LOG_TEXT("mode", pool->settings.pool_mode),
		LOG_NUM("workers", scaling_most(&options.scaling))));
	err_clear(&err);
	if (prefork_run(&options, pool->shared.board, &err) != 0) {
		log_err("pool_failed", &err);
		return EXIT_FAILURE;
	}
	log_write(LOG_INFO, "pool_end", NULL);
	return EXIT_SUCCESS;
}

int
pool_run(const struct settings *settings, const struct prefork_sockets *sockets,
    const struct pool_start *start)
{
	struct pool_context pool = {
		.settings = *settings,
		.start = start,
		.listen_fd = sockets->listen_fd,
	};
	int status = EXIT_FAILURE;

	signal(SIGPIPE, SIG_IGN);
	if (log_file_open("POOL_LOG_FILE", settings->pool_log_file, stderr) !=
	    0)
		return EXIT_CONFIG;
	if (shared_create(&pool.shared, settings,
		slots_for(settings, start->workers)) != 0)
		log_write(LOG_ERROR, "no_shared_memory", NULL);
	else
		status = run(&pool, sockets);
	shared_free(&pool.shared);
	config_release(pool.values);
	return status;
}
