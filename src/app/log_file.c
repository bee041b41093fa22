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
log_file_open(const char *setting, const char *path, FILE *problems)
{
	int fd;

	if (path[0] == '\0')
		return 0;
	fd = open_file(path);
	if (fd < 0) {
		fprintf(
		    problems, "%s: %s: %s\n", setting, path, strerror(errno));
		return -1;
	}
	log_set_fd(fd);
	return 0;
}

void
log_file_reopen(const char *path)
{
	int fd;

	if (path[0] == '\0')
		return;
	fd = open_file(path);
	if (fd < 0 || dup3(fd, log_fd(), O_CLOEXEC) < 0)
		log_write(LOG_ERROR, "log_reopen_failed",
		    LOG_FIELDS(LOG_TEXT("file", path),
			LOG_TEXT("cause", strerror(errno))));
	log_set_fd(log_fd());
	if (fd >= 0)
		close(fd);
}
