#include "prefork/prefork.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/log.h"
#include "prefork/notify.h"
#include "prefork/pool.h"

#define TICK_MS 1000

/* --- signals ------------------------------------------------------------ */

static const int steering[] = { SIGTERM, SIGQUIT, SIGINT, SIGCHLD, SIGHUP,
	SIGUSR1, SIGUSR2, SIGTTIN, SIGTTOU };

static int
open_events(struct pool *pool, struct err *err)
{
	sigset_t mine;

	sigemptyset(&mine);
	for (size_t i = 0; i < ARRAY_LEN(steering); i++)
		sigaddset(&mine, steering[i]);
	sigprocmask(SIG_BLOCK, &mine, &pool->outer_mask);
	pool->signal_fd = signalfd(-1, &mine, SFD_CLOEXEC | SFD_NONBLOCK);
	pool->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (pool->signal_fd < 0 || pool->wake_fd < 0)
		return err_set(
		    err, &ERR_INTERNAL, "signalfd: %s", strerror(errno));
	pool->board->wake_fd = pool->wake_fd;
	return 0;
}

static void
read_signals(struct pool *pool)
{
	struct signalfd_siginfo signal;
	struct wishes *wishes = &pool->wishes;

	while (read(pool->signal_fd, &signal, sizeof(signal)) ==
	       (ssize_t)sizeof(signal)) {
		switch (signal.ssi_signo) {
		case SIGCHLD:
			break;
		case SIGHUP:
			wishes->reload = true;
			break;
		case SIGUSR1:
			wishes->reopen = true;
			break;
		case SIGUSR2:
			wishes->upgrade = true;
			break;
		case SIGTTIN:
			wishes->more++;
			break;
		case SIGTTOU:
			wishes->more--;
			break;
		default:
			wishes->stop = true;
		}
	}
}

/* --- waiting ------------------------------------------------------------ */

enum { FD_SIGNAL, FD_WAKE, FD_READY, FD_RESPONDER };

/* Waits for whatever happens first, and answers who asks for the status. */
static void
wait_for_events(struct pool *pool, int64_t wait_ms)
{
	struct pollfd fds[FD_RESPONDER + RESPONDER_FDS] = {
		[FD_SIGNAL] = { .fd = pool->signal_fd, .events = POLLIN },
		[FD_WAKE] = { .fd = pool->wake_fd, .events = POLLIN },
		[FD_READY] = { .fd = pool->upgrade.ready_fd, .events = POLLIN },
	};
	uint64_t count;

	responder_prepare(&pool->responder, fds + FD_RESPONDER);
	/* When nothing happened, or a signal came, revents are untouched. */
	poll(fds, ARRAY_LEN(fds), (int)wait_ms);
	(void)!read(pool->wake_fd, &count, sizeof(count));
	read_signals(pool);
	responder_work(
	    &pool->responder, fds + FD_RESPONDER, clock_monotonic_ms());
}

static int64_t
shorter(int64_t wait_ms, int64_t other_ms)
{
	return other_ms >= 0 && other_ms < wait_ms ? other_ms : wait_ms;
}

static int64_t
time_to_wait(const struct pool *pool)
{
	int64_t now_ms = clock_monotonic_ms();
	int64_t wait_ms = pool->ticked_ms + TICK_MS - now_ms;

	wait_ms = shorter(wait_ms, overdue_wait_ms(pool, now_ms));
	wait_ms = shorter(wait_ms, responder_wait_ms(&pool->responder, now_ms));
	if (pool->busy)
		wait_ms = shorter(wait_ms, pool->board->queue.each_ms);
	if (children_missing(pool))
		wait_ms = shorter(wait_ms, brake_wait_ms(&pool->brake, now_ms));
	return wait_ms > 0 ? wait_ms : 0;
}

/* --- serving ------------------------------------------------------------ */

/* Once all workers of a generation serve. */
static void
report_ready(struct pool *pool)
{
	/* The one before tells systemd whom to listen to from now on. */
	if (upgrade_awaited(pool))
		upgrade_report(pool);
	else
		notify_send("READY=1\nSTATUS=%u workers", pool->wanted);
	log_write(LOG_INFO, "pool_ready",
	    LOG_FIELDS(LOG_TEXT("pool", pool->options.name),
		LOG_NUM("generation", pool->generation),
		LOG_NUM("workers", pool->wanted)));
}

/* Workers that become busy wake the master, but not while it looks often
 * anyway. */
static void
look_at_load(struct pool *pool, struct census *census)
{
	pool->board->woken = false;
	scoreboard_count(pool->board, census);
	pool->busy = census->ready == 0;
	pool->board->woken = pool->busy;
}

/* A connection can be left waiting beside idle workers when the one that was
 * woken for it died. */
static void
nudge_idle(const struct pool *pool)
{
	for (unsigned i = 0; i < pool->board->slots; i++)
		if (pool->children[i].pid != 0 &&
		    pool->board->slot[i].state == WORKER_IDLE)
			kill(pool->children[i].pid, SIGUSR1);
}

static const char *
watchdog(const struct pool *pool)
{
	return pool->watchdog_ms > 0 ? "WATCHDOG=1\n" : "";
}

