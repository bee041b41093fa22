#include "control/progress.h"

#include <stdio.h>
#include <unistd.h>

#include "core/clock.h"

#define BAR_WIDTH	 40
#define TERMINAL_EACH_MS 100
#define PLAIN_EACH_MS	 5000

void
progress_begin(struct progress *progress, const char *what, uint64_t total)
{
	*progress = (struct progress){
		.what = what,
		.total = total,
		.started_ms = clock_monotonic_ms(),
		.shown_ms = clock_monotonic_ms(),
		.terminal = isatty(STDERR_FILENO) == 1,
	};
}

static uint64_t
rate(const struct progress *progress, uint64_t done)
{
	int64_t ms = clock_monotonic_ms() - progress->started_ms;

	return done * 1000 / (uint64_t)(ms < 1 ? 1 : ms);
}

static void
draw_bar(const struct progress *progress, uint64_t done)
{
	static const char FULL[] = "########################################";
	int filled = progress->total == 0
			 ? 0
			 : (int)(done * BAR_WIDTH / progress->total);

	fprintf(stderr, "\r[%-*.*s] %llu of %llu %s, %llu/s ", BAR_WIDTH,
	    filled > BAR_WIDTH ? BAR_WIDTH : filled, FULL,
	    (unsigned long long)done, (unsigned long long)progress->total,
	    progress->what, (unsigned long long)rate(progress, done));
	fflush(stderr);
}

void
progress_show(struct progress *progress, uint64_t done)
{
	int64_t now_ms = clock_monotonic_ms();
	int64_t each_ms = progress->terminal ? TERMINAL_EACH_MS : PLAIN_EACH_MS;

	if (now_ms - progress->shown_ms < each_ms)
		return;
	progress->shown_ms = now_ms;
	if (progress->terminal)
		draw_bar(progress, done);
	else
		fprintf(stderr, "%llu %s\n", (unsigned long long)done,
		    progress->what);
}

void
progress_end(struct progress *progress, uint64_t done)
{
	if (progress->terminal)
		fputs("\r\033[K", stderr);
	fprintf(stderr, "%llu %s in %.1f s (%llu/s)\n",
	    (unsigned long long)done, progress->what,
	    (double)(clock_monotonic_ms() - progress->started_ms) / 1000,
	    (unsigned long long)rate(progress, done));
}
