#include "http/socket_watch.h"

#include <errno.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/time.h>

static volatile sig_atomic_t watched_fd = -1;
static volatile sig_atomic_t fired;

/* Works in whichever thread the signal ends up (libcurl's resolver has one),
 * and between two reads as well as in one. */
static void
on_alarm(int signal)
{
	int saved = errno;

	(void)signal;
	if (watched_fd >= 0) {
		fired = 1;
		shutdown(watched_fd, SHUT_RDWR);
	}
	errno = saved;
}

static void
set_timer(int64_t ms)
{
	struct itimerval timer = {
		.it_value = { .tv_sec = ms / 1000,
		    .tv_usec = ms % 1000 * 1000 },
	};

	setitimer(ITIMER_REAL, &timer, NULL);
}

void
socket_watch_init(void)
{
	struct sigaction action = { .sa_handler = on_alarm,
		.sa_flags = SA_RESTART };
	sigset_t alarm;

	sigemptyset(&action.sa_mask);
	sigaction(SIGALRM, &action, NULL);
	sigemptyset(&alarm);
	sigaddset(&alarm, SIGALRM);
	sigprocmask(SIG_UNBLOCK, &alarm, NULL);
}

void
socket_watch_start(int fd, int64_t ms)
{
	fired = 0;
	watched_fd = fd;
	set_timer(ms > 0 ? ms : 1);
}

bool
socket_watch_stop(void)
{
	set_timer(0);
	watched_fd = -1;
	return !fired;
}
