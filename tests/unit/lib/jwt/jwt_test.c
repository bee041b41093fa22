#include "jwt/jwt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "core/digest.h"

#define SECRET	 "a secret of at least thirty-two bytes"
#define NOW_S	 INT64_C(1736332200)
#define NOW_MS	 (NOW_S * 1000)
#define LEEWAY_S 5
#define HS256	 "{\"alg\":\"HS256\",\"typ\":\"JWT\"}"

static struct arena *arena;

static int
make_arena(void **state)
{
	(void)state;
	arena = arena_create(8 << 20);
	return 0;
}

static int
free_arena(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

static char *
base64url(const void *bytes, size_t len)
{
	size_t size = (len * 4 + 2) / 3 + 1;
	char *text = arena_alloc(arena, size);

	base64url_encode(bytes, len, text, size);
	return text;
}

/* A token with any header and payload, properly signed. */
static char *
token_of(const char *header, const char *claims)
{
	char *text =
	    arena_printf(arena, "%s.%s", base64url(header, strlen(header)),
		base64url(claims, strlen(claims)));
	struct digest mac =
	    digest_hmac(SECRET, strlen(SECRET), text, strlen(text));

	return arena_printf(
	    arena, "%s.%s", text, base64url(mac.bytes, sizeof(mac.bytes)));
}

static void
assert_refused(const char *token, const char *cause)
{
	struct jwt jwt = { .expires_at_ms = 4711 };
	struct err err = { 0 };

	assert_int_equal(
	    jwt_verify(arena, token, SECRET, NOW_MS, LEEWAY_S, &jwt, &err), -1);
	assert_ptr_equal(err.def, &ERR_INVALID);
	assert_string_equal(err.details, "");
	assert_string_equal(err.cause, cause);
	assert_null(jwt.claims);
	assert_int_equal(jwt.expires_at_ms, 4711);
}

static void
assert_accepted(const char *token, int64_t expires_at_ms)
{
	struct err err = { 0 };
	struct jwt jwt;

	if (jwt_verify(arena, token, SECRET, NOW_MS, LEEWAY_S, &jwt, &err))
		fail_msg("%s: %s", token, err.cause);
	assert_int_equal(json_type_of(jwt.claims), JSON_OBJECT);
	assert_int_equal(jwt.expires_at_ms, expires_at_ms);
}

static void
verifies_what_it_signs(void **state)
{
	struct err err = { 0 };
	struct jwt jwt;
	char *token =
	    jwt_sign(arena, "{\"sub\":\"u1\",\"exp\":1736332201}", SECRET);

	(void)state;
	assert_string_equal(
	    token, token_of(HS256, "{\"sub\":\"u1\",\"exp\":1736332201}"));
	assert_int_equal(
	    jwt_verify(arena, token, SECRET, NOW_MS, 0, &jwt, &err), 0);
	assert_string_equal(
	    json_string(json_get(jwt.claims, "sub"), NULL), "u1");
	assert_int_equal(jwt.expires_at_ms, NOW_MS + 1000);
}

/* RFC 7515, appendix A.1. */
static void
verifies_the_example_of_the_rfc(void **state)
{
	static const char token[] =
	    "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9"
	    ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt"
	    "cGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
	    ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
	static const char key[] =
	    "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0i"
	    "PS4hcgUuTwjAzZr1Z9CAow";
	char secret[65] = "";
	struct err err = { 0 };
	struct jwt jwt;

	(void)state;
	assert_int_equal(base64url_decode(key, strlen(key), secret, 64), 64);
	assert_int_equal(jwt_verify(arena, token, secret,
			     INT64_C(1300819379999), 0, &jwt, &err),
	    0);
	assert_int_equal(jwt_verify(arena, token, secret,
			     INT64_C(1300819380000), 0, &jwt, &err),
	    -1);
	assert_string_equal(err.cause, "token: expired");
}

static void
takes_one_algorithm(void **state)
{
	static const struct {
		const char *header, *cause; /* NULL: accepted */
	} rows[] = {
		{ HS256, NULL },
		{ "{\"typ\":\"JWT\",\"alg\":\"HS256\"}", NULL },
		{ "{\"alg\":\"HS256\",\"typ\":\"JWT\" }", NULL },
		{ "{\"alg\":\"HS256\",\"typ\":\"JWT\"",
		    "token: header: unexpected end at byte 26" },
		{ "{\"alg\":\"HS256\"}", NULL },
		{ "{\"alg\":\"HS256\",\"typ\":\"jwt\"}", NULL },
		{ "{\"alg\":\"HS256\",\"typ\":\"at+jwt\"}", NULL },
		{ "{\"alg\":\"HS256\",\"kid\":\"../../dev/null\"}", NULL },
		{ "{\"alg\":\"HS256\",\"jku\":\"http://127.0.0.1:1/\"}", NULL },
		{ "{}", "token: alg is not HS256" },
		{ "{\"alg\":null}", "token: alg is not HS256" },
		{ "{\"alg\":\"none\"}", "token: alg is not HS256" },
		{ "{\"alg\":\"None\"}", "token: alg is not HS256" },
		{ "{\"alg\":\"nONE\"}", "token: alg is not HS256" },
		{ "{\"alg\":\"\"}", "token: alg is not HS256" },
		{ "{\"alg\":\"hs256\"}", "token: alg is not HS256" },
		{ "{\"alg\":\"HS256 \"}", "token: alg is not HS256" },
		{ "{\"alg\":\"HS384\"}", "token: alg is not HS256" },
		{ "{\"alg\":\"HS512\"}", "token: alg is not HS256" },
		{ "{\"alg\":\"RS256\"}", "token: alg is not HS256" },
		{ "{\"alg\":[\"HS256\"]}", "token: alg is not HS256" },
		{ "{\"alg\":\"HS256\",\"crit\":[\"exp\"]}",
		    "token: crit is not understood" },
		{ "{\"alg\":\"HS256\",\"crit\":[]}",
		    "token: crit is not understood" },
		{ "{\"alg\":\"HS256\",\"crit\":null}",
		    "token: crit is not understood" },
		{ "{\"alg\":\"HS256\",\"typ\":\"ID\"}",
		    "token: typ is not JWT" },
		{ "{\"alg\":\"HS256\",\"typ\":1}", "token: typ is not JWT" },
		{ "{\"alg\":\"HS256\",\"typ\":null}", "token: typ is not JWT" },
		{ "{\"alg\":\"HS256\",\"alg\":\"none\"}",
		    "token: header: duplicate key at byte 15" },
		{ "[\"HS256\"]", "token: header is no object" },
		{ "", "token: header: unexpected end at byte 0" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char *token = token_of(rows[i].header, "{\"sub\":\"u1\"}");
		if (rows[i].cause)
			assert_refused(token, rows[i].cause);
		else
			assert_accepted(token, -1);
	}
}

/* NOW_S is 1736332200, with five seconds of leeway. */
static void
looks_at_the_times(void **state)
{
	static const struct {
		const char *claims, *cause; /* NULL: accepted */
		int64_t expires_at_ms;
	} rows[] = {
		{ "{}", NULL, -1 },
		{ "{\"exp\":1736332201}", NULL, NOW_MS + 1000 },
		{ "{\"exp\":1736332201.5}", NULL, NOW_MS + 1500 },
		{ "{\"exp\":1.736332201e9}", NULL, NOW_MS + 1000 },
		{ "{\"exp\":253402300799}", NULL, INT64_C(253402300799000) },
		{ "{\"exp\":1736332196}", NULL, NOW_MS - 4000 },
		{ "{\"exp\":1736332195}", "token: expired", 0 },
		{ "{\"exp\":0}", "token: expired", 0 },
		{ "{\"exp\":-0}", "token: expired", 0 },
		{ "{\"exp\":-1}", "token: exp is out of range", 0 },
		{ "{\"exp\":1e300}", "token: exp is out of range", 0 },
		{ "{\"exp\":1e999}", "token: exp is out of range", 0 },
		{ "{\"exp\":253402300800}", "token: exp is out of range", 0 },
		{ "{\"exp\":18446744073709551616}",
		    "token: exp is out of range", 0 },
		{ "{\"exp\":\"1736332201\"}", "token: exp is no number", 0 },
		{ "{\"exp\":null}", "token: exp is no number", 0 },
		{ "{\"exp\":true}", "token: exp is no number", 0 },
		{ "{\"exp\":[1736332201]}", "token: exp is no number", 0 },
		{ "{\"nbf\":1736332200}", NULL, -1 },
		{ "{\"nbf\":1736332205}", NULL, -1 },
		{ "{\"nbf\":1736332205.001}", "token: not valid yet", 0 },
		{ "{\"nbf\":\"0\"}", "token: nbf is no number", 0 },
		{ "{\"nbf\":1e300}", "token: nbf is out of range", 0 },
		{ "{\"exp\":1736332201,\"exp\":9736332201}",
		    "token: payload: duplicate key at byte 18", 0 },
		{ "[]", "token: payload is no object", 0 },
		{ "\"u1\"", "token: payload is no object", 0 },
		{ "{\"sub\":\"a\\u0000b\"}",
		    "token: payload: NUL character at byte 9", 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char *token = token_of(HS256, rows[i].claims);
		if (rows[i].cause)
			assert_refused(token, rows[i].cause);
		else
			assert_accepted(token, rows[i].expires_at_ms);
	}
}

static void
refuses_malformed_parts(void **state)
{
	static const struct {
		const char *token, *cause;
	} rows[] = {
		{ "", "token: not three parts" },
		{ "a", "token: not three parts" },
		{ "a.b", "token: not three parts" },
		{ "a.b.c.d", "token: not three parts" },
		{ "....", "token: not three parts" },
		{ "..", "token: header: unexpected end at byte 0" },
		{ "!!!!.e30.", "token: header is not base64url" },
		{ "e30=.e30.", "token: header is not base64url" },
		{ " e30.e30.", "token: header is not base64url" },
		{ "e30\n.e30.", "token: header is not base64url" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_refused(rows[i].token, rows[i].cause);
}

static void
refuses_every_other_signature(void **state)
{
	char *token = token_of(HS256, "{\"sub\":\"u1\"}");
	size_t len = strlen(token);
	char *dot = strrchr(token, '.');

	(void)state;
	/* Any other letter anywhere, the last one's unused bits included. */
	for (char *at = token; *at; at++) {
		struct err err = { 0 };
		struct jwt jwt;
		char kept = *at;
		*at = kept == 'A' ? 'B' : (char)(kept ^ 1);
		assert_int_equal(jwt_verify(arena, token, SECRET, NOW_MS,
				     LEEWAY_S, &jwt, &err),
		    -1);
		*at = kept;
	}
	assert_accepted(token, -1);
	assert_refused(arena_printf(arena, "%s=", token),
	    "token: the signature is malformed");
	assert_refused(arena_copy(arena, token, len - 2),
	    "token: the signature is malformed");
	assert_refused(arena_copy(arena, token, (size_t)(dot + 1 - token)),
	    "token: the signature is malformed");
	assert_refused(arena_printf(arena, "%.*s.%s", (int)(dot - token), token,
			   "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
	    "token: the signature is wrong");
	assert_refused(jwt_sign(arena, "{\"sub\":\"u1\"}", SECRET "x"),
	    "token: the signature is wrong");
}

/* 36 characters of header, two dots, 43 of signature; the rest is claims. */
#define MOST_CLAIMS 6083

static char *
token_with_claims_of(size_t len)
{
	char *claims = arena_alloc(arena, len + 1);

	memset(claims, ' ', len);
	memcpy(claims, "{}", 2);
	return token_of(HS256, claims);
}

static void
bounds_the_length(void **state)
{
	char *token = token_with_claims_of(MOST_CLAIMS);

	(void)state;
	assert_int_equal(strlen(token), JWT_MAX_LENGTH);
	assert_accepted(token, -1);
	token = token_with_claims_of(MOST_CLAIMS + 1);
	assert_int_equal(strlen(token), JWT_MAX_LENGTH + 1);
	assert_refused(token, "token: too long");
}

static void
needs_a_secret(void **state)
{
	struct err err = { 0 };
	struct jwt jwt;
	char *token = jwt_sign(arena, "{}", "");

	(void)state;
	assert_int_equal(
	    jwt_verify(arena, token, "", NOW_MS, 0, &jwt, &err), -1);
	assert_ptr_equal(err.def, &ERR_INTERNAL);
}

/* For tokens that somebody else has verified: any algorithm, any time. */
static void
decodes_without_verifying(void **state)
{
	static const struct {
		const char *header, *claims, *signature;
		int64_t expires_at_ms;
		const char *cause; /* NULL: accepted */
	} rows[] = {
		{ "{\"alg\":\"RS256\"}", "{\"sub\":\"u1\"}", "AAAA", -1, NULL },
		{ "{}", "{\"sub\":\"u1\",\"exp\":1}", "", 1000, NULL },
		{ "{}", "{\"exp\":\"1\"}", "", 0, "token: exp is no number" },
		{ "1", "{}", "", 0, "token: header is no object" },
		{ "{}", "1", "", 0, "token: payload is no object" },
		{ "{}", "{\"sub\":1,\"sub\":2}", "", 0,
		    "token: payload: duplicate key at byte 9" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err err = { 0 };
		struct jwt jwt;
		char *token = arena_printf(arena, "%s.%s.%s",
		    base64url(rows[i].header, strlen(rows[i].header)),
		    base64url(rows[i].claims, strlen(rows[i].claims)),
		    rows[i].signature);
		int outcome = jwt_decode(arena, token, &jwt, &err);
		assert_int_equal(outcome, rows[i].cause ? -1 : 0);
		if (outcome)
			assert_string_equal(err.cause, rows[i].cause);
		else
			assert_int_equal(
			    jwt.expires_at_ms, rows[i].expires_at_ms);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(verifies_what_it_signs),
		cmocka_unit_test(verifies_the_example_of_the_rfc),
		cmocka_unit_test(takes_one_algorithm),
		cmocka_unit_test(looks_at_the_times),
		cmocka_unit_test(refuses_malformed_parts),
		cmocka_unit_test(refuses_every_other_signature),
		cmocka_unit_test(bounds_the_length),
		cmocka_unit_test(needs_a_secret),
		cmocka_unit_test(decodes_without_verifying),
	};

	return cmocka_run_group_tests(tests, make_arena, free_arena);
}
