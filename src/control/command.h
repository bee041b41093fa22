/*
 * The operator's commands: one row each in bookingctl's table.
 */
#ifndef CONTROL_COMMAND_H
#define CONTROL_COMMAND_H

#include "app/settings.h"
#include "core/arena.h"
#include "core/err.h"

struct command {
	const char *name;
	const char *arguments; /* "up | down [N] | status" */
	const char *summary;   /* one line */
	/* argv[0] is the command's name. Returns an exit status; what is wrong
	 * has been printed to standard error. */
	int (*run)(const struct settings *settings, int argc, char **argv);
};

extern const struct command COMMAND_MIGRATE;
extern const struct command COMMAND_DOCTOR;
extern const struct command COMMAND_SEED;
extern const struct command COMMAND_EVENTS;
extern const struct command COMMAND_DLQ;
extern const struct command COMMAND_TOKEN;
extern const struct command COMMAND_ERRORS;
extern const struct command COMMAND_SETTINGS;
extern const struct command COMMAND_POOL;

/* Prints "bookingctl NAME: what is wrong" and returns EXIT_USAGE. */
int command_usage(const struct command *command, const char *wrong);
/* Prints an error of a lower floor and returns EXIT_FAILURE. */
int command_failed(const struct command *command, const struct err *err);

#endif
