#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/command.h"

static int
run(const struct settings *settings, int argc, char **argv)
{
	const char *form = argc == 2 ? argv[1] : "";

	if (argc == 1)
		config_print_values(&SETTINGS_TABLE, settings, stdout);
	else if (strcmp(form, "--example") == 0)
		config_print_example(&SETTINGS_TABLE, stdout);
	else if (strcmp(form, "--markdown") == 0)
		config_print_markdown(&SETTINGS_TABLE, stdout);
	else
		return command_usage(&COMMAND_SETTINGS, "unknown arguments");
	return EXIT_SUCCESS;
}

const struct command COMMAND_SETTINGS = {
	.name = "settings",
	.arguments = "[--example | --markdown]",
	.summary = "show the settings in force, an example .env, or a table",
	.run = run,
};
