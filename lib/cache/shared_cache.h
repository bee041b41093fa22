/*
 * A small cache that all workers of a pool share: fixed slots in shared
 * memory, bounded from birth, gone with the pool.
 *
 * Keys are digests (salted per cache, so that a dump holds no token nor its
 * plain hash). A slot is guarded by a checksum over the whole entry instead of
 * a lock: a torn or half-written entry reads as a miss, a writer that dies or
 * is stopped in the middle costs one slot until it is overwritten, nobody ever
 * waits. An entry that does not fit is not stored. Values are plain bytes and
 * must hold no pointer.
 */
#ifndef CACHE_SHARED_CACHE_H
#define CACHE_SHARED_CACHE_H

#include "core/digest.h"

struct shared_cache;

struct shared_cache_counts {
	uint64_t hits, misses, stores, evictions;
};

/* Maps slots * value_max bytes (plus headers) of shared anonymous memory:
 * call it before the fork. NULL when the kernel refuses. */
struct shared_cache *shared_cache_create(size_t slots, size_t value_max_bytes);
void shared_cache_free(struct shared_cache *cache);
/* Copies a live entry to out (out_size >= value_max) and returns its length;
 * -1 for a miss (out may then have been written to). Never blocks. */
int shared_cache_get(struct shared_cache *cache, const void *key,
    size_t key_len, void *out, size_t out_size);
/* Stores until ttl_ms have passed, if need be in place of the oldest of four.
 * ttl_ms <= 0 and a value over value_max store nothing. */
void shared_cache_put(struct shared_cache *cache, const void *key,
    size_t key_len, const void *value, size_t value_len, int64_t ttl_ms);
void shared_cache_drop(
    struct shared_cache *cache, const void *key, size_t key_len);
struct shared_cache_counts shared_cache_counts(
    const struct shared_cache *cache);

#endif
