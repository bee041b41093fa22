/*
 * booking-events: what happens beside requests.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "app/background.h"
#include "app/start.h"

static void
print_usage(FILE *to)
{
	fputs(
	    "usage: booking-events [--env-file FILE]\n"
	    "       booking-events --help\n"
	    "\n"
	    "What happens beside requests: events that still have to be "
	    "published, payments\n"
	    "and cancelled flights, unpaid bookings whose time has run out. "
	    "Run one or more,\n"
	    "on any hosts: they share the work. USR1 opens the log file "
	    "anew.\n"
	    "  --env-file FILE   settings that the environment does not give\n"
	    "                    (default: BOOKING_ENV_FILE, ./.env, or "
	    "/etc/booking/booking.env\n"
	    "                    when installed)\n"
	    "  --help            this text and every setting\n",
	    to);
}

int
main(int argc, char **argv)
{
	static const struct option LONG[] = {
		{ "env-file", required_argument, NULL, 'e' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	static struct settings settings;
	const char *env_file = NULL;
	int c;

	while ((c = getopt_long(argc, argv, "", LONG, NULL)) != -1) {
		if (c == 'e') {
			env_file = optarg;
		} else if (c == 'h') {
			print_usage(stdout);
			fputs("\nSettings (environment or .env):\n\n", stdout);
			config_print_example(&SETTINGS_TABLE, stdout);
			return EXIT_SUCCESS;
		} else {
			print_usage(stderr);
			return EXIT_USAGE;
		}
	}
	if (optind < argc) {
		print_usage(stderr);
		return EXIT_USAGE;
	}
	if (start_program("booking-events", env_file, &settings) != 0)
		return EXIT_CONFIG;
	return background_run(&settings);
}
