/*
 * A limit on how often each key may do something, shared by all workers of a
 * pool: a token bucket per key in shared memory, bounded from birth.
 *
 * A bucket holds one second's worth of tokens and fills up steadily. It is one
 * number, the moment when it will be full again (the "virtual scheduling" of
 * ITU-T I.371's generic cell rate algorithm), changed by compare-and-swap: no
 * lock, nothing that a killed worker could leave half done. A bucket that is
 * full again needs no memory, so its slot is free for another key. When all
 * slots that a key may use are taken, it takes over the fullest bucket: under
 * a flood of keys the limit errs to the client's side.
 */
#ifndef CACHE_RATE_LIMITER_H
#define CACHE_RATE_LIMITER_H

#include "core/base.h"

struct rate_limiter;

/* Maps about `slots` buckets of 16 bytes each; before the fork. per_second is
 * 1 to 1,000,000. NULL when the kernel refuses. */
struct rate_limiter *rate_limiter_create(size_t slots, int64_t per_second);
void rate_limiter_free(struct rate_limiter *limiter);
/* Takes a token of the key's bucket at this moment (monotonic microseconds):
 * true, or false when it is empty. Never blocks. */
bool rate_limiter_take(struct rate_limiter *limiter, const void *key,
    size_t key_len, int64_t now_us);

#endif
