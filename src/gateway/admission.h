/*
 * How often a caller may ask: RATE_LIMIT_PER_SECOND for each user, and for
 * each address that comes without a valid token (contract section 1).
 */
#ifndef GATEWAY_ADMISSION_H
#define GATEWAY_ADMISSION_H

#include "cache/rate_limiter.h"
#include "core/err.h"
#include "model/caller.h"

struct admission {
	struct rate_limiter *limiter; /* NULL: no limit */
};

/* 0, or -1 with RATE_LIMITED; one request of the user is counted. */
int admission_user(const struct admission *admission,
    const struct caller *caller, struct err *err) MUST_CHECK;
/* The same for one whose token is not valid. */
int admission_stranger(const struct admission *admission, const char *address,
    struct err *err) MUST_CHECK;

#endif
