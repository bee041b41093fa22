/*
 * booking.fcgi: the booking API behind a web server.
 */
#include <getopt.h>
#include <stdlib.h>
#include <unistd.h>

#include "app/pool.h"
#include "app/routes.h"
#include "app/start.h"
#include "app/worker.h"
#include "control/doctor.h"
#include "core/log.h"
#include "core/text.h"
#include "http/cgi_server.h"
#include "http/fcgi_server.h"
#include "prefork/listener.h"

#define MAX_WORKERS 1024

struct options {
	const char *listen;
	const char *status;
	const char *env_file;
	unsigned workers;
	bool test;
	bool print;
	bool routes;
	bool help;
};

static void
print_usage(FILE *to)
{
	fputs(
	    "usage: booking.fcgi [--listen ADDRESS] [--status ADDRESS] "
	    "[--workers N]\n"
	    "                    [--env-file FILE]\n"
	    "       booking.fcgi -t | --print-settings | --routes | --help\n"
	    "\n"
	    "The booking service's API over FastCGI or CGI.\n"
	    "  --listen ADDRESS  run the pool on unix:/path or "
	    "127.0.0.1:port\n"
	    "  --status ADDRESS  where its master answers for status and "
	    "metrics\n"
	    "                    (default: POOL_STATUS_LISTEN)\n"
	    "  --workers N       worker processes (default: POOL_WORKERS)\n"
	    "  --env-file FILE   settings that the environment does not give\n"
	    "                    (default: BOOKING_ENV_FILE, ./.env, or "
	    "/etc/booking/booking.env\n"
	    "                    when installed)\n"
	    "  -t                test the configuration and exit\n"
	    "  --print-settings  show the settings in force, secrets as ***\n"
	    "  --routes          list the method, path and name of each route\n"
	    "  --help            this text and every setting\n"
	    "\n"
	    "A pool obeys HUP (reload), USR1 (reopen the log), USR2 (start "
	    "the program anew),\n"
	    "TTIN and TTOU (one worker more or less), QUIT and TERM (drain); "
	    "see also\n"
	    "bookingctl pool. Sockets that systemd hands over are used.\n"
	    "\n"
	    "Without --listen: with a listening socket as standard input "
	    "(spawn-fcgi,\n"
	    "lighttpd's bin-path, mod_fcgid) it is one FastCGI worker, or with "
	    "--workers a\n"
	    "pool; with CGI variables in the environment it answers one "
	    "request.\n",
	    to);
}

/* 0, or -1 when the command line is wrong. */
static int
parse_options(int argc, char **argv, struct options *options)
{
	static const struct option LONG[] = {
		{ "listen", required_argument, NULL, 'l' },
		{ "status", required_argument, NULL, 's' },
		{ "workers", required_argument, NULL, 'w' },
		{ "env-file", required_argument, NULL, 'e' },
		{ "print-settings", no_argument, NULL, 'p' },
		{ "routes", no_argument, NULL, 'r' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int64_t workers = 0;
	int c;

	while ((c = getopt_long(argc, argv, "t", LONG, NULL)) != -1) {
		if (c == 'l')
			options->listen = optarg;
		else if (c == 's')
			options->status = optarg;
		else if (c == 'e')
			options->env_file = optarg;
		else if (c == 't')
			options->test = true;
		else if (c == 'p')
			options->print = true;
		else if (c == 'r')
			options->routes = true;
		else if (c == 'h')
			options->help = true;
		else if (c != 'w' ||
			 text_parse_int(optarg, 1, MAX_WORKERS, &workers) != 0)
			return -1;
	}
	options->workers = (unsigned)workers;
	return optind < argc ? -1 : 0;
}

static int
run_pool(const struct settings *settings, const struct options *options,
    struct prefork_sockets *sockets, char *const *argv)
{
	const struct pool_start start = {
		.env_file = options->env_file,
		.listen = options->listen,
		.status = options->status,
		.workers = options->workers,
		.argv = argv,
	};

	if (pool_open_sockets(sockets, settings, &start) != 0)
		return EXIT_FAILURE;
	doctor_at_start(settings);
	return pool_run(settings, sockets, &start);
}

/* A pool on sockets that were handed over or are named; else the web server's
 * socket is standard input: one worker, or with --workers a pool on it. */
static int
run(const struct settings *settings, const struct options *options,
    char *const *argv)
{
	struct prefork_sockets sockets;
	bool named =
	    options->listen != NULL || settings->pool_listen[0] != '\0';

	listener_inherit(&sockets);
	if (sockets.listen_fd >= 0 || options->listen != NULL)
		return run_pool(settings, options, &sockets, argv);
	if (fcgi_is_listener(STDIN_FILENO)) {
		if (options->workers == 0)
			return worker_run_alone(settings, STDIN_FILENO);
		sockets.listen_fd = STDIN_FILENO;
		return run_pool(settings, options, &sockets, argv);
	}
	if (cgi_is_request(environ))
		return worker_run_cgi(settings);
	if (named)
		return run_pool(settings, options, &sockets, argv);
	fputs("booking.fcgi: nothing to serve: give --listen, or let a web "
	      "server start it\n",
	    stderr);
	return EXIT_USAGE;
}

static void
print_routes(void)
{
	for (size_t i = 0; i < ROUTE_COUNT; i++)
		printf("%s\t%s\t%s\n", http_method_name(ROUTES[i].method),
		    ROUTES[i].pattern, ROUTES[i].name);
}

int
main(int argc, char **argv)
{
	struct options options = { 0 };
	static struct settings settings;
	/* The arguments of a CGI program are the client's: its query without
	 * an equals sign (RFC 3875, section 4.4). */
	bool from_client =
	    !fcgi_is_listener(STDIN_FILENO) && cgi_is_request(environ);

	if (!from_client && parse_options(argc, argv, &options) != 0) {
		print_usage(stderr);
		return EXIT_USAGE;
	}
	if (options.help) {
		print_usage(stdout);
		fputs("\nSettings (environment or .env):\n\n", stdout);
		config_print_example(&SETTINGS_TABLE, stdout);
		return EXIT_SUCCESS;
	}
	if (options.routes) {
		print_routes();
		return EXIT_SUCCESS;
	}
	if (start_program("booking.fcgi", options.env_file, &settings) != 0)
		return EXIT_CONFIG;
	if (options.print)
		config_print_values(&SETTINGS_TABLE, &settings, stdout);
	if (options.test)
		puts("the configuration is good");
	if (options.print || options.test)
		return EXIT_SUCCESS;
	return run(&settings, &options, argv);
}
