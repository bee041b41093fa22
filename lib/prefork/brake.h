/*
 * The respawn brake: how long to wait before the next worker is started.
 *
 * A worker that dies young doubles the wait, from 100 ms to 10 s; deaths while
 * the brake is on are the same trouble and count once. When none dies young
 * for a while after the brake came off, it starts from the beginning. Plain
 * data and pure functions; all times are monotonic milliseconds.
 */
#ifndef PREFORK_BRAKE_H
#define PREFORK_BRAKE_H

#include "core/base.h"

#define BRAKE_FIRST_MS 100
#define BRAKE_LAST_MS  10000
#define BRAKE_YOUNG_MS 5000

struct brake {
	int64_t delay_ms; /* of the last time it was pulled */
	int64_t until_ms;
};

/* A worker failed that lived for lived_ms. */
void brake_failed(struct brake *brake, int64_t now_ms, int64_t lived_ms);
/* Milliseconds until a worker may be started; 0: now. */
int64_t brake_wait_ms(const struct brake *brake, int64_t now_ms);

#endif
