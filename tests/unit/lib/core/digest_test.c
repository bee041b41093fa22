#include "core/digest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

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

/* RFC 4231, cases 1, 2 and 6; and an empty key. The same key may come again,
 * after itself or after another one. */
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
		cmocka_unit_test(parts_have_borders),
		cmocka_unit_test(equal_sees_every_bit),
		cmocka_unit_test(base64url_there_and_back),
		cmocka_unit_test(base64url_is_strict),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
