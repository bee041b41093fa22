#include "cache/shared_cache.h"

#include <assert.h>
#include <limits.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>

#include "core/clock.h"
#include "core/ident.h"

/*
 * An entry may stand in any of the WAYS slots of the bucket that its key names.
 * Every process writes and reads slots word by word, without a lock. Two
 * writers at once, or one that dies or sleeps in the middle, leave a mixture;
 * the checksum over the whole entry tells it from what somebody has stored.
 */
#define WAYS	    4
#define SALT_BYTES  16
#define KEY_BYTES   16 /* kept of a digest */
#define CHECK_BYTES 16 /* kept of a digest */
#define LINE_WORDS  8  /* of a cache line */

/* Words of a slot; the value follows. */
enum {
	KEY_0,
	KEY_1,
	STORED_MS,
	EXPIRES_MS, /* 0: free */
	VALUE_LEN,
	CHECKED_WORDS,
	CHECK_0 = CHECKED_WORDS,
	CHECK_1,
	HEAD_WORDS
};

struct shared_cache {
	size_t mapped_bytes;
	size_t buckets;
	size_t slot_words;
	size_t value_max;
	uint8_t salt[SALT_BYTES];
	_Atomic uint64_t hits, misses, stores, evictions;
	_Alignas(64) _Atomic uint64_t words[];
};

/* A private copy of a slot's head. */
struct head {
	uint64_t word[HEAD_WORDS];
};

/* --- making --------------------------------------------------------------- */

struct shared_cache *
shared_cache_create(size_t slots, size_t value_max_bytes)
{
	size_t buckets = slots / WAYS + (slots % WAYS || !slots);
	size_t lines = (HEAD_WORDS + value_max_bytes / 8) / LINE_WORDS + 1;
	size_t slot_words = lines * LINE_WORDS, bytes;
	struct shared_cache *cache;

	if (value_max_bytes > INT_MAX ||
	    __builtin_mul_overflow(
		buckets, WAYS * slot_words * sizeof(uint64_t), &bytes) ||
	    __builtin_add_overflow(bytes, sizeof(*cache), &bytes))
		return NULL;
	cache = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (cache == MAP_FAILED)
		return NULL;
	cache->mapped_bytes = bytes;
	cache->buckets = buckets;
	cache->slot_words = slot_words;
	cache->value_max = value_max_bytes;
	random_bytes(cache->salt, sizeof(cache->salt));
	return cache;
}

void
shared_cache_free(struct shared_cache *cache)
{
	if (cache)
		munmap(cache, cache->mapped_bytes);
}

/* --- words ---------------------------------------------------------------- */

static uint64_t
load(const _Atomic uint64_t *word)
{
	return atomic_load_explicit(word, memory_order_relaxed);
}

static void
store(_Atomic uint64_t *word, uint64_t value)
{
	atomic_store_explicit(word, value, memory_order_relaxed);
}

