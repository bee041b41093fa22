#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/log.h"
#include "prefork/phase_log.h"
#include "prefork/pool.h"

/* --- in the worker ------------------------------------------------------ */

/* Steering signals that are the master's business: a terminal sends them to
 * the whole process group. */
static const int ignored[] = { SIGHUP, SIGINT, SIGUSR1, SIGUSR2 };

/* Dispositions first: a signal sent since the fork is still pending. */
static void
reset_signals(const struct pool *pool)
{
	for (int s = 1; s < NSIG; s++)
		signal(s, SIG_DFL);
	for (size_t i = 0; i < ARRAY_LEN(ignored); i++)
		signal(ignored[i], SIG_IGN);
	sigprocmask(SIG_SETMASK, &pool->outer_mask, NULL);
}

/* max_requests, ten per cent up or down, so that workers which started
 * together do not end together. */
static uint64_t
jitter(uint64_t max_requests)
{
	uint64_t spread = max_requests / 10;

	if (spread == 0)
		return max_requests;
	if (spread > UINT32_MAX / 4)
		spread = UINT32_MAX / 4;
	return max_requests - spread + random_below((uint32_t)(2 * spread + 1));
}

/* A peer of the master would wait for the end of its answer as long as any
 * worker has its connection. */
static void
close_masters_files(struct pool *pool)
{
	const int files[] = { pool->signal_fd, pool->sockets.status_fd,
		pool->sockets.ready_fd, pool->upgrade.ready_fd };

	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		if (files[i] >= 0)
			close(files[i]);
	queue_probe_close(&pool->probe);
	responder_close(&pool->responder);
}

/* A worker that wakes does not take the processor from the web server that has
 * just handed it a request, nor from the database that has just answered: they
 * go on to the next, and each runs longer at a time (docs/performance.md). A
 * policy that somebody chose stays. */
static void
wake_without_preempting(void)
{
	const struct sched_param normal = { 0 };

	if (sched_getscheduler(0) == SCHED_OTHER)
		(void)sched_setscheduler(0, SCHED_BATCH, &normal);
}

static _Noreturn void
be_worker(struct pool *pool, unsigned index, pid_t master)
{
	const struct prefork_options *options = &pool->options;
	struct prefork_worker worker = {
		.index = index,
		.board = pool->board,
		.slot = &pool->board->slot[index],
		.max_requests = jitter(options->max_requests),
	};

	worker.slot->pid = getpid();
	close_masters_files(pool);
	reset_signals(pool);
	wake_without_preempting();
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != master)
		_exit(0);
	_exit(options->worker_main(options->context, &worker));
}

/* --- starting ----------------------------------------------------------- */

static int
start(struct pool *pool, unsigned index)
{
	struct scoreboard_slot *slot = &pool->board->slot[index];
	pid_t master = getpid();
	pid_t pid;

	scoreboard_start(slot);
	pid = fork();
	if (pid == 0)
		be_worker(pool, index, master);
	if (pid < 0) {
		scoreboard_empty(slot);
		log_write(LOG_ERROR, "worker_fork_failed",
		    LOG_FIELDS(LOG_TEXT("pool", pool->options.name),
			LOG_TEXT("cause", strerror(errno))));
		return -1;
	}
	slot->pid = pid;
	pool->board->pool.starts++;
	pool->children[index] = (struct child){
		.pid = pid,
		.started_ms = slot->started_ms,
		.generation = pool->generation,
	};
	log_write(LOG_INFO, "worker_start",
	    LOG_FIELDS(LOG_TEXT("pool", pool->options.name),
		LOG_NUM("worker", index), LOG_NUM("worker_pid", pid)));
	return 0;
}

void
children_count(const struct pool *pool, unsigned *staying, unsigned *idle)
{
	*staying = 0;
	*idle = 0;
	for (unsigned i = 0; i < pool->board->slots; i++) {
		const struct child *child = &pool->children[i];
		int state = pool->board->slot[i].state;

		if (child->pid == 0 || child->leaving ||
		    child->generation != pool->generation)
			continue;
		(*staying)++;
		*idle += state == WORKER_IDLE || state == WORKER_STARTING;
	}
}

