/*
 * SHA-256 and HMAC-SHA-256 (libcrypto's one home), base64url, constant time.
 */
#ifndef CORE_DIGEST_H
#define CORE_DIGEST_H

#include "core/base.h"

#define DIGEST_BYTES	32
#define DIGEST_HEX_SIZE 65

struct digest {
	uint8_t bytes[DIGEST_BYTES];
};

struct digest digest_of(const void *data, size_t len);
/* SHA-256 over parts, each preceded by its length, so that ("ab","c") and
 * ("a","bc") differ. */
struct digest_part {
	const void *data;
	size_t len;
};
struct digest digest_of_parts(const struct digest_part *parts, size_t count);
/* HMAC-SHA-256. Of the key nothing remains in memory but the caller's own. */
struct digest digest_hmac(
    const void *key, size_t key_len, const void *data, size_t len);
bool digest_equal(
    const struct digest *a, const struct digest *b); /* constant time */
char *digest_hex(const struct digest *digest, char out[DIGEST_HEX_SIZE]);

/* Strict base64url without padding. Returns the decoded length, or -1. */
int base64url_decode(
    const char *text, size_t len, void *out, size_t out_size) MUST_CHECK;
/* Writes text and NUL; out_size must hold (len * 4 + 2) / 3 + 1. */
void base64url_encode(const void *data, size_t len, char *out, size_t out_size);

#endif
