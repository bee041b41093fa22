#include "http/reception.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/log.h"

#define SHORTAGE_WAIT_MS 50

/* Signals that stop or steer a worker; none may interrupt libfcgi, which never
 * retries a read or a write and would cut a request or a reply. */
static const int steering[] = {
	SIGTERM,
	SIGQUIT,
	SIGINT,
	SIGHUP,
	SIGUSR1,
	SIGUSR2,
	SIGCHLD,
};

/* --- setting up --------------------------------------------------------- */

/* TERM and QUIT always; INT and USR1 unless the process ignores or handles
 * them, as the workers of a pool do. */
static void
fill_stop_signals(sigset_t *stop)
{
	static const int optional[] = { SIGINT, SIGUSR1 };

	sigemptyset(stop);
	sigaddset(stop, SIGTERM);
	sigaddset(stop, SIGQUIT);
	for (size_t i = 0; i < ARRAY_LEN(optional); i++) {
		struct sigaction action;

		sigaction(optional[i], NULL, &action);
		if (action.sa_handler == SIG_DFL)
			sigaddset(stop, optional[i]);
	}
}

static int
set_signals(struct reception *reception)
{
	sigset_t blocked;
	sigset_t stop;

	fill_stop_signals(&stop);
	sigemptyset(&blocked);
	for (size_t i = 0; i < ARRAY_LEN(steering); i++)
		sigaddset(&blocked, steering[i]);
	sigprocmask(SIG_BLOCK, &blocked, &reception->waiting_mask);
	for (size_t i = 0; i < ARRAY_LEN(steering); i++)
		if (sigismember(&stop, steering[i]))
			sigaddset(&reception->waiting_mask, steering[i]);
	signal(SIGPIPE, SIG_IGN);
	reception->signal_fd = signalfd(-1, &stop, SFD_CLOEXEC | SFD_NONBLOCK);
	return reception->signal_fd;
}

static int
watch(const struct reception *reception, int fd, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.fd = fd };

	return epoll_ctl(reception->epoll_fd, EPOLL_CTL_ADD, fd, &event);
}

int
reception_open(struct reception *reception, int listen_fd, int64_t limit_ms,
    struct err *err)
{
	int flags = fcntl(listen_fd, F_GETFL);
	int on = 1;

