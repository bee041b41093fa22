#include "core/digest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void
hex_is(struct digest digest, const char *expected)
{
	char hex[DIGEST_HEX_SIZE];

	assert_ptr_equal(digest_hex(&digest, hex), hex);
	assert_string_equal(hex, expected);
}

/* FIPS 180-2, appendix B. */
static void
sha256_vectors(void **state)
{
	static const char two_blocks[] =
	    "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";

	(void)state;
	for (int round = 0; round < 2; round++) {
		hex_is(digest_of("abc", 3), "ba7816bf8f01cfea414140de5dae2223"
					    "b00361a396177a9cb410ff61f20015ad");
		hex_is(digest_of(two_blocks, strlen(two_blocks)),
		    "248d6a61d20638b8e5c026930c3e6039"
		    "a33ce45964ff2167f6ecedd419db06c1");
		hex_is(digest_of(NULL, 0), "e3b0c44298fc1c149afbf4c8996fb924"
					   "27ae41e4649b934ca495991b7852b855");
	}
}

/* RFC 4231, cases 1, 2 and 6; keys of a block and of one byte more; and an
 * empty key. The same key may come again, after itself or after another one. */
static void
hmac_vectors(void **state)
{
	static const char long_key_text[] =
	    "Test Using Larger Than Block-Size Key - Hash Key First";
	static const char question[] = "what do ya want for nothing?";
	char short_key[20], key[131];
	const struct {
		const void *key;
		size_t key_len;
		const char *text;
		const char *expected;
	} rows[] = {
		{ short_key, sizeof(short_key), "Hi There",
		    "b0344c61d8db38535ca8afceaf0bf12b"
		    "881dc200c9833da726e9376c2e32cff7" },
		{ "Jefe", 4, question,
		    "5bdcc146bf60754e6a042426089575c7"
		    "5a003f089d2739839dec58b964ec3843" },
		{ key, sizeof(key), long_key_text,
		    "60e431591ee0b67f0d8a26aacbf5b77f"
		    "8e0bc6213728c5140546040f0ee37f54" },
		{ key, 64, long_key_text,
		    "84332a7580ed3cf75de83c644c8d2c1c"
		    "262ad90e0190e5c5ae4b82b2102e8e75" },
		{ key, 65, long_key_text,
		    "c62955a96944ff68deabbc0eab619206"
		    "5c1c55bb8ddee16151ed5337f911eab9" },
		{ NULL, 0, "",
		    "b613679a0814d9ec772f95d778c35fc5"
		    "ff1697c493715653c6c712144292c5ad" },
	};

	(void)state;
	memset(short_key, 0x0b, sizeof(short_key));
	memset(key, 0xaa, sizeof(key));
	for (size_t i = 0; i < 4 * ARRAY_LEN(rows); i++) {
		size_t row = i / 2 % ARRAY_LEN(rows);
		hex_is(digest_hmac(rows[row].key, rows[row].key_len,
			   rows[row].text, strlen(rows[row].text)),
		    rows[row].expected);
	}
}

static void
hmac_keys_of_one_length_differ(void **state)
{
	struct digest first = digest_hmac("Jefe", 4, "text", 4);
	struct digest other = digest_hmac("Jeff", 4, "text", 4);
	struct digest longer = digest_hmac("Jeffe", 5, "text", 4);
	struct digest again = digest_hmac("Jefe", 4, "text", 4);

	(void)state;
	assert_false(digest_equal(&first, &other));
	assert_false(digest_equal(&other, &longer));
	assert_true(digest_equal(&first, &again));
}

/* --- what of a key remains --------------------------------------------------
 */

#define KEY_BYTES   32
#define CHUNK_BYTES ((size_t)65536)
/* What a sanitizer reserves for itself is larger. */
#define REGION_MAX_BYTES ((size_t)1 << 26)

/* A key that is in memory only where it is put. */
static uint8_t
key_byte(size_t i)
{
	return (uint8_t)(i * i * 37 + i * 11 + 5);
}

static bool
is_key(const uint8_t *bytes, uint8_t mask)
{
	size_t i = 0;

	while (i < KEY_BYTES && bytes[i] == (key_byte(i) ^ mask))
		i++;
	return i == KEY_BYTES;
}

/* How often it is there, as it is or as HMAC masks it (RFC 2104). */
static unsigned
count_in_chunk(const uint8_t *bytes, size_t len)
{
	unsigned count = 0;

	for (size_t at = 0; at + KEY_BYTES <= len; at++)
		count += is_key(bytes + at, 0) || is_key(bytes + at, 0x36) ||
			 is_key(bytes + at, 0x5c);
	return count;
}

static unsigned
count_in_region(int memory, size_t from, size_t to)
{
	static uint8_t chunk[CHUNK_BYTES];
	unsigned count = 0;

	while (from + KEY_BYTES <= to) {
		size_t len =
		    to - from < sizeof(chunk) ? to - from : sizeof(chunk);

		if (pread(memory, chunk, len, (off_t)from) != (ssize_t)len)
			break;
		count += count_in_chunk(chunk, len);
		from += len - KEY_BYTES + 1;
	}
	explicit_bzero(chunk, sizeof(chunk));
	return count;
}

