#include "control/command.h"

#include <stdio.h>
#include <stdlib.h>

#include "app/start.h"

int
command_usage(const struct command *command, const char *wrong)
{
	fprintf(stderr, "bookingctl %s: %s\nusage: bookingctl %s %s\n",
	    command->name, wrong, command->name, command->arguments);
	return EXIT_USAGE;
}

int
command_failed(const struct command *command, const struct err *err)
{
	const char *why = err->details[0] != '\0' ? err->details : err->cause;

	fprintf(stderr, "bookingctl %s: %s: %s\n", command->name,
	    err->def->code, why);
	return EXIT_FAILURE;
}
