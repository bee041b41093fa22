#include "app/log_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "core/log.h"

#define MODE 0640

static int
open_file(const char *path)
{
	return open(
	    path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, MODE);
}

int
log_file_open(const struct settings *settings, FILE *problems)
{
	int fd;

	if (settings->pool_log_file[0] == '\0')
		return 0;
	fd = open_file(settings->pool_log_file);
	if (fd < 0) {
		fprintf(problems, "POOL_LOG_FILE: %s: %s\n",
		    settings->pool_log_file, strerror(errno));
		return -1;
	}
	log_set_fd(fd);
	return 0;
}

void
log_file_reopen(const struct settings *settings)
{
	int fd;

	if (settings->pool_log_file[0] == '\0')
		return;
	fd = open_file(settings->pool_log_file);
	if (fd < 0 || dup3(fd, log_fd(), O_CLOEXEC) < 0)
		log_write(LOG_ERROR, "log_reopen_failed",
		    LOG_FIELDS(LOG_TEXT("file", settings->pool_log_file),
			LOG_TEXT("cause", strerror(errno))));
	if (fd >= 0)
		close(fd);
}