/* In all memory that this process can write. */
static unsigned
count_keys(void)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	int memory = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
	unsigned count = 0;
	char line[512];

	assert_non_null(maps);
	assert_true(memory >= 0);
	while (fgets(line, sizeof(line), maps) != NULL) {
		size_t from, to;
		char mode[5];

		if (sscanf(line, "%zx-%zx %4s", &from, &to, mode) == 3 &&
		    mode[1] == 'w' && to - from <= REGION_MAX_BYTES)
			count += count_in_region(memory, from, to);
	}
	close(memory);
	assert_int_equal(fclose(maps), 0);
	return count;
}

static void
nothing_of_a_key_remains(void **state)
{
	uint8_t key[KEY_BYTES];
	struct digest first, again;

	(void)state;
	for (size_t i = 0; i < sizeof(key); i++)
		key[i] = key_byte(i);
	first = digest_hmac(key, sizeof(key), "text", 4);
	again = digest_hmac(key, sizeof(key), "text", 4);
	assert_true(digest_equal(&first, &again));
	assert_int_equal(count_keys(), 1);
	explicit_bzero(key, sizeof(key));
	assert_int_equal(count_keys(), 0);
}

static void
parts_have_borders(void **state)
{
	const struct digest_part one[] = { { "ab", 2 }, { "c", 1 } };
	const struct digest_part two[] = { { "a", 1 }, { "bc", 2 } };
	const struct digest_part three[] = { { "ab", 2 }, { "c", 1 },
		{ NULL, 0 } };
	struct digest first = digest_of_parts(one, 2);
	struct digest again = digest_of_parts(one, 2);
	struct digest second = digest_of_parts(two, 2);
	struct digest third = digest_of_parts(three, 3);

	(void)state;
	assert_true(digest_equal(&first, &again));
	assert_false(digest_equal(&first, &second));
	assert_false(digest_equal(&first, &third));
	/* Eight bytes of length, big-endian, before each part: what is stored
	 * must still be found by the next release. */
	again = digest_of("\0\0\0\0\0\0\0\2ab\0\0\0\0\0\0\0\1c", 19);
	assert_true(digest_equal(&first, &again));
}

static void
equal_sees_every_bit(void **state)
{
	struct digest a = digest_of("a", 1);

	(void)state;
	for (size_t bit = 0; bit < DIGEST_BYTES * 8; bit++) {
		struct digest b = a;

		assert_true(digest_equal(&a, &b));
		b.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_false(digest_equal(&a, &b));
	}
}

/* RFC 4648, section 10, and the two letters that differ from base64. */
static const struct {
	const char *bytes;
	size_t len;
	const char *text;
} encoded[] = {
	{ "", 0, "" },
	{ "f", 1, "Zg" },
	{ "fo", 2, "Zm8" },
	{ "foo", 3, "Zm9v" },
	{ "foob", 4, "Zm9vYg" },
	{ "fooba", 5, "Zm9vYmE" },
	{ "foobar", 6, "Zm9vYmFy" },
	{ "\xfb\xff\xbf", 3, "-_-_" },
	{ "\0\0\0\0", 4, "AAAAAA" },
	{ "\xff\xff\xff\xff\xff", 5, "______8" },
};

static void
base64url_there_and_back(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(encoded); i++) {
		size_t size = (encoded[i].len * 4 + 2) / 3 + 1;
		char text[16];
		char bytes[16];

		base64url_encode(encoded[i].bytes, encoded[i].len, text, size);
		assert_string_equal(text, encoded[i].text);
		assert_int_equal(
		    base64url_decode(text, strlen(text), bytes, encoded[i].len),
		    encoded[i].len);
		assert_memory_equal(bytes, encoded[i].bytes, encoded[i].len);
	}
}

static void
base64url_is_strict(void **state)
{
	static const char *const wrong[] = { "A", "Zm9vA",
		"Zg==", "Zg=", "Zm9v\n", " Zm9v", "Zm+v", "Zm/v", "Zh", "Zk",
		"Zm9", "Zm-", "Z\xC3\xA9", "Zm.v" };
	char out[16];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
		if (base64url_decode(
			wrong[i], strlen(wrong[i]), out, sizeof(out)) != -1)
			fail_msg("taken: %s", wrong[i]);
	assert_int_equal(base64url_decode("Zm9v", 4, out, 2), -1);
	assert_int_equal(base64url_decode("Zm\0v", 4, out, 16), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sha256_vectors),
		cmocka_unit_test(hmac_vectors),
		cmocka_unit_test(hmac_keys_of_one_length_differ),
		cmocka_unit_test(nothing_of_a_key_remains),
		cmocka_unit_test(parts_have_borders),
		cmocka_unit_test(equal_sees_every_bit),
		cmocka_unit_test(base64url_there_and_back),
		cmocka_unit_test(base64url_is_strict),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
