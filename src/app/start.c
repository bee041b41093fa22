#include "app/start.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/places.h"
#include "core/log.h"

/* What somebody named has to be there. */
static int
check_env_file(const char *env_file, FILE *problems)
{
	struct stat status;

	if (stat(env_file, &status) == 0)
		return 0;
	fprintf(problems, "%s: %s\n", env_file, strerror(errno));
	return -1;
}

int
start_load(const char *env_file, struct settings *settings,
    struct config_values **values, FILE *problems)
{
	struct places places;
	bool named = env_file != NULL;

	if (!named) {
		places_find(&places);
		env_file = places.env_file;
		named = places.env_file_named;
	}
	if (named && check_env_file(env_file, problems) != 0)
		return -1;
	return settings_load(env_file, settings, values, problems);
}

int
start_program(
    const char *program, const char *env_file, struct settings *settings)
{
	/* The texts of the settings, for the life of the process. */
	static struct config_values *values;

	if (start_load(env_file, settings, &values, stderr) != 0) {
		fprintf(stderr,
		    "%s: the configuration is wrong; nothing was started\n",
		    program);
		return -1;
	}
	log_open(program, (enum log_level)log_level_parse(settings->log_level),
	    STDERR_FILENO);
	return 0;
}
