/*
 * What every step of one request (or of one consumed message) needs: its
 * memory, its deadline, and the marks by which it can be followed.
 */
#ifndef MODEL_REQUEST_CONTEXT_H
#define MODEL_REQUEST_CONTEXT_H

#include "core/arena.h"
#include "core/clock.h"

struct request_context {
	struct arena *arena;
	struct deadline deadline;
	const char *request_id;
	const char *traceparent;
};

#endif
