#include "jwt/jwt.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/buf.h"
#include "core/digest.h"

#define LAST_SECOND 253402300799.0 /* of the year 9999 */

/* "header.payload.signature", each part lent from the token. */
struct compact {
	const char *header, *payload, *signature;
	size_t header_len, payload_len, signature_len;
};

static int
refuse(struct err *err, const char *why)
{
	return err_set(err, &ERR_INVALID, "token: %s", why);
}

static int
split(const char *token, struct compact *parts, struct err *err)
{
	const char *first, *second;
	size_t len = strnlen(token, JWT_MAX_LENGTH + 1);

	if (len > JWT_MAX_LENGTH)
		return refuse(err, "too long");
	first = strchr(token, '.');
	second = first ? strchr(first + 1, '.') : NULL;
	if (!second || strchr(second + 1, '.'))
		return refuse(err, "not three parts");
	parts->header = token;
	parts->header_len = (size_t)(first - token);
	parts->payload = first + 1;
	parts->payload_len = (size_t)(second - parts->payload);
	parts->signature = second + 1;
	parts->signature_len = len - (size_t)(parts->signature - token);
	return 0;
}

/* Bytes of one part in the arena; *len says how many. */
static void *
decode_part(struct arena *arena, const char *text, size_t text_len, size_t *len)
{
	char *bytes = arena_alloc(arena, text_len + 1);
	int decoded = base64url_decode(text, text_len, bytes, text_len + 1);

	if (decoded < 0)
		return NULL;
	*len = (size_t)decoded;
	return bytes;
}

static int
decode_object(struct arena *arena, const char *text, size_t text_len,
    const char *name, const struct json_value **object, struct err *err)
{
	const struct json_value *value = NULL;
	struct err cause;
	size_t len;
	const char *json = decode_part(arena, text, text_len, &len);

	if (!json)
		return err_set(
		    err, &ERR_INVALID, "token: %s is not base64url", name);
	err_clear(&cause);
	if (json_parse(arena, json, len, &value, &cause))
		return err_set(err, cause.def, "token: %s: %s", name,
		    cause.details[0] ? cause.details : cause.cause);
	if (json_type_of(value) != JSON_OBJECT)
		return err_set(
		    err, &ERR_INVALID, "token: %s is no object", name);
	*object = value;
	return 0;
}

/* A NumericDate (RFC 7519, section 2): seconds, perhaps with a fraction.
 * *wall_ms stays as it is when the claim is absent. */
static int
read_date(const struct json_value *claims, const char *name, int64_t *wall_ms,
    struct err *err)
{
	const char *text = json_number_text(json_get(claims, name));
	double seconds;

	if (!json_has(claims, name))
		return 0;
	if (!text)
		return err_set(
		    err, &ERR_INVALID, "token: %s is no number", name);
	seconds = strtod(text, NULL);
	if (seconds < 0 || seconds > LAST_SECOND)
		return err_set(
		    err, &ERR_INVALID, "token: %s is out of range", name);
	*wall_ms = (int64_t)(seconds * 1000);
	return 0;
}

static int
decode_claims(struct arena *arena, const struct compact *parts, struct jwt *jwt,
    struct err *err)
{
	const struct json_value *claims = NULL;
	int64_t expires_at_ms = -1;

	if (decode_object(arena, parts->payload, parts->payload_len, "payload",
		&claims, err) ||
	    read_date(claims, "exp", &expires_at_ms, err))
		return -1;
	jwt->claims = claims;
	jwt->expires_at_ms = expires_at_ms;
	return 0;
}

int
jwt_decode(
    struct arena *arena, const char *token, struct jwt *jwt, struct err *err)
{
	const struct json_value *header = NULL;
	struct compact parts = { 0 };

	if (split(token, &parts, err) ||
	    decode_object(
		arena, parts.header, parts.header_len, "header", &header, err))
		return -1;
	return decode_claims(arena, &parts, jwt, err);
}

/* --- verifying ------------------------------------------------------------ */

static bool
type_accepted(const struct json_value *header)
{
	const char *typ = json_string(json_get(header, "typ"), NULL);

	if (!json_has(header, "typ"))
		return true;
	return typ && (!strcasecmp(typ, "JWT") || !strcasecmp(typ, "at+jwt"));
}

