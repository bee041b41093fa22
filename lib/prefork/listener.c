#include "prefork/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/text.h"

#define UNIX_PREFIX "unix:"
#define NAME_BYTES  256 /* systemd's limit */
#define HOST_BYTES  16
/* While it is made, ".PID" is behind a socket's name. */
#define PATH_BYTES                                                             \
	(sizeof(((struct sockaddr_un *)NULL)->sun_path) - sizeof(".4194304"))

/* --- unix sockets ------------------------------------------------------- */

static bool
path_valid(const char *path)
{
	return *path != '\0' && strlen(path) <= PATH_BYTES;
}

static int
unix_address(const char *path, struct sockaddr_un *address)
{
	int n;

	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	n = snprintf(address->sun_path, sizeof(address->sun_path), "%s", path);
	return n > 0 && (size_t)n < sizeof(address->sun_path) ? 0 : -1;
}

static bool
answers(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool up;

	if (fd < 0)
		return false;
	/* EAGAIN: its queue is full, so somebody listens. */
	up = connect(fd, (const struct sockaddr *)address, sizeof(*address)) ==
		 0 ||
	     errno == EAGAIN;
	close(fd);
	return up;
}

/* What may be replaced: nothing, or a socket that nobody listens on. */
static int
check_place(
    const char *path, const struct sockaddr_un *address, struct err *err)
{
	struct stat status;

	if (lstat(path, &status) != 0)
		return 0;
	if (!S_ISSOCK(status.st_mode))
		return err_set_public(err, &ERR_INVALID,
		    "%s exists and is no socket: move it away", path);
	if (answers(address))
		return err_set_public(err, &ERR_UNAVAILABLE,
		    "another process already listens on %s: stop it first",
		    path);
	return 0;
}

static int
bind_hidden(
    int fd, const struct sockaddr_un *hidden, unsigned mode, int backlog)
{
	unlink(hidden->sun_path);
	if (bind(fd, (const struct sockaddr *)hidden, sizeof(*hidden)) != 0)
		return -1;
	if (chmod(hidden->sun_path, (mode_t)mode) != 0)
		return -1;
	return listen(fd, backlog);
}

static int
open_unix(const char *path, unsigned mode, int backlog, struct err *err)
{
	char hidden_path[PATH_MAX];
	struct sockaddr_un address;
	struct sockaddr_un hidden;
	int fd;

	snprintf(
	    hidden_path, sizeof(hidden_path), "%s.%ld", path, (long)getpid());
	if (!path_valid(path) || unix_address(path, &address) != 0 ||
	    unix_address(hidden_path, &hidden) != 0)
		return err_set_public(err, &ERR_INVALID,
		    "the socket path %s is empty or too long: "
		    "at most %zu bytes",
		    path, PATH_BYTES);
	if (check_place(path, &address, err) != 0)
		return -1;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && bind_hidden(fd, &hidden, mode, backlog) == 0 &&
	    rename(hidden_path, path) == 0)
		return fd;
	err_set_public(err, &ERR_UNAVAILABLE,
	    "cannot listen on %s: %s (does its directory exist, and may this "
	    "user write there?)",
	    path, strerror(errno));
	if (fd >= 0) {
		unlink(hidden_path);
		close(fd);
	}
	return -1;
}

/* --- TCP ---------------------------------------------------------------- */

static bool
is_loopback(const char *host)
{
	static const char *const hosts[] = { "127.0.0.1", "::1", "localhost" };

	for (size_t i = 0; i < ARRAY_LEN(hosts); i++)
		if (strcmp(host, hosts[i]) == 0)
			return true;
	return false;
}

/* "127.0.0.1:9000", "[::1]:9000", "localhost:9000". */
static int
split_address(const char *address, char *host, size_t size, int64_t *port)
{
	const char *colon = strrchr(address, ':');
	size_t len;

	if (colon == NULL || text_parse_int(colon + 1, 0, 65535, port) != 0)
		return -1;
	len = (size_t)(colon - address);
	if (len >= 2 && address[0] == '[' && address[len - 1] == ']') {
		address++;
		len -= 2;
	}
	if (len == 0 || len >= size)
		return -1;
	memcpy(host, address, len);
	host[len] = '\0';
	return is_loopback(host) ? 0 : -1;
}

static int
bind_tcp(const struct addrinfo *found, int backlog)
{
	int on = 1;
	int fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int saved;

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, found->ai_addr, found->ai_addrlen) == 0 &&
	    listen(fd, backlog) == 0)
		return fd;
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

/* NULL with err; else to be freed. */
static struct addrinfo *
look_up(const char *address, struct err *err)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
		.ai_flags = AI_NUMERICSERV };
	struct addrinfo *found = NULL;
	char service[8];
	char host[HOST_BYTES];
	int64_t port;

	if (split_address(address, host, sizeof(host), &port) != 0) {
		err_set_public(err, &ERR_INVALID,
		    "%s is no address: " LISTENER_ADDRESS, address);
		return NULL;
	}
	snprintf(service, sizeof(service), "%d", (int)port);
	if (getaddrinfo(host, service, &hints, &found) != 0) {
		err_set_public(
		    err, &ERR_UNAVAILABLE, "%s cannot be looked up", host);
		return NULL;
	}
	return found;
}

