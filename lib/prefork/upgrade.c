#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/log.h"
#include "prefork/listener.h"
#include "prefork/notify.h"
#include "prefork/pool.h"

/* --- in the new process ------------------------------------------------- */

/* Out of the way of the numbers that they get. */
static int
lift(int fd)
{
	return fcntl(fd, F_DUPFD, LISTENER_FIRST_FD + LISTENER_MAX_FDS);
}

/* Hands over the sockets under the numbers and names of sd_listen_fds(3). The
 * pipe's end is the last. */
static int
hand_over(const struct prefork_sockets *sockets, int ready_fd)
{
	const char *names = sockets->status_fd < 0
				? LISTENER_POOL ":" LISTENER_READY
				: LISTENER_POOL ":" LISTENER_STATUS
						":" LISTENER_READY;
	int fds[LISTENER_MAX_FDS];
	char text[16];
	int count = 0;

	fds[count++] = lift(sockets->listen_fd);
	if (sockets->status_fd >= 0)
		fds[count++] = lift(sockets->status_fd);
	fds[count++] = lift(ready_fd);
	for (int i = 0; i < count; i++)
		if (fds[i] < 0 || dup2(fds[i], LISTENER_FIRST_FD + i) < 0)
			return -1;
	for (int i = 0; i < count; i++)
		close(fds[i]);
	snprintf(text, sizeof(text), "%d", count);
	setenv("LISTEN_FDS", text, 1);
	setenv("LISTEN_FDNAMES", names, 1);
	snprintf(text, sizeof(text), "%ld", (long)getpid());
	setenv("LISTEN_PID", text, 1);
	return 0;
}

static _Noreturn void
become_new(const struct pool *pool, int ready_fd)
{
	if (pool->watchdog_ms > 0)
		notify_adopt_watchdog();
	if (hand_over(&pool->sockets, ready_fd) == 0) {
		sigprocmask(SIG_SETMASK, &pool->outer_mask, NULL);
		execvp(pool->options.argv[0], pool->options.argv);
	}
	log_write(LOG_ERROR, "upgrade_failed",
	    LOG_FIELDS(LOG_TEXT("file", pool->options.argv[0]),
		LOG_TEXT("cause", strerror(errno))));
	_exit(127);
}

/* --- in the old one ----------------------------------------------------- */

static bool
may_start(const struct pool *pool)
{
	const char *why = NULL;

	if (pool->options.argv == NULL || pool->sockets.listen_fd < 0)
		why = "this pool cannot be started anew";
	else if (pool->upgrade.pid != 0)
		why = "an upgrade is under way";
	if (why != NULL)
		log_write(LOG_WARN, "upgrade_refused",
		    LOG_FIELDS(LOG_TEXT("cause", why)));
	return why == NULL;
}

bool
upgrade_start(struct pool *pool)
{
	int ready[2];
	pid_t pid;

	if (!may_start(pool) || pipe2(ready, O_CLOEXEC) != 0)
		return false;
	pid = fork();
	if (pid == 0)
		become_new(pool, ready[1]);
	close(ready[1]);
	if (pid < 0) {
		log_write(LOG_ERROR, "upgrade_failed",
		    LOG_FIELDS(LOG_TEXT("cause", strerror(errno))));
		close(ready[0]);
		return false;
	}
	fcntl(ready[0], F_SETFL, O_NONBLOCK);
	pool->upgrade = (struct upgrade){ pid, ready[0] };
	log_write(LOG_INFO, "upgrade_start",
	    LOG_FIELDS(LOG_TEXT("file", pool->options.argv[0]),
		LOG_NUM("new_pid", pid)));
	return true;
}

static void
give_up(struct pool *pool)
{
	log_write(LOG_ERROR, "upgrade_failed",
	    LOG_FIELDS(LOG_NUM("new_pid", pool->upgrade.pid),
		LOG_TEXT("cause", "the new program ended before it served")));
	kill(pool->upgrade.pid, SIGTERM);
	close(pool->upgrade.ready_fd);
	pool->upgrade.ready_fd = -1;
}

void
upgrade_reap(struct pool *pool)
{
	if (pool->upgrade.pid != 0 && pool->upgrade.ready_fd < 0 &&
	    waitpid(pool->upgrade.pid, NULL, WNOHANG) == pool->upgrade.pid)
		pool->upgrade.pid = 0;
}

bool
upgrade_done(struct pool *pool)
{
	char byte;
	ssize_t got;

	if (pool->upgrade.ready_fd < 0)
		return false;
	got = read(pool->upgrade.ready_fd, &byte, 1);
	if (got < 0)
		return false;
	if (got == 0) {
		give_up(pool);
		return false;
	}
	log_write(LOG_INFO, "upgrade_done",
	    LOG_FIELDS(LOG_NUM("new_pid", pool->upgrade.pid)));
	notify_send("READY=1\nMAINPID=%ld\nSTATUS=process %ld took over",
	    (long)pool->upgrade.pid, (long)pool->upgrade.pid);
	notify_end();
	return true;
}

bool
upgrade_awaited(const struct pool *pool)
{
	return pool->sockets.ready_fd >= 0;
}

void
upgrade_report(struct pool *pool)
{
	(void)!write(pool->sockets.ready_fd, "r", 1);
	close(pool->sockets.ready_fd);
	pool->sockets.ready_fd = -1;
}
