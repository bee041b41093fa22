/*
 * The member names seen so far in every object of one document, to find the
 * duplicates. Linear however many there are, and whoever chose them: a few
 * are compared one with another, more are hashed with SipHash-1-3 under a
 * random key. Names are compared as decoded, so that
 * "a" and "\u0061" are equal. Used by json_gate.c only.
 */
#ifndef JSON_JSON_KEY_SET_H
#define JSON_JSON_KEY_SET_H

#include "core/base.h"

#define JSON_KEY_SET_FEW    32
#define JSON_KEY_SET_INLINE 128 /* a power of two */

/* A name as it stands between its quotes, its escapes known to be valid. */
struct json_key {
	const unsigned char *bytes;
	size_t len;
	bool escaped;	/* has a backslash */
	uint32_t owner; /* number of its object within the document */
};

struct json_key_slot {
	struct json_key key; /* bytes NULL: free */
	uint64_t hash;
};

struct json_key_set {
	uint64_t seed[2];
	struct json_key_slot *slots;
	size_t capacity; /* a power of two; 0: not hashed, a list of few */
	size_t count;
	struct json_key_slot first_slots[JSON_KEY_SET_INLINE];
};

enum json_key_verdict { JSON_KEY_NEW, JSON_KEY_DUPLICATE, JSON_KEY_NO_MEMORY };

void json_key_set_init(struct json_key_set *set);
void json_key_set_release(struct json_key_set *set);
/* The bytes are lent until the release. */
enum json_key_verdict json_key_set_add(
    struct json_key_set *set, const struct json_key *key) MUST_CHECK;

#endif
