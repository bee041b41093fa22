#include "json/json_key_set.h"

#include <stdlib.h>
#include <string.h>

#include "core/ident.h"
#include "json/json_unescape.h"

static struct json_cursor
cursor_of(const struct json_key *key)
{
	return json_cursor_of(key->bytes, key->len);
}

/* Up to eight decoded bytes as one word, zeros after the end; how many. */
static size_t
take_word(struct json_cursor *cursor, bool escaped, uint64_t *word)
{
	unsigned char bytes[8] = { 0 };
	size_t len = 0;
	int c;

	if (!escaped) {
		len = (size_t)(cursor->end - cursor->at);
		len = len < sizeof(bytes) ? len : sizeof(bytes);
		memcpy(bytes, cursor->at, len);
		cursor->at += len;
	} else {
		while (
		    len < sizeof(bytes) && (c = json_cursor_take(cursor)) >= 0)
			bytes[len++] = (unsigned char)c;
	}
	memcpy(word, bytes, sizeof(*word));
	return len;
}

static uint64_t
rotate(uint64_t x, unsigned bits)
{
	return x << bits | x >> (64 - bits);
}

static void
sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[2] += v[3];
	v[1] = rotate(v[1], 13) ^ v[0];
	v[3] = rotate(v[3], 16) ^ v[2];
	v[0] = rotate(v[0], 32);
	v[2] += v[1];
	v[0] += v[3];
	v[1] = rotate(v[1], 17) ^ v[2];
	v[3] = rotate(v[3], 21) ^ v[0];
	v[2] = rotate(v[2], 32);
}

static void
sip_word(uint64_t v[4], uint64_t word)
{
	v[3] ^= word;
	sip_round(v);
	v[0] ^= word;
}

/* SipHash-1-3 of owner and name; the last word holds how many of its bytes
 * count, which is all that a name needs to be told from its extensions. */
static uint64_t
hash_key(const uint64_t seed[2], const struct json_key *key)
{
	struct json_cursor cursor = cursor_of(key);
	uint64_t word, v[4] = {
		seed[0] ^ UINT64_C(0x736f6d6570736575),
		seed[1] ^ UINT64_C(0x646f72616e646f6d),
		seed[0] ^ UINT64_C(0x6c7967656e657261),
		seed[1] ^ UINT64_C(0x7465646279746573),
	};
	size_t len;

	sip_word(v, key->owner);
	while ((len = take_word(&cursor, key->escaped, &word)) == sizeof(word))
		sip_word(v, word);
	sip_word(v, word | (uint64_t)len << 56);
	v[2] ^= 0xff;
	for (int i = 0; i < 3; i++)
		sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

static bool
keys_equal(const struct json_key *a, const struct json_key *b)
{
	if (a->owner != b->owner)
		return false;
	if (!a->escaped && !b->escaped)
		return a->len == b->len && !memcmp(a->bytes, b->bytes, a->len);
	struct json_cursor left = cursor_of(a), right = cursor_of(b);
	int c;
	do {
		c = json_cursor_take(&left);
		if (c != json_cursor_take(&right))
			return false;
	} while (c >= 0);
	return true;
}

/* The slot that holds the key, or the free one where it belongs. */
static struct json_key_slot *
find_slot(
    const struct json_key_set *set, const struct json_key *key, uint64_t hash)
{
	for (size_t i = hash;; i++) {
		struct json_key_slot *slot =
		    &set->slots[i & (set->capacity - 1)];
		if (!slot->key.bytes ||
		    (slot->hash == hash && keys_equal(&slot->key, key)))
			return slot;
	}
}

static int
grow(struct json_key_set *set)
{
	struct json_key_slot *old = set->slots;
	size_t old_capacity = set->capacity;
	struct json_key_slot *slots = calloc(old_capacity * 2, sizeof(*slots));

	if (!slots)
		return -1;
	set->slots = slots;
	set->capacity = old_capacity * 2;
	for (size_t i = 0; i < old_capacity; i++)
		if (old[i].key.bytes)
			*find_slot(set, &old[i].key, old[i].hash) = old[i];
	if (old != set->first_slots)
		free(old);
	return 0;
}

void
json_key_set_init(struct json_key_set *set)
{
	set->slots = set->first_slots;
	set->capacity = 0;
	set->count = 0;
}

void
json_key_set_release(struct json_key_set *set)
{
	if (set->slots != set->first_slots)
		free(set->slots);
}

static enum json_key_verdict
add_hashed(struct json_key_set *set, const struct json_key *key)
{
	uint64_t hash = hash_key(set->seed, key);
	struct json_key_slot *slot = find_slot(set, key, hash);

	if (slot->key.bytes)
		return JSON_KEY_DUPLICATE;
	slot->key = *key;
	slot->hash = hash;
	set->count++;
	return JSON_KEY_NEW;
}

static enum json_key_verdict
add_to_few(struct json_key_set *set, const struct json_key *key)
{
	for (size_t i = 0; i < set->count; i++)
		if (keys_equal(&set->slots[i].key, key))
			return JSON_KEY_DUPLICATE;
	set->slots[set->count++].key = *key;
	return JSON_KEY_NEW;
}

static void
begin_hashing(struct json_key_set *set)
{
	struct json_key few[JSON_KEY_SET_FEW];
	size_t count = set->count;

	for (size_t i = 0; i < count; i++)
		few[i] = set->slots[i].key;
	random_bytes(set->seed, sizeof(set->seed));
	memset(set->first_slots, 0, sizeof(set->first_slots));
	set->capacity = JSON_KEY_SET_INLINE;
	set->count = 0;
	for (size_t i = 0; i < count; i++)
		(void)add_hashed(set, &few[i]);
}

/* Long names full of escapes are slow to compare: they are hashed at once. */
enum json_key_verdict
json_key_set_add(struct json_key_set *set, const struct json_key *key)
{
	if (set->capacity == 0) {
		if (set->count < JSON_KEY_SET_FEW && !key->escaped)
			return add_to_few(set, key);
		begin_hashing(set);
	}
	if (set->count * 2 >= set->capacity && grow(set))
		return JSON_KEY_NO_MEMORY;
	return add_hashed(set, key);
}
