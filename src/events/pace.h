/*
 * When a background loop takes its next step.
 */
#ifndef EVENTS_PACE_H
#define EVENTS_PACE_H

#include "core/base.h"

struct pace {
	int64_t wait_ms; /* at most so long from now */
	int fd;		 /* or as soon as this can be read; -1: none */
};

#endif