static int
check_header(const struct json_value *header, struct err *err)
{
	const char *alg = json_string(json_get(header, "alg"), NULL);

	if (!alg || strcmp(alg, "HS256") != 0)
		return refuse(err, "alg is not HS256");
	if (json_has(header, "crit"))
		return refuse(err, "crit is not understood");
	if (!type_accepted(header))
		return refuse(err, "typ is not JWT");
	return 0;
}

/* How nearly all libraries write a header that check_header takes: not parsed
 * for every token. */
static bool
header_usual(const struct compact *parts)
{
	static const char *const usual[] = {
		/* {"alg":"HS256","typ":"JWT"}, {"typ":"JWT","alg":"HS256"} */
		"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9",
		"eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9",
	};

	for (size_t i = 0; i < ARRAY_LEN(usual); i++)
		if (strlen(usual[i]) == parts->header_len &&
		    !memcmp(usual[i], parts->header, parts->header_len))
			return true;
	return false;
}

static int
read_header(struct arena *arena, const struct compact *parts, struct err *err)
{
	const struct json_value *header = NULL;

	if (header_usual(parts))
		return 0;
	if (decode_object(arena, parts->header, parts->header_len, "header",
		&header, err))
		return -1;
	return check_header(header, err);
}

static int
check_signature(struct arena *arena, const struct compact *parts,
    const char *secret, struct err *err)
{
	const char *signed_text = parts->header;
	size_t signed_len = parts->header_len + 1 + parts->payload_len, len;
	struct digest expected =
	    digest_hmac(secret, strlen(secret), signed_text, signed_len);
	struct digest given;
	const void *bytes =
	    decode_part(arena, parts->signature, parts->signature_len, &len);

	if (!bytes || len != sizeof(given.bytes))
		return refuse(err, "the signature is malformed");
	memcpy(given.bytes, bytes, sizeof(given.bytes));
	if (!digest_equal(&expected, &given))
		return refuse(err, "the signature is wrong");
	return 0;
}

static int
check_times(
    const struct jwt *jwt, int64_t now_wall_ms, int leeway_s, struct err *err)
{
	int64_t leeway_ms = (int64_t)leeway_s * 1000;
	int64_t not_before_ms = INT64_MIN;

	if (jwt->expires_at_ms >= 0 &&
	    jwt->expires_at_ms + leeway_ms <= now_wall_ms)
		return refuse(err, "expired");
	if (read_date(jwt->claims, "nbf", &not_before_ms, err))
		return -1;
	if (not_before_ms > now_wall_ms + leeway_ms)
		return refuse(err, "not valid yet");
	return 0;
}

/* The signature is looked at before the payload is parsed: only the header of
 * a forged token costs anything. */
int
jwt_verify(struct arena *arena, const char *token, const char *secret,
    int64_t now_wall_ms, int leeway_s, struct jwt *jwt, struct err *err)
{
	struct compact parts = { 0 };
	struct jwt decoded = { 0 };

	if (secret[0] == '\0')
		return err_set(err, &ERR_INTERNAL, "token: no secret is set");
	if (split(token, &parts, err) || read_header(arena, &parts, err) ||
	    check_signature(arena, &parts, secret, err) ||
	    decode_claims(arena, &parts, &decoded, err) ||
	    check_times(&decoded, now_wall_ms, leeway_s, err))
		return -1;
	*jwt = decoded;
	return 0;
}

/* --- signing -------------------------------------------------------------- */

static void
append_base64url(struct buf *buf, const void *bytes, size_t len)
{
	size_t size = (len * 4 + 2) / 3 + 1;
	char *text = arena_alloc(buf->arena, size);

	base64url_encode(bytes, len, text, size);
	buf_text(buf, text);
}

char *
jwt_sign(struct arena *arena, const char *claims_json, const char *secret)
{
	static const char header[] = "{\"alg\":\"HS256\",\"typ\":\"JWT\"}";
	struct digest signature;
	struct buf token;

	buf_init(&token, arena, SIZE_MAX);
	append_base64url(&token, header, sizeof(header) - 1);
	buf_char(&token, '.');
	append_base64url(&token, claims_json, strlen(claims_json));
	signature = digest_hmac(secret, strlen(secret), token.bytes, token.len);
	buf_char(&token, '.');
	append_base64url(&token, signature.bytes, sizeof(signature.bytes));
	return token.bytes;
}
