#include "prefork/notify.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/text.h"

#define STATE_BYTES 512

/* A path, or with @ in front a name of the abstract kind. 0: none. */
static socklen_t
find_address(struct sockaddr_un *address)
{
	const char *name = getenv("NOTIFY_SOCKET");
	size_t len = name == NULL ? 0 : strlen(name);

	if (len < 2 || len >= sizeof(address->sun_path) ||
	    (name[0] != '/' && name[0] != '@'))
		return 0;
	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	memcpy(address->sun_path, name, len);
	if (name[0] == '@')
		address->sun_path[0] = '\0';
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
}

void
notify_send(const char *format, ...)
{
	struct sockaddr_un address;
	socklen_t size = find_address(&address);
	char state[STATE_BYTES];
	va_list args;
	int fd;

	if (size == 0)
		return;
	va_start(args, format);
	(void)vsnprintf(state, sizeof(state), format, args);
	va_end(args);
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return;
	(void)!sendto(fd, state, strlen(state), MSG_NOSIGNAL,
	    (const struct sockaddr *)&address, size);
	close(fd);
}

int64_t
notify_watchdog_ms(void)
{
	const char *pid_text = getenv("WATCHDOG_PID");
	const char *limit_text = getenv("WATCHDOG_USEC");
	int64_t limit_us;
	int64_t pid;

	if (limit_text == NULL ||
	    text_parse_int(limit_text, 1, INT64_MAX, &limit_us) != 0)
		return 0;
	if (pid_text != NULL &&
	    (text_parse_int(pid_text, 1, INT32_MAX, &pid) != 0 ||
		pid != getpid()))
		return 0;
	return limit_us / 1000;
}

void
notify_adopt_watchdog(void)
{
	char pid[16];

	if (getenv("WATCHDOG_PID") == NULL)
		return;
	snprintf(pid, sizeof(pid), "%ld", (long)getpid());
	setenv("WATCHDOG_PID", pid, 1);
}

void
notify_end(void)
{
	unsetenv("NOTIFY_SOCKET");
}