static void
count(_Atomic uint64_t *counter)
{
	atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

static void
load_value(const _Atomic uint64_t *slot, void *out, size_t len)
{
	unsigned char *to = out;

	for (size_t at = 0; at < len; at += sizeof(uint64_t)) {
		uint64_t word = load(&slot[HEAD_WORDS + at / sizeof(word)]);
		size_t left = len - at;
		memcpy(
		    to + at, &word, left < sizeof(word) ? left : sizeof(word));
	}
}

static void
store_value(_Atomic uint64_t *slot, const void *value, size_t len)
{
	const unsigned char *from = value;

	for (size_t at = 0; at < len; at += sizeof(uint64_t)) {
		uint64_t word = 0;
		size_t left = len - at;
		memcpy(&word, from + at,
		    left < sizeof(word) ? left : sizeof(word));
		store(&slot[HEAD_WORDS + at / sizeof(word)], word);
	}
}

/* --- entries -------------------------------------------------------------- */

static void
set_key(const struct shared_cache *cache, struct head *head, const void *key,
    size_t key_len)
{
	const struct digest_part parts[] = {
		{ cache->salt, sizeof(cache->salt) },
		{ key, key_len },
	};
	struct digest digest = digest_of_parts(parts, ARRAY_LEN(parts));

	memcpy(&head->word[KEY_0], digest.bytes, KEY_BYTES);
}

static struct digest
checksum(const struct shared_cache *cache, const struct head *head,
    const void *value)
{
	const struct digest_part parts[] = {
		{ cache->salt, sizeof(cache->salt) },
		{ head->word, CHECKED_WORDS * sizeof(uint64_t) },
		{ value, head->word[VALUE_LEN] },
	};

	return digest_of_parts(parts, ARRAY_LEN(parts));
}

static _Atomic uint64_t *
bucket_of(struct shared_cache *cache, const struct head *head)
{
	size_t bucket = head->word[KEY_0] % cache->buckets;

	return &cache->words[bucket * WAYS * cache->slot_words];
}

static bool
holds_key(const _Atomic uint64_t *slot, const struct head *head)
{
	return load(&slot[KEY_0]) == head->word[KEY_0] &&
	       load(&slot[KEY_1]) == head->word[KEY_1];
}

static bool
is_live(const _Atomic uint64_t *slot, uint64_t now_ms)
{
	return load(&slot[EXPIRES_MS]) > now_ms;
}

/* Copies the entry of a slot whose key and time fit; false when what was
 * copied is not what somebody stored. */
static bool
read_slot(const struct shared_cache *cache, const _Atomic uint64_t *slot,
    struct head *head, void *out)
{
	struct digest expected;

	for (size_t i = STORED_MS; i < HEAD_WORDS; i++)
		head->word[i] = load(&slot[i]);
	if (head->word[VALUE_LEN] > cache->value_max)
		return false;
	load_value(slot, out, head->word[VALUE_LEN]);
	expected = checksum(cache, head, out);
	return !memcmp(&head->word[CHECK_0], expected.bytes, CHECK_BYTES);
}

int
shared_cache_get(struct shared_cache *cache, const void *key, size_t key_len,
    void *out, size_t out_size)
{
	uint64_t now_ms = (uint64_t)clock_monotonic_ms();
	const _Atomic uint64_t *slot;
	struct head head;

	assert(out_size >= cache->value_max);
	(void)out_size;
	set_key(cache, &head, key, key_len);
	slot = bucket_of(cache, &head);
	for (size_t way = 0; way < WAYS; way++, slot += cache->slot_words)
		if (holds_key(slot, &head) && is_live(slot, now_ms) &&
		    read_slot(cache, slot, &head, out)) {
			count(&cache->hits);
			return (int)head.word[VALUE_LEN];
		}
	count(&cache->misses);
	return -1;
}

void
shared_cache_drop(struct shared_cache *cache, const void *key, size_t key_len)
{
	_Atomic uint64_t *slot;
	struct head head;

	set_key(cache, &head, key, key_len);
	slot = bucket_of(cache, &head);
	for (size_t way = 0; way < WAYS; way++, slot += cache->slot_words)
		if (holds_key(slot, &head))
			store(&slot[EXPIRES_MS], 0);
}

/* The slot to overwrite: the key's own, a free one, or the oldest. Two writers
 * may have stored one key twice: the others are freed. */
static _Atomic uint64_t *
choose_slot(
    struct shared_cache *cache, const struct head *head, uint64_t now_ms)
{
	_Atomic uint64_t *slot = bucket_of(cache, head);
	_Atomic uint64_t *own = NULL, *other = NULL;

	for (size_t way = 0; way < WAYS; way++, slot += cache->slot_words) {
		if (holds_key(slot, head)) {
			store(&slot[EXPIRES_MS], 0);
			own = slot;
		} else if (!other || (is_live(other, now_ms) &&
					 (!is_live(slot, now_ms) ||
					     load(&slot[STORED_MS]) <
						 load(&other[STORED_MS])))) {
			other = slot;
		}
	}
	if (own)
		return own;
	if (is_live(other, now_ms))
		count(&cache->evictions);
	return other;
}

void
shared_cache_put(struct shared_cache *cache, const void *key, size_t key_len,
    const void *value, size_t value_len, int64_t ttl_ms)
{
	uint64_t now_ms = (uint64_t)clock_monotonic_ms();
	_Atomic uint64_t *slot;
	struct digest check;
	struct head head;

	if (ttl_ms <= 0 || value_len > cache->value_max)
		return;
	set_key(cache, &head, key, key_len);
	head.word[STORED_MS] = now_ms;
	head.word[EXPIRES_MS] = now_ms + (uint64_t)ttl_ms;
	head.word[VALUE_LEN] = value_len;
	check = checksum(cache, &head, value);
	memcpy(&head.word[CHECK_0], check.bytes, CHECK_BYTES);
	slot = choose_slot(cache, &head, now_ms);
	store_value(slot, value, value_len);
	for (size_t i = 0; i < HEAD_WORDS; i++)
		store(&slot[i], head.word[i]);
	count(&cache->stores);
}

struct shared_cache_counts
shared_cache_counts(const struct shared_cache *cache)
{
	return (struct shared_cache_counts){
		.hits = load(&cache->hits),
		.misses = load(&cache->misses),
		.stores = load(&cache->stores),
		.evictions = load(&cache->evictions),
	};
}
