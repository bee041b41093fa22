#include <stdio.h>
#include <stdlib.h>

#include "control/command.h"
#include "model/booking_errors.h"

/* One line an error: status, code, whether a repeat may succeed, sentence. */
static int
run(const struct settings *settings, int argc, char **argv)
{
	(void)settings;
	(void)argv;
	if (argc != 1)
		return command_usage(&COMMAND_ERRORS, "unknown arguments");
	for (size_t i = 0; BOOKING_ERRORS[i] != NULL; i++)
		printf("%d\t%s\t%s\t%s\n", BOOKING_ERRORS[i]->http_status,
		    BOOKING_ERRORS[i]->code,
		    BOOKING_ERRORS[i]->retryable ? "repeat" : "final",
		    BOOKING_ERRORS[i]->message);
	return EXIT_SUCCESS;
}

const struct command COMMAND_ERRORS = {
	.name = "errors",
	.arguments = "",
	.summary = "list the error codes that the API answers with",
	.run = run,
};
