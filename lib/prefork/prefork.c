#include "prefork/prefork.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/log.h"
#include "prefork/pool.h"

#define TICK_MS 1000

/* --- signals ------------------------------------------------------------ */

static int
open_signals(struct pool *pool, struct err *err)
{
	sigset_t mine;

	sigemptyset(&mine);
	sigaddset(&mine, SIGTERM);
	sigaddset(&mine, SIGQUIT);
	sigaddset(&mine, SIGINT);
	sigaddset(&mine, SIGCHLD);
	sigprocmask(SIG_BLOCK, &mine, &pool->outer_mask);
	pool->signal_fd = signalfd(-1, &mine, SFD_CLOEXEC | SFD_NONBLOCK);
	if (pool->signal_fd < 0)
		return err_set(
		    err, &ERR_INTERNAL, "signalfd: %s", strerror(errno));
	return 0;
}

/* True when one of the signals that came asks to stop. */
static bool
read_signals(const struct pool *pool)
{
	struct signalfd_siginfo signal;
	bool stop = false;

	while (read(pool->signal_fd, &signal, sizeof(signal)) ==
	       (ssize_t)sizeof(signal))
		if (signal.ssi_signo != SIGCHLD)
			stop = true;
	return stop;
}

/* Waits for a signal; true when one asks to stop. */
static bool
wait_for_signal(const struct pool *pool, int64_t wait_ms)
{
	struct pollfd ready = { .fd = pool->signal_fd, .events = POLLIN };

	poll(&ready, 1, (int)wait_ms);
	return read_signals(pool);
}

/* --- serving ------------------------------------------------------------ */

static int64_t
shorter(int64_t wait_ms, int64_t other_ms)
{
	return other_ms < wait_ms ? other_ms : wait_ms;
}

static int64_t
time_to_wait(const struct pool *pool, int64_t next_tick_ms)
{
	int64_t now_ms = clock_monotonic_ms();
	int64_t wait_ms = next_tick_ms - now_ms;
	int64_t overdue_ms = overdue_wait_ms(pool, now_ms);

	if (overdue_ms >= 0)
		wait_ms = shorter(wait_ms, overdue_ms);
	if (children_missing(pool))
		wait_ms = shorter(wait_ms, brake_wait_ms(&pool->brake, now_ms));
	return wait_ms > 0 ? wait_ms : 0;
}

static void
run(struct pool *pool)
{
	int64_t next_tick_ms = clock_monotonic_ms() + TICK_MS;

	do {
		int64_t now_ms;

		children_reap(pool);
		children_fill(pool);
		now_ms = clock_monotonic_ms();
		overdue_check(pool, now_ms);
		if (now_ms >= next_tick_ms) {
			next_tick_ms = now_ms + TICK_MS;
			if (pool->options->tick != NULL)
				pool->options->tick(pool->options->context);
		}
	} while (!wait_for_signal(pool, time_to_wait(pool, next_tick_ms)));
}

/* --- draining ----------------------------------------------------------- */

static void
wait_for_all(struct pool *pool, struct deadline deadline)
{
	children_reap(pool);
	while (children_any(pool) && deadline_left_ms(deadline) > 0) {
		int64_t wait_ms = shorter(TICK_MS, deadline_left_ms(deadline));

		wait_for_signal(pool, wait_ms);
		children_reap(pool);
	}
}

static int
drain(struct pool *pool, struct err *err)
{
	unsigned killed;

	pool->draining = true;
	log_write(LOG_INFO, "pool_drain",
	    LOG_FIELDS(LOG_TEXT("pool", pool->options->name),
		LOG_NUM("workers", children_signal(pool, SIGTERM))));
	wait_for_all(pool, deadline_in(pool->options->drain_ms));
	killed = children_signal(pool, SIGKILL);
	if (killed == 0)
		return 0;
	while (children_any(pool))
		wait_for_all(pool, deadline_in(TICK_MS));
	return err_set(err, &ERR_TIMEOUT,
	    "%u workers of %s did not end within %lld ms and were killed",
	    killed, pool->options->name, (long long)pool->options->drain_ms);
}

int
prefork_run(const struct prefork_options *options, struct scoreboard *board,
    struct err *err)
{
	struct pool pool = {
		.options = options,
		.board = board,
		.signal_fd = -1,
	};
	int result = -1;

	assert(options->workers > 0 && options->workers <= board->slots);
	pool.children = calloc(options->workers, sizeof(*pool.children));
	if (pool.children == NULL)
		return err_set(err, &ERR_INTERNAL, "no memory for the pool");
	if (open_signals(&pool, err) != 0)
		goto out;
	run(&pool);
	result = drain(&pool, err);
	close(pool.signal_fd);
out:
	sigprocmask(SIG_SETMASK, &pool.outer_mask, NULL);
	free(pool.children);
	return result;
}
