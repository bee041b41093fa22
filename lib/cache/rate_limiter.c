#include "cache/rate_limiter.h"

#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>

#include "core/digest.h"
#include "core/ident.h"

#define WAYS	   8
#define SALT_BYTES 16
#define SECOND_NS  INT64_C(1000000000)

struct slot {
	_Atomic uint64_t key; /* 0: never used */
	_Atomic int64_t full_ns;
};

struct rate_limiter {
	size_t mapped_bytes;
	size_t buckets;
	int64_t interval_ns; /* between two tokens */
	uint8_t salt[SALT_BYTES];
	_Alignas(64) struct slot slots[];
};

struct rate_limiter *
rate_limiter_create(size_t slots, int64_t per_second)
{
	size_t buckets = slots / WAYS + (slots % WAYS || !slots), bytes;
	struct rate_limiter *limiter;

	if (__builtin_mul_overflow(
		buckets, WAYS * sizeof(struct slot), &bytes) ||
	    __builtin_add_overflow(bytes, sizeof(*limiter), &bytes))
		return NULL;
	limiter = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (limiter == MAP_FAILED)
		return NULL;
	limiter->mapped_bytes = bytes;
	limiter->buckets = buckets;
	limiter->interval_ns = SECOND_NS / per_second;
	random_bytes(limiter->salt, sizeof(limiter->salt));
	return limiter;
}

void
rate_limiter_free(struct rate_limiter *limiter)
{
	if (limiter != NULL)
		munmap(limiter, limiter->mapped_bytes);
}

static uint64_t
name_of(const struct rate_limiter *limiter, const void *key, size_t key_len)
{
	const struct digest_part parts[] = {
		{ limiter->salt, sizeof(limiter->salt) },
		{ key, key_len },
	};
	struct digest digest = digest_of_parts(parts, ARRAY_LEN(parts));
	uint64_t name;

	memcpy(&name, digest.bytes, sizeof(name));
	return name | 1;
}

/* The key's own slot; else the one whose bucket is fullest, now the key's. An
 * old bucket that comes along with a free slot is full. */
static struct slot *
find_slot(struct rate_limiter *limiter, uint64_t name)
{
	struct slot *slot =
	    &limiter->slots[(name >> 1) % limiter->buckets * WAYS];
	struct slot *fullest = slot;
	uint64_t owner;

	for (int way = 0; way < WAYS; way++) {
		if (atomic_load(&slot[way].key) == name)
			return &slot[way];
		if (atomic_load(&slot[way].full_ns) <
		    atomic_load(&fullest->full_ns))
			fullest = &slot[way];
	}
	owner = atomic_load(&fullest->key);
	atomic_compare_exchange_strong(&fullest->key, &owner, name);
	return fullest;
}

bool
rate_limiter_take(struct rate_limiter *limiter, const void *key, size_t key_len,
    int64_t now_us)
{
	struct slot *slot = find_slot(limiter, name_of(limiter, key, key_len));
	int64_t now_ns = now_us * 1000, next_ns;
	int64_t full_ns = atomic_load(&slot->full_ns);

	do {
		next_ns = (full_ns < now_ns ? now_ns : full_ns) +
			  limiter->interval_ns;
		if (next_ns - now_ns > SECOND_NS)
			return false;
	} while (
	    !atomic_compare_exchange_weak(&slot->full_ns, &full_ns, next_ns));
	return true;
}
