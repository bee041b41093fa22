/*
 * How far long work has come: a bar on a terminal, a line now and then when
 * the output goes elsewhere.
 */
#ifndef CONTROL_PROGRESS_H
#define CONTROL_PROGRESS_H

#include "core/base.h"

struct progress {
	const char *what; /* "bookings" */
	uint64_t total;
	int64_t started_ms;
	int64_t shown_ms;
	bool terminal;
};

/* total 0: not known. */
void progress_begin(
    struct progress *progress, const char *what, uint64_t total);
void progress_show(struct progress *progress, uint64_t done);
/* Ends the bar with the final figure and rate. */
void progress_end(struct progress *progress, uint64_t done);

#endif
