#include "core/digest.h"

#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <string.h>

#include "core/log.h"

#define BLOCK_BYTES 64 /* that SHA-256 works on */

/* libcrypto fails here only without memory or without a SHA-256. */
static void
must(bool done)
{
	if (!done)
		log_fatal("digest_failed", NULL);
}

/* --- a context: made once, used again, without a memory ---------------- */

static EVP_MD_CTX *
start_hash(void)
{
	static EVP_MD *sha256;
	static EVP_MD_CTX *context;

	if (context == NULL) {
		sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
		context = EVP_MD_CTX_new();
		must(sha256 != NULL && context != NULL);
	}
	must(EVP_DigestInit_ex2(context, sha256, NULL) == 1);
	return context;
}

static void
add(EVP_MD_CTX *context, const void *data, size_t len)
{
	must(len == 0 || EVP_DigestUpdate(context, data, len) == 1);
}

static struct digest
finish_hash(EVP_MD_CTX *context)
{
	struct digest digest;

	must(EVP_DigestFinal_ex(context, digest.bytes, NULL) == 1);
	return digest;
}

struct digest
digest_of(const void *data, size_t len)
{
	EVP_MD_CTX *context = start_hash();

	add(context, data, len);
	return finish_hash(context);
}

struct digest
digest_of_parts(const struct digest_part *parts, size_t count)
{
	EVP_MD_CTX *context = start_hash();

	for (size_t i = 0; i < count; i++) {
		uint64_t len = parts[i].len;
		uint8_t prefix[8];

		for (int byte = 0; byte < 8; byte++)
			prefix[byte] = (uint8_t)(len >> (56 - 8 * byte));
		add(context, prefix, sizeof(prefix));
		add(context, parts[i].data, parts[i].len);
	}
	return finish_hash(context);
}

/* The hash of a block that is the key, each byte with the mask, and of what
 * follows. */
static struct digest
hash_masked(
    const uint8_t key[BLOCK_BYTES], uint8_t mask, const void *data, size_t len)
{
	EVP_MD_CTX *context = start_hash();
	uint8_t masked[BLOCK_BYTES];

	for (size_t i = 0; i < sizeof(masked); i++)
		masked[i] = key[i] ^ mask;
	add(context, masked, sizeof(masked));
	add(context, data, len);
	OPENSSL_cleanse(masked, sizeof(masked));
	return finish_hash(context);
}

/* RFC 2104, section 2. An HMAC context of libcrypto that is used again keeps
 * its last key, and making one for each call takes three times as long as
 * these two hashes. */
struct digest
digest_hmac(const void *key, size_t key_len, const void *data, size_t len)
{
	uint8_t block[BLOCK_BYTES] = { 0 };
	struct digest inner, outer;

	if (key_len > sizeof(block)) {
		struct digest hashed = digest_of(key, key_len);

		memcpy(block, hashed.bytes, sizeof(hashed.bytes));
		OPENSSL_cleanse(&hashed, sizeof(hashed));
	} else if (key_len > 0) {
		memcpy(block, key, key_len);
	}
	inner = hash_masked(block, 0x36, data, len);
	outer = hash_masked(block, 0x5c, inner.bytes, sizeof(inner.bytes));
	OPENSSL_cleanse(block, sizeof(block));
	return outer;
}

bool
digest_equal(const struct digest *a, const struct digest *b)
{
	return CRYPTO_memcmp(a->bytes, b->bytes, DIGEST_BYTES) == 0;
}

char *
digest_hex(const struct digest *digest, char out[DIGEST_HEX_SIZE])
{
	static const char hex[] = "0123456789abcdef";

	for (size_t i = 0; i < DIGEST_BYTES; i++) {
		out[2 * i] = hex[digest->bytes[i] >> 4];
		out[2 * i + 1] = hex[digest->bytes[i] & 15];
	}
	out[DIGEST_HEX_SIZE - 1] = '\0';
	return out;
}

/* --- base64url (RFC 4648, section 5) ---------------------------------- */

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			       "abcdefghijklmnopqrstuvwxyz0123456789-_";

/* 0 to 63, or -1. */
static int
sextet(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '-' ? 62 : c == '_' ? 63 : -1;
}

int
base64url_decode(const char *text, size_t len, void *out, size_t out_size)
{
	uint8_t *bytes = out;
	size_t out_len = len / 4 * 3 + len % 4 * 3 / 4;
	uint32_t bits = 0;
	size_t at = 0;

	if (len % 4 == 1 || out_len > out_size || out_len > INT_MAX)
		return -1;
	for (size_t i = 0; i < len; i++) {
		int value = sextet(text[i]);

		if (value < 0)
			return -1;
		bits = bits << 6 | (uint32_t)value;
		if (i % 4 != 0)
			bytes[at++] = (uint8_t)(bits >> (6 - i % 4 * 2));
	}
	/* Left-over bits would be a second spelling of the same bytes. */
	if ((len % 4 == 2 && (bits & 15) != 0) ||
	    (len % 4 == 3 && (bits & 3) != 0))
		return -1;
	return (int)out_len;
}

void
base64url_encode(const void *data, size_t len, char *out, size_t out_size)
{
	const uint8_t *bytes = data;
	uint32_t bits = 0;
	size_t at = 0;

	must(len <= SIZE_MAX / 4 - 1 && out_size > (len * 4 + 2) / 3);
	for (size_t i = 0; i < len; i++) {
		bits = bits << 8 | bytes[i];
		out[at++] = alphabet[bits >> (2 + i % 3 * 2) & 63];
		if (i % 3 == 2)
			out[at++] = alphabet[bits & 63];
	}
	if (len % 3 == 1)
		out[at++] = alphabet[bits << 4 & 63];
	if (len % 3 == 2)
		out[at++] = alphabet[bits << 2 & 63];
	out[at] = '\0';
}
