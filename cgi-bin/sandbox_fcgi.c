/*
 * sandbox.fcgi: little Auth and Flight services for development and tests,
 * answered by a pool of pre-forked workers behind a web server.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/log.h"
#include "core/text.h"
#include "http/fcgi_server.h"
#include "prefork/listener.h"
#include "prefork/prefork.h"
#include "sandbox/sandbox.h"

#define DEFAULT_WORKERS 4
#define MAX_WORKERS	256
#define SOCKET_MODE	0660
#define SOCKET_BACKLOG	1024
#define DRAIN_MS	1000
#define EXIT_USAGE	64

struct options {
	const char *listen;
	unsigned workers;
};

/* What the master hands to every worker. */
struct pool {
	struct state *state;
	const char *jwt_secret;
	int listen_fd;
};

static const struct http_limits LIMITS = {
	.max_body_bytes = 64 * 1024,
	.max_variables_bytes = 64 * 1024,
	.read_timeout_ms = 10000,
	.request_timeout_ms = 2 * FAULT_MAX_DELAY_MS,
	.arena_bytes = 4 * SANDBOX_MAX_RESPONSE_BYTES,
	.max_response_bytes = SANDBOX_MAX_RESPONSE_BYTES,
};

static const char *const PHASES[] = { "idle", NULL };

static void
print_usage(FILE *to)
{
	fputs("usage: sandbox.fcgi --listen unix:PATH [--workers N]\n"
	      "\n"
	      "Auth and Flight services with faults on demand, over FastCGI.\n"
	      "  --listen ADDRESS  unix:PATH or HOST:PORT of this machine\n"
	      "  --workers N       processes, 1 to 256 (default 4)\n"
	      "  --help            this text\n"
	      "With JWT_SECRET in the environment, tokens are verified "
	      "(HS256).\n\n",
	    to);
}

static int
parse_workers(const char *text, unsigned *workers)
{
	int64_t number;

	if (text_parse_int(text, 1, MAX_WORKERS, &number) != 0) {
		fprintf(
		    stderr, "sandbox.fcgi: --workers: 1 to %d\n", MAX_WORKERS);
		return -1;
	}
	*workers = (unsigned)number;
	return 0;
}

/* 0; -1 when the command line is wrong, 1 when help was asked for. */
static int
parse_options(int argc, char **argv, struct options *options)
{
	static const struct option OPTIONS[] = {
		{ "listen", required_argument, NULL, 'l' },
		{ "workers", required_argument, NULL, 'w' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", OPTIONS, NULL)) != -1) {
		if (c == 'h')
			return 1;
		else if (c == 'l')
			options->listen = optarg;
		else if (c != 'w' ||
			 parse_workers(optarg, &options->workers) != 0)
			return -1;
	}
	return optind < argc || options->listen == NULL ? -1 : 0;
}

/* What one worker works with. */
struct serving {
	struct sandbox sandbox;
	struct scoreboard_slot *slot;
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

static void
on_working(void *context, const struct http_request *request)
{
	struct serving *serving = context;

	scoreboard_request(serving->slot, request->request_id);
}

static void
handle(
    void *context, struct http_request *request, struct http_response *response)
{
	struct serving *serving = context;

	sandbox_handle(&serving->sandbox, request, response);
}

static void
on_replied(void *context, const struct http_request *request,
    const struct http_response *response, bool sent)
{
	struct serving *serving = context;

	(void)request;
	(void)response;
	(void)sent;
	scoreboard_done(serving->slot);
}

/* A wish, not a failure: the call counts as served, so that the master does not
 * brake before it replaces the worker. */
__attribute__((noreturn)) static void
leave(void *context)
{
	struct serving *serving = context;

	scoreboard_done(serving->slot);
	_exit(EXIT_SUCCESS);
}

static int
work(void *context, struct prefork_worker *worker)
{
	const struct pool *pool = context;
	struct serving serving = {
		.sandbox = { .state = pool->state,
		    .jwt_secret = pool->jwt_secret,
		    .leave = leave,
		    .context = &serving },
		.slot = worker->slot,
	};
	const struct http_handler handler = {
		.context = &serving,
		.handle = handle,
		.replied = on_replied,
	};
	const struct fcgi_observer observer = {
		.context = &serving,
		.waiting = on_waiting,
		.reading = on_reading,
		.working = on_working,
	};
	struct fcgi_counts counts = { 0 };
	struct err err;

	if (fcgi_server_run(pool->listen_fd, &LIMITS, &handler, &observer,
		&counts, &err) != 0) {
		log_err("worker_failed", &err);
		return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}

static int
run(struct pool *pool, struct scoreboard *board, unsigned workers)
{
	const struct prefork_options options = {
		.name = "sandbox",
		.scaling.workers = workers,
		.drain_ms = DRAIN_MS,
		.context = pool,
		.worker_main = work,
	};
	struct err err;

	if (prefork_run(&options, board, &err) != 0) {
		log_err("pool_failed", &err);
		return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}

static const char *
jwt_secret(void)
{
	const char *secret = getenv("JWT_SECRET");

	return secret == NULL || secret[0] == '\0' ? NULL : secret;
}

static int
serve(const struct options *options)
{
	struct pool pool = {
		.state = state_create(),
		.jwt_secret = jwt_secret(),
	};
	struct scoreboard *board = scoreboard_create(options->workers, PHASES);
	struct err err;

	if (pool.state == NULL || board == NULL) {
		fputs("sandbox.fcgi: no shared memory\n", stderr);
		return EXIT_FAILURE;
	}
	pool.listen_fd =
	    listener_open(options->listen, SOCKET_MODE, SOCKET_BACKLOG, &err);
	if (pool.listen_fd < 0) {
		fprintf(stderr, "sandbox.fcgi: %s\n", err.details);
		return EXIT_FAILURE;
	}
	return run(&pool, board, options->workers);
}

int
main(int argc, char **argv)
{
	struct options options = { .workers = DEFAULT_WORKERS };
	int parsed = parse_options(argc, argv, &options);

	if (parsed < 0) {
		print_usage(stderr);
		return EXIT_USAGE;
	}
	if (parsed > 0) {
		print_usage(stdout);
		sandbox_print_reference(stdout);
		return EXIT_SUCCESS;
	}
	log_open("sandbox.fcgi", LOG_INFO, 2);
	return serve(&options);
}
