/*
 * bookingctl: the operator's and developer's hand.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/start.h"
#include "control/command.h"
#include "core/base.h"

static const struct command *const COMMANDS[] = {
	&COMMAND_MIGRATE,
	&COMMAND_DOCTOR,
	&COMMAND_SEED,
	&COMMAND_EVENTS,
	&COMMAND_DLQ,
	&COMMAND_POOL,
	&COMMAND_TOKEN,
	&COMMAND_ERRORS,
	&COMMAND_SETTINGS,
};

static void
print_usage(FILE *to)
{
	fputs(
	    "usage: bookingctl [--env-file FILE] COMMAND [ARGUMENTS]\n\n", to);
	for (size_t i = 0; i < ARRAY_LEN(COMMANDS); i++)
		fprintf(to, "  %-10s %s\n  %-10s   %s\n", COMMANDS[i]->name,
		    COMMANDS[i]->summary, "", COMMANDS[i]->arguments);
	fputs("\nSettings come from the environment and from ./.env; see "
	      "`bookingctl settings --example`.\n",
	    to);
}

static const struct command *
find_command(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(COMMANDS); i++) {
		if (strcmp(COMMANDS[i]->name, name) == 0)
			return COMMANDS[i];
	}
	return NULL;
}

int
main(int argc, char **argv)
{
	const char *env_file = NULL;
	const struct command *command;
	static struct settings settings;
	int first = 1;

	if (argc > 2 && strcmp(argv[1], "--env-file") == 0) {
		env_file = argv[2];
		first = 3;
	}
	if (argc > first && strcmp(argv[first], "--help") == 0) {
		print_usage(stdout);
		return EXIT_SUCCESS;
	}
	command = argc > first ? find_command(argv[first]) : NULL;
	if (command == NULL) {
		print_usage(stderr);
		return EXIT_USAGE;
	}
	if (start_program("bookingctl", env_file, &settings) != 0)
		return EXIT_CONFIG;
	return command->run(&settings, argc - first, argv + first);
}