bool
children_missing(const struct pool *pool)
{
	unsigned staying;
	unsigned idle;

	children_count(pool, &staying, &idle);
	return staying < pool->wanted;
}

void
children_fill(struct pool *pool)
{
	unsigned staying;
	unsigned idle;

	children_count(pool, &staying, &idle);
	for (unsigned i = 0; i < pool->board->slots && staying < pool->wanted;
	     i++) {
		int64_t now_ms = clock_monotonic_ms();

		if (pool->children[i].pid != 0)
			continue;
		if (brake_wait_ms(&pool->brake, now_ms) > 0)
			return;
		if (start(pool, i) == 0)
			staying++;
		else
			brake_failed(&pool->brake, now_ms, 0);
	}
}

/* --- ending ------------------------------------------------------------- */

static bool
is_failure(enum worker_end end)
{
	return end == END_CRASHED || end == END_FAILED || end == END_OVERDUE;
}

static void
log_exit(
    const struct pool *pool, unsigned index, int status, enum worker_end end)
{
	const struct child *child = &pool->children[index];
	const struct scoreboard_slot *slot = &pool->board->slot[index];
	bool signaled = WIFSIGNALED(status);

	log_write(is_failure(end) ? LOG_ERROR : LOG_INFO, "worker_exit",
	    LOG_FIELDS(LOG_TEXT("pool", pool->options.name),
		LOG_NUM("worker", index), LOG_NUM("worker_pid", child->pid),
		LOG_TEXT("why", scoreboard_end_name(end)),
		LOG_TEXT("cause", signaled ? "signal" : "exit"),
		LOG_NUM("status",
		    signaled ? WTERMSIG(status) : WEXITSTATUS(status)),
		LOG_TEXT(
		    "signal", signaled ? sigabbrev_np(WTERMSIG(status)) : NULL),
		LOG_TEXT("state", scoreboard_state_name(slot->state)),
		LOG_TEXT("phase", phase_log_name(slot)),
		LOG_TEXT("request_id", slot->request_id),
		LOG_NUM("requests", slot->requests),
		LOG_NUM("lived_ms", clock_monotonic_ms() - child->started_ms)));
}

/* One that ends well before its first request is as useless as one that
 * crashes. */
static enum worker_end
why_it_ended(const struct pool *pool, unsigned index, int status)
{
	if (pool->children[index].leaving)
		return pool->children[index].why;
	if (pool->draining)
		return END_DRAINED;
	if (WIFSIGNALED(status))
		return END_CRASHED;
	if (status != 0 || pool->board->slot[index].requests == 0)
		return END_FAILED;
	return END_RETIRED;
}

static void
take_leave(struct pool *pool, unsigned index, int status)
{
	struct child *child = &pool->children[index];
	enum worker_end end = why_it_ended(pool, index, status);
	int64_t now_ms = clock_monotonic_ms();

	log_exit(pool, index, status, end);
	pool->board->pool.ends[end]++;
	if (is_failure(end))
		brake_failed(&pool->brake, now_ms, now_ms - child->started_ms);
	scoreboard_empty(&pool->board->slot[index]);
	*child = (struct child){ 0 };
}

void
children_dismiss(struct pool *pool, unsigned index, enum worker_end why)
{
	struct child *child = &pool->children[index];

	child->leaving = true;
	child->why = why;
	child->kill_at_ms = clock_monotonic_ms() + pool->options.drain_ms;
	pool->board->slot[index].leaving = true;
	kill(child->pid, SIGTERM);
}

void
children_reap(struct pool *pool)
{
	for (unsigned i = 0; i < pool->board->slots; i++) {
		pid_t pid = pool->children[i].pid;
		int status;

		if (pid != 0 && waitpid(pid, &status, WNOHANG) == pid)
			take_leave(pool, i, status);
	}
}

/* --- all of them -------------------------------------------------------- */

unsigned
children_signal(const struct pool *pool, int signal)
{
	unsigned count = 0;

	for (unsigned i = 0; i < pool->board->slots; i++) {
		if (pool->children[i].pid == 0)
			continue;
		kill(pool->children[i].pid, signal);
		count++;
	}
	return count;
}

bool
children_any(const struct pool *pool)
{
	return children_signal(pool, 0) > 0;
}
