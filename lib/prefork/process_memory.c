#include "prefork/process_memory.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILE_BYTES 4096

/* The file's start, NUL-terminated; -1 when there is none. */
static ssize_t
read_file(pid_t pid, char text[FILE_BYTES])
{
	char path[64];
	ssize_t len;
	int fd;

	snprintf(path, sizeof(path), "/proc/%ld/smaps_rollup", (long)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	len = read(fd, text, FILE_BYTES - 1);
	close(fd);
	if (len > 0)
		text[len] = '\0';
	return len;
}

static int64_t
kib_of(const char *text, const char *name)
{
	const char *at = strstr(text, name);

	return at == NULL ? 0 : strtoll(at + strlen(name), NULL, 10);
}

int
process_memory_read(pid_t pid, struct process_memory *memory)
{
	char text[FILE_BYTES];

	if (read_file(pid, text) <= 0)
		return -1;
	memory->resident_kib = kib_of(text, "\nRss:");
	memory->private_kib =
	    kib_of(text, "\nPrivate_Clean:") + kib_of(text, "\nPrivate_Dirty:");
	return 0;
}