static void
tell_systemd(const struct pool *pool, const struct census *census)
{
	const char *reload =
	    pool->reload_failed ? "; the last reload failed, see the log" : "";

	if (upgrade_awaited(pool))
		return;
	if (pool->sockets.listen_fd < 0)
		notify_send("%sSTATUS=%u of %u workers run%s", watchdog(pool),
		    census->alive, pool->wanted, reload);
	else
		notify_send(
		    "%sSTATUS=%u of %u workers idle, %.0f requests a second, "
		    "%u connections waiting%s",
		    watchdog(pool), census->ready, census->alive,
		    pool->requests_per_s, pool->board->queue.depth, reload);
}

static void
tick(struct pool *pool, const struct census *census, int64_t now_ms)
{
	int64_t passed_ms = now_ms - pool->ticked_ms;

	if (passed_ms < TICK_MS)
		return;
	pool->requests_per_s =
	    (double)(census->requests - pool->seen_requests) * 1000.0 /
	    (double)passed_ms;
	pool->seen_requests = census->requests;
	pool->ticked_ms = now_ms;
	if (pool->board->queue.depth > 0 && !pool->busy)
		nudge_idle(pool);
	tell_systemd(pool, census);
	if (pool->options.tick != NULL)
		pool->options.tick(pool->options.context);
}

static void
look(struct pool *pool)
{
	bool served = pool->serving;
	struct census census;
	int64_t now_ms;

	children_reap(pool);
	upgrade_reap(pool);
	staff_adjust(pool, clock_monotonic_ms());
	children_fill(pool);
	now_ms = clock_monotonic_ms();
	overdue_check(pool, now_ms);
	look_at_load(pool, &census);
	if (pool->sockets.listen_fd >= 0)
		queue_probe_sample(&pool->probe, &pool->board->queue, now_ms);
	if (pool->serving && !served)
		report_ready(pool);
	tick(pool, &census, now_ms);
}

static void
run(struct pool *pool)
{
	pool->ticked_ms = clock_monotonic_ms();
	while (!pool->wishes.stop) {
		look(pool);
		wait_for_events(pool, time_to_wait(pool));
		if (upgrade_done(pool))
			return;
		steer(pool);
	}
}

/* --- draining ----------------------------------------------------------- */

static void
wait_for_all(struct pool *pool, struct deadline deadline)
{
	children_reap(pool);
	while (children_any(pool) && deadline_left_ms(deadline) > 0) {
		int64_t wait_ms = shorter(TICK_MS, deadline_left_ms(deadline));

		wait_for_events(pool, wait_ms);
		children_reap(pool);
		overdue_check(pool, clock_monotonic_ms());
		notify_send("%sSTATUS=draining", watchdog(pool));
	}
}

static int
drain(struct pool *pool, struct err *err)
{
	unsigned killed;

	pool->draining = true;
	if (pool->upgrade.pid == 0)
		notify_send("STOPPING=1");
	else
		responder_close(&pool->responder);
	log_write(LOG_INFO, "pool_drain",
	    LOG_FIELDS(LOG_TEXT("pool", pool->options.name),
		LOG_NUM("workers", children_signal(pool, SIGTERM))));
	wait_for_all(pool, deadline_in(pool->options.drain_ms));
	killed = children_signal(pool, SIGKILL);
	if (killed == 0)
		return 0;
	while (children_any(pool))
		wait_for_all(pool, deadline_in(TICK_MS));
	return err_set(err, &ERR_TIMEOUT,
	    "%u workers of %s did not end within %lld ms and were killed",
	    killed, pool->options.name, (long long)pool->options.drain_ms);
}

/* --- the whole ---------------------------------------------------------- */

static void
set_up(struct pool *pool)
{
	pool->watchdog_ms = notify_watchdog_ms();
	pool->board->pool.started_ms = clock_monotonic_ms();
	if (pool->options.sockets != NULL)
		pool->sockets = *pool->options.sockets;
	if (pool->sockets.listen_fd >= 0)
		queue_probe_open(&pool->probe, pool->sockets.listen_fd);
	responder_open(&pool->responder, pool->sockets.status_fd);
	pool->responder.context = pool;
	pool->responder.answer = status_answer;
	staff_publish(pool);
}

static void
clear(struct pool *pool)
{
	responder_close(&pool->responder);
	queue_probe_close(&pool->probe);
	if (pool->upgrade.ready_fd >= 0)
		close(pool->upgrade.ready_fd);
	if (pool->signal_fd >= 0)
		close(pool->signal_fd);
	if (pool->wake_fd >= 0)
		close(pool->wake_fd);
	pool->board->wake_fd = -1;
	sigprocmask(SIG_SETMASK, &pool->outer_mask, NULL);
	free(pool->children);
}

int
prefork_run(const struct prefork_options *options, struct scoreboard *board,
    struct err *err)
{
	struct pool pool = {
		.options = *options,
		.sockets = { -1, -1, -1 },
		.board = board,
		.generation = 1,
		.signal_fd = -1,
		.wake_fd = -1,
		.probe.netlink_fd = -1,
		.upgrade.ready_fd = -1,
	};
	int result = -1;

	assert(scaling_most(&options->scaling) > 0 &&
	       scaling_most(&options->scaling) <= board->slots);
	pool.children = calloc(board->slots, sizeof(*pool.children));
	if (pool.children == NULL)
		return err_set(err, &ERR_INTERNAL, "no memory for the pool");
	set_up(&pool);
	if (open_events(&pool, err) == 0) {
		run(&pool);
		result = drain(&pool, err);
	}
	clear(&pool);
	return result;
}