	reception->listen_fd = listen_fd;
	reception->signal_fd = -1;
	reception->epoll_fd = -1;
	reception->lobby = (struct lobby){ .epoll_fd = -1 };
	if (flags < 0 || fcntl(listen_fd, F_SETFL, flags | O_NONBLOCK) != 0)
		return err_set(err, &ERR_INTERNAL, "listening socket: %s",
		    strerror(errno));
	/* What is accepted inherits it. Unix sockets refuse it and need none.
	 */
	setsockopt(listen_fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	reception->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (reception->epoll_fd < 0 || set_signals(reception) < 0 ||
	    lobby_open(&reception->lobby, limit_ms) != 0 ||
	    watch(reception, reception->signal_fd, EPOLLIN) != 0 ||
	    watch(reception, reception->lobby.epoll_fd, EPOLLIN) != 0 ||
	    watch(reception, listen_fd, EPOLLIN | EPOLLEXCLUSIVE) != 0)
		return err_set(
		    err, &ERR_INTERNAL, "epoll: %s", strerror(errno));
	return 0;
}

void
reception_close(struct reception *reception)
{
	lobby_close(&reception->lobby);
	if (reception->signal_fd >= 0)
		close(reception->signal_fd);
	if (reception->epoll_fd >= 0)
		close(reception->epoll_fd);
}

void
reception_end(struct reception *reception)
{
	if (reception->closing)
		return;
	reception->closing = true;
	epoll_ctl(
	    reception->epoll_fd, EPOLL_CTL_DEL, reception->listen_fd, NULL);
	epoll_ctl(
	    reception->epoll_fd, EPOLL_CTL_DEL, reception->signal_fd, NULL);
}

/* --- a connection ------------------------------------------------------- */

/* Out of descriptors or memory: others may give some back. A stop ends the
 * wait. */
static void
wait_out_shortage(const struct reception *reception)
{
	struct pollfd stop = { .fd = reception->signal_fd, .events = POLLIN };

	log_write(LOG_ERROR, "accept_failed",
	    LOG_FIELDS(LOG_TEXT("cause", strerror(errno))));
	poll(&stop, 1, SHORTAGE_WAIT_MS);
}

/* 0 and the connection; -1 when there was none to take after all, with *fatal
 * when there never will be one. */
static int
let_in(const struct reception *reception, struct guest *guest, bool *fatal)
{
	int fd = accept4(reception->listen_fd, NULL, NULL, SOCK_CLOEXEC);

	*fatal = false;
	if (fd >= 0) {
		*guest = (struct guest){
			.fd = fd,
			.came_us = clock_monotonic_us(),
		};
		if (reception->queued_ms != NULL)
			guest->queued_ms =
			    reception->queued_ms(reception->context);
		return 0;
	}
	switch (errno) {
	case EBADF:
	case EINVAL:
	case ENOTSOCK:
	case EOPNOTSUPP:
		*fatal = true;
		break;
	case EMFILE:
	case ENFILE:
	case ENOBUFS:
	case ENOMEM:
		wait_out_shortage(reception);
		break;
	}
	return -1;
}

/* QUIET: there was nobody, or who came was shown into the lobby. */
static enum reception_event
receive(struct reception *reception, struct guest *guest)
{
	struct guest newcomer;
	enum arrival arrival;
	bool fatal;

	if (let_in(reception, &newcomer, &fatal) != 0)
		return fatal ? RECEPTION_BROKEN : RECEPTION_QUIET;
	arrival = lobby_look(&reception->lobby, newcomer.fd);
	if (arrival != ARRIVAL_PART) {
		*guest = newcomer;
		guest->all_there = arrival == ARRIVAL_ALL;
		return RECEPTION_GUEST;
	}
	return lobby_add(&reception->lobby, &newcomer, guest)
		   ? RECEPTION_REFUSED
		   : RECEPTION_QUIET;
}

/* --- waiting ------------------------------------------------------------ */

static int
shorter(int timeout_ms, int other_ms)
{
	if (timeout_ms < 0 || (other_ms >= 0 && other_ms < timeout_ms))
		return other_ms;
	return timeout_ms;
}

/* What one sleep brought. */
struct happened {
	bool slept;
	bool stop;
	bool newcomer;
	bool guest;
};

/* -1: interrupted; else how many things happened. */
static int
await(const struct reception *reception, int timeout_ms,
    struct happened *happened)
{
	struct epoll_event events[3];
	int n = epoll_pwait(reception->epoll_fd, events, ARRAY_LEN(events),
	    timeout_ms, &reception->waiting_mask);

	*happened = (struct happened){ .slept = timeout_ms != 0 };
	for (int i = 0; i < n; i++) {
		if (events[i].data.fd == reception->signal_fd)
			happened->stop = true;
		else if (events[i].data.fd == reception->listen_fd)
			happened->newcomer = true;
		else
			happened->guest = true;
	}
	return n;
}

/* A stop comes first. A connection that ended the same sleep is taken all the
 * same: the kernel woke nobody else for it. */
static enum reception_event
attend(struct reception *reception, const struct happened *happened,
    struct guest *guest)
{
	bool newcomer = happened->newcomer;

	if (happened->stop) {
		reception_end(reception);
		return newcomer && happened->slept ? receive(reception, guest)
						   : RECEPTION_QUIET;
	}
	reception->guests_first = !reception->guests_first;
	if (happened->guest && (reception->guests_first || !newcomer))
		return lobby_call(&reception->lobby, guest) ? RECEPTION_GUEST
							    : RECEPTION_QUIET;
	return newcomer ? receive(reception, guest) : RECEPTION_QUIET;
}

enum reception_event
reception_wait(struct reception *reception, int timeout_ms, struct guest *guest)
{
	for (;;) {
		int64_t now_us = clock_monotonic_us();
		int guests_ms = lobby_wait_ms(&reception->lobby, now_us);
		int wait_ms = shorter(timeout_ms, guests_ms);
		struct happened happened;
		enum reception_event found;
		int n;

		if (lobby_expire(&reception->lobby, now_us, guest))
			return RECEPTION_REFUSED;
		if (reception->closing && guests_ms < 0)
			return RECEPTION_STOP;
		n = await(reception, wait_ms, &happened);
		if (n < 0)
			return RECEPTION_SIGNAL;
		if (n == 0 && wait_ms == timeout_ms)
			return RECEPTION_QUIET;
		if (n == 0)
			continue;
		found = attend(reception, &happened, guest);
		if (found != RECEPTION_QUIET)
			return found;
	}
}
