/*
 * Asking a pool's master (prefork/status.h).
 */
#ifndef PREFORK_STATUS_CLIENT_H
#define PREFORK_STATUS_CLIENT_H

#include "core/arena.h"
#include "core/err.h"

struct status_answer {
	int status; /* of HTTP */
	const char *body;
};

/* Sends "METHOD /target" to "unix:/path" or "127.0.0.1:port" and waits for the
 * answer, at most timeout_ms. 0, or -1 with ERR_UNAVAILABLE or ERR_TIMEOUT
 * (public details say what to do). */
int status_client_ask(const char *address, const char *method,
    const char *target, int64_t timeout_ms, struct arena *arena,
    struct status_answer *answer, struct err *err) MUST_CHECK;

#endif
