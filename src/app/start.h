/*
 * What every program of the service does first: load the settings, open the
 * log.
 */
#ifndef APP_START_H
#define APP_START_H

#include "app/settings.h"

#define EXIT_USAGE  64 /* sysexits: the command line is wrong */
#define EXIT_CONFIG 78 /* sysexits: the configuration is wrong */

/* Loads the settings from where env_file (NULL: app/places.h) says. -1 after a
 * line to `problems` for each that is wrong. The texts live until
 * config_release(*values). */
int start_load(const char *env_file, struct settings *settings,
    struct config_values **values, FILE *problems) MUST_CHECK;
/* Loads the settings into *settings for the life of the process and opens the
 * log on standard error. 0; or -1 after printing what is wrong, each problem
 * on a line of its own. `program` is a literal; env_file NULL: where
 * app/places.h says. */
int start_program(const char *program, const char *env_file,
    struct settings *settings) MUST_CHECK;

#endif
