/*
 * JSON Web Tokens, compact form, HS256 only (RFC 7515, 7519, 8725).
 *
 * Padding, a duplicate claim, a malformed part or a malformed exp is always
 * refused; jwt_verify refuses any other `alg` (none in every spelling
 * included), a `crit` header and a `typ` other than JWT or at+jwt. Nothing is
 * fetched.
 */
#ifndef JWT_JWT_H
#define JWT_JWT_H

#include "core/arena.h"
#include "core/err.h"
#include "json/json_in.h"

#define JWT_MAX_LENGTH 8192

struct jwt {
	const struct json_value *claims; /* the payload, an object */
	int64_t expires_at_ms;		 /* exp as wall time; -1 without one */
};

/* Three base64url parts with JSON objects in the first two; the signature is
 * not looked at. For tokens that the Auth service has vouched for. 0, or -1
 * with ERR_INVALID (cause names what is wrong). */
int jwt_decode(struct arena *arena, const char *token, struct jwt *jwt,
    struct err *err) MUST_CHECK;
/* As jwt_decode, and the HS256 signature must match `secret`, exp (if any)
 * must be later and nbf (if any) not later than now, with `leeway_s`. */
int jwt_verify(struct arena *arena, const char *token, const char *secret,
    int64_t now_wall_ms, int leeway_s, struct jwt *jwt,
    struct err *err) MUST_CHECK;
/* Signs claims (a JSON object's text). For development tokens and tests. */
char *jwt_sign(
    struct arena *arena, const char *claims_json, const char *secret);

#endif
