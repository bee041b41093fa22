#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/log.h"
#include "prefork/notify.h"
#include "prefork/pool.h"

/* --- reload ------------------------------------------------------------- */

/* A log line for each line of text. */
static void
log_problems(const struct pool *pool, char *text)
{
	char *rest = NULL;

	for (char *line = strtok_r(text, "\n", &rest); line != NULL;
	     line = strtok_r(NULL, "\n", &rest))
		log_write(LOG_ERROR, "pool_reload_problem",
		    LOG_FIELDS(LOG_TEXT("pool", pool->options.name),
			LOG_TEXT("problem", line)));
}

/* What the application says of it, as a text to be freed. */
static int
ask_application(struct pool *pool, char **problems)
{
	struct prefork_options *options = &pool->options;
	size_t size = 0;
	FILE *out = open_memstream(problems, &size);
	int result = -1;

	if (out == NULL)
		return -1;
	result = options->reload(options->context, options, out);
	if (fclose(out) != 0)
		return -1;
	return result;
}

static void
stay(struct pool *pool, char *problems, struct buf *copy)
{
	pool->board->pool.failed_reloads++;
	if (problems != NULL && copy != NULL)
		buf_text(copy, problems);
	if (problems != NULL)
		log_problems(pool, problems);
	log_write(LOG_ERROR, "pool_reload_failed",
	    LOG_FIELDS(LOG_TEXT("pool", pool->options.name),
		LOG_TEXT("in_force", "the settings of before")));
	notify_send("%sSTATUS=the last reload failed, see the log",
	    pool->serving ? "READY=1\n" : "");
}

bool
steer_reload(struct pool *pool, struct buf *problems)
{
	char *text = NULL;
	bool good;

	if (pool->options.reload == NULL)
		return false;
	notify_send("RELOADING=1\nMONOTONIC_USEC=%lld",
	    (long long)clock_monotonic_us());
	good = ask_application(pool, &text) == 0;
	pool->reload_failed = !good;
	if (good) {
		pool->board->pool.reloads++;
		staff_renew(pool);
		log_write(LOG_INFO, "pool_reload",
		    LOG_FIELDS(LOG_TEXT("pool", pool->options.name),
			LOG_NUM("generation", pool->generation)));
	} else {
		stay(pool, text, problems);
	}
	free(text);
	return good;
}

/* --- the rest ----------------------------------------------------------- */

static void
reopen(struct pool *pool)
{
	if (pool->options.reopen_log == NULL)
		return;
	pool->options.reopen_log(pool->options.context);
	children_signal(pool, SIGUSR1);
	log_write(LOG_INFO, "log_reopened",
	    LOG_FIELDS(LOG_TEXT("pool", pool->options.name)));
}

/* One below one stays one. */
static unsigned
changed_by(unsigned n, int more)
{
	if (more < 0 && n <= (unsigned)-more)
		return 1;
	return n + (unsigned)more;
}

void
steer(struct pool *pool)
{
	struct wishes wishes = pool->wishes;

	pool->wishes = (struct wishes){ .stop = wishes.stop };
	if (wishes.reopen)
		reopen(pool);
	if (wishes.reload)
		(void)steer_reload(pool, NULL);
	if (wishes.more != 0)
		(void)staff_set(
		    pool, changed_by(scaling_most(&pool->options.scaling),
			      wishes.more));
	if (wishes.upgrade)
		(void)upgrade_start(pool);
}
