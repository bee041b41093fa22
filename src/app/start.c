#include "app/start.h"

#include <unistd.h>

#include "core/log.h"

int
start_program(
    const char *program, const char *env_file, struct settings *settings)
{
	struct config_values *values = NULL;

	if (settings_load(env_file, settings, &values, stderr) != 0) {
		fprintf(stderr,
		    "%s: the configuration is wrong; nothing was started\n",
		    program);
		return -1;
	}
	log_open(program, (enum log_level)log_level_parse(settings->log_level),
	    STDERR_FILENO);
	return 0;
}