static int
open_tcp(const char *address, int backlog, struct err *err)
{
	struct addrinfo *found = look_up(address, err);
	int fd;

	if (found == NULL)
		return -1;
	fd = bind_tcp(found, backlog);
	freeaddrinfo(found);
	if (fd < 0)
		err_set_public(err, &ERR_UNAVAILABLE, "cannot listen on %s: %s",
		    address, strerror(errno));
	return fd;
}

bool
listener_address_valid(const char *address)
{
	size_t prefix = sizeof(UNIX_PREFIX) - 1;
	char host[HOST_BYTES];
	int64_t port;

	if (strncmp(address, UNIX_PREFIX, prefix) != 0)
		return split_address(address, host, sizeof(host), &port) == 0;
	return path_valid(address + prefix);
}

int
listener_open(const char *address, unsigned mode, int backlog, struct err *err)
{
	size_t prefix = sizeof(UNIX_PREFIX) - 1;

	if (strncmp(address, UNIX_PREFIX, prefix) == 0)
		return open_unix(address + prefix, mode, backlog, err);
	return open_tcp(address, backlog, err);
}

/* --- the other end ------------------------------------------------------ */

static int
connect_unix(const char *path, struct err *err)
{
	struct sockaddr_un address;
	int fd;

	if (*path == '\0' || unix_address(path, &address) != 0)
		return err_set_public(err, &ERR_INVALID,
		    "the socket path %s is empty or too long", path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0 && connect(fd, (const struct sockaddr *)&address,
			   sizeof(address)) == 0)
		return fd;
	err_set_public(err, &ERR_UNAVAILABLE, "cannot connect to %s: %s", path,
	    strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

/* Loopback connects at once. */
static int
connect_tcp(const char *address, struct err *err)
{
	struct addrinfo *found = look_up(address, err);
	int fd;

	if (found == NULL)
		return -1;
	fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, found->ai_addr, found->ai_addrlen) != 0) {
		err_set_public(err, &ERR_UNAVAILABLE,
		    "cannot connect to %s: %s", address, strerror(errno));
		close(fd);
		fd = -1;
	}
	freeaddrinfo(found);
	return fd;
}

int
listener_connect(const char *address, struct err *err)
{
	size_t prefix = sizeof(UNIX_PREFIX) - 1;

	if (strncmp(address, UNIX_PREFIX, prefix) == 0)
		return connect_unix(address + prefix, err);
	return connect_tcp(address, err);
}

/* --- inherited ---------------------------------------------------------- */

static bool
is_listening(int fd)
{
	int listening = 0;
	socklen_t size = sizeof(listening);

	return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) ==
		   0 &&
	       listening;
}

/* How many there are for this process; 0: none. */
static int
inherited_count(void)
{
	const char *pid_text = getenv("LISTEN_PID");
	const char *count_text = getenv("LISTEN_FDS");
	int64_t count;
	int64_t pid;

	if (pid_text == NULL || count_text == NULL ||
	    text_parse_int(pid_text, 1, INT32_MAX, &pid) != 0 ||
	    text_parse_int(count_text, 1, INT32_MAX, &count) != 0 ||
	    pid != getpid())
		return 0;
	return count > LISTENER_MAX_FDS ? LISTENER_MAX_FDS : (int)count;
}

/* The next of names that are separated by colons; "" past the last. */
static void
next_name(const char **names, char name[NAME_BYTES])
{
	size_t len = *names == NULL ? 0 : strcspn(*names, ":");

	name[0] = '\0';
	if (*names == NULL)
		return;
	if (len < NAME_BYTES) {
		memcpy(name, *names, len);
		name[len] = '\0';
	}
	*names = (*names)[len] == ':' ? *names + len + 1 : NULL;
}

static void
take(struct prefork_sockets *sockets, const char *name, int fd)
{
	if (fcntl(fd, F_SETFD, FD_CLOEXEC) != 0)
		return;
	if (strcmp(name, LISTENER_READY) == 0)
		sockets->ready_fd = fd;
	else if (!is_listening(fd))
		return;
	else if (strcmp(name, LISTENER_STATUS) == 0)
		sockets->status_fd = fd;
	else if (sockets->listen_fd < 0)
		sockets->listen_fd = fd;
}

void
listener_inherit(struct prefork_sockets *sockets)
{
	const char *names = getenv("LISTEN_FDNAMES");
	int count = inherited_count();

	*sockets = (struct prefork_sockets){ -1, -1, -1 };
	for (int i = 0; i < count; i++) {
		char name[NAME_BYTES];

		next_name(&names, name);
		take(sockets, name, LISTENER_FIRST_FD + i);
	}
	/* Meant for this process alone, not for what it starts. */
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
}

int
listener_inherited(void)
{
	struct prefork_sockets sockets;

	listener_inherit(&sockets);
	return sockets.listen_fd;
}
