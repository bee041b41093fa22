#include "sandbox/auth_service.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/clock.h"
#include "jwt/jwt.h"
#include "sandbox/call.h"
#include "sandbox/reply.h"

#define LAST_MS	 253402300800000.0 /* after the year 9999 */
#define ACCEPTED "user is authenticated and token is valid"
#define REFUSED	 "Something went wrong"

enum verdict {
	TOKEN_VALID,
	TOKEN_MISSING,
	TOKEN_FORGED,
	TOKEN_EXPIRED,
	TOKEN_EARLY,
	TOKEN_REVOKED,
	VERDICT__COUNT
};

/* As Node's jsonwebtoken names them. */
static const struct {
	const char *name;
	const char *message;
} REASONS[] = {
	[TOKEN_VALID] = { NULL, NULL },
	[TOKEN_MISSING] = { "JsonWebTokenError", "jwt must be provided" },
	[TOKEN_FORGED] = { "JsonWebTokenError", "invalid signature" },
	[TOKEN_EXPIRED] = { "TokenExpiredError", "jwt expired" },
	[TOKEN_EARLY] = { "NotBeforeError", "jwt not active" },
	[TOKEN_REVOKED] = { "JsonWebTokenError", "jwt revoked" },
};
_Static_assert(ARRAY_LEN(REASONS) == VERDICT__COUNT, "a reason for each");

static const int REFUSE_STATUS[] = {
	[REFUSE_401] = 401,
	[REFUSE_403] = 403,
	[REFUSE_400] = 400,
	[REFUSE_500] = 500,
	[REFUSE_200] = 200,
};
_Static_assert(
    ARRAY_LEN(REFUSE_STATUS) == AUTH_FAILURE__COUNT, "a status for each");

/* The key under which an object carries the id; NULL: it is no object. */
static const char *const ID_KEYS[] = {
	[AUTH_AS_OBJECT] = "id",
	[AUTH_AS_ID] = NULL,
	[AUTH_AS_NONE] = NULL,
	[AUTH_AS_USER_ID] = "user_id",
	[AUTH_AS_CAMEL] = "userId",
	[AUTH_AS_SUB] = "sub",
};
_Static_assert(ARRAY_LEN(ID_KEYS) == AUTH_DIALECT__COUNT, "a key for each");

static const char *
token_of(const struct http_request *request)
{
	static const char SCHEME[] = "Bearer ";
	const char *token = http_header(request, "X-Access-Token", NULL);
	const char *header;

	if (token != NULL && token[0] != '\0')
		return token;
	header = http_header(request, "Authorization", NULL);
	if (header == NULL ||
	    strncasecmp(header, SCHEME, sizeof(SCHEME) - 1) != 0)
		return NULL;
	return header + sizeof(SCHEME) - 1;
}

/* nbf in milliseconds, 0 without one. */
static int64_t
not_before_ms(const struct jwt *jwt)
{
	const char *text = json_number_text(json_get(jwt->claims, "nbf"));
	double ms = text == NULL ? 0 : strtod(text, NULL) * 1000;

	return ms > 0 && ms < LAST_MS ? (int64_t)ms : 0;
}

static enum verdict
in_time(const struct jwt *jwt, int64_t now_ms)
{
	if (not_before_ms(jwt) > now_ms)
		return TOKEN_EARLY;
	if (jwt->expires_at_ms >= 0 && jwt->expires_at_ms <= now_ms)
		return TOKEN_EXPIRED;
	return TOKEN_VALID;
}

/* Whether the signature alone is right, whatever the times say: asked at a time
 * that nbf allows, with a lifetime of leeway behind exp. */
static bool
signed_by_us(const struct sandbox *sandbox, struct arena *arena,
    const char *token, int64_t now_ms, struct jwt *jwt)
{
	struct err err;
	int64_t at_ms;

	if (jwt_decode(arena, token, jwt, &err) != 0)
		return false;
	if (sandbox->jwt_secret == NULL)
		return true;
	at_ms = not_before_ms(jwt) > now_ms ? not_before_ms(jwt) : now_ms;
	return jwt_verify(arena, token, sandbox->jwt_secret, at_ms, INT_MAX,
		   jwt, &err) == 0;
}

/* The ordinary token costs one verification; only a refused one is looked at
 * again for the reason. */
static enum verdict
verify(const struct sandbox *sandbox, struct arena *arena, const char *token,
    struct jwt *jwt)
{
	int64_t now_ms = clock_wall_ms();
	struct err err;

	if (sandbox->jwt_secret != NULL &&
	    jwt_verify(
		arena, token, sandbox->jwt_secret, now_ms, 0, jwt, &err) == 0)
		return TOKEN_VALID;
	if (!signed_by_us(sandbox, arena, token, now_ms, jwt))
		return TOKEN_FORGED;
	return in_time(jwt, now_ms);
}

static bool
is_revoked(struct state *state, const char *token)
{
	struct digest digest;

	if (!state_any_revoked(state))
		return false;
	digest = digest_of(token, strlen(token));
	return state_revoked(state, &digest);
}

static enum verdict
judge(const struct sandbox *sandbox, struct arena *arena, const char *token,
    struct jwt *jwt)
{
	enum verdict verdict;

	if (token == NULL || token[0] == '\0')
		return TOKEN_MISSING;
	verdict = verify(sandbox, arena, token, jwt);
	if (verdict == TOKEN_VALID && is_revoked(sandbox->state, token))
		return TOKEN_REVOKED;
	return verdict;
}

/* --- answers ----------------------------------------------------------------
 */

static const struct json_value *
claim(const struct jwt *jwt, const char *const keys[])
{
	for (; *keys != NULL; keys++) {
		const struct json_value *value = json_get(jwt->claims, *keys);

		if (json_type_of(value) != JSON_NULL)
			return value;
	}
	return NULL;
}

/* A number that every JSON reader holds exactly. */
static bool
all_digits(const char *text)
{
	size_t len = strlen(text);

	return len > 0 && len <= 15 && strspn(text, "0123456789") == len &&
	       (text[0] != '0' || len == 1);
}

static void
put_id(struct json_out *out, const char *key, const struct jwt *jwt,
    bool digits_are_number)
{
	static const char *const KEYS[] = { "id", "user_id", "userId", "sub",
		NULL };
	const struct json_value *id = claim(jwt, KEYS);
	const char *number = json_number_text(id);
	const char *text = json_string(id, NULL);

	if (number != NULL)
		json_put_raw(out, key, number);
	else if (text != NULL && digits_are_number && all_digits(text))
		json_put_raw(out, key, text);
	else
		json_put_text(out, key, text);
}

/* The claim may be a list or one name. */
static const char *
role_at(const struct json_value *roles, size_t index)
{
	if (json_type_of(roles) == JSON_ARRAY)
		return json_string(json_at(roles, index), NULL);
	return index == 0 ? json_string(roles, NULL) : NULL;
}

static void
put_roles(struct json_out *out, const char *key, const struct jwt *jwt)
{
	static const char *const KEYS[] = { "roles", "role", NULL };
	const struct json_value *roles = claim(jwt, KEYS);
	const char *role;

	json_begin_array(out, key);
	for (size_t i = 0; (role = role_at(roles, i)) != NULL; i++)
		json_put_text(out, NULL, role);
	json_end_array(out);
}

static void
put_first_role(struct json_out *out, const char *key, const struct jwt *jwt)
{
	static const char *const KEYS[] = { "role", "roles", NULL };
	const char *role = role_at(claim(jwt, KEYS), 0);

	json_put_text(out, key, role == NULL ? "customer" : role);
}

static void
put_user(struct json_out *out, enum auth_dialect dialect, const struct jwt *jwt)
{
	json_begin_object(out, "data");
	put_id(out, ID_KEYS[dialect], jwt, false);
	if (dialect == AUTH_AS_OBJECT)
		put_roles(out, "roles", jwt);
	else if (dialect == AUTH_AS_USER_ID)
		put_roles(out, "role", jwt);
	else
		put_first_role(out, "role", jwt);
	json_end_object(out);
}

static void
accept_token(enum auth_dialect dialect, const struct jwt *jwt,
    struct http_response *response)
{
	struct json_out out;

	reply_begin(response, 200, true, ACCEPTED, &out);
	if (ID_KEYS[dialect] != NULL)
		put_user(&out, dialect, jwt);
	else if (dialect == AUTH_AS_ID)
		put_id(&out, "data", jwt, true);
	json_end_object(&out);
}

static void
refuse_token(enum auth_failure failure, enum verdict verdict,
    struct http_response *response)
{
	struct json_out out;

	reply_begin(response, REFUSE_STATUS[failure], false, REFUSED, &out);
	json_begin_object(&out, "data");
	json_end_object(&out);
	json_begin_object(&out, "err");
	json_put_text(&out, "name", REASONS[verdict].name);
	json_put_text(&out, "message", REASONS[verdict].message);
	json_end_object(&out);
	json_end_object(&out);
}

void
auth_is_authenticated(struct sandbox *sandbox,
    const struct http_request *request, const struct route_match *match,
    struct http_response *response)
{
	struct state *state = sandbox->state;
	struct fault fault;
	enum verdict verdict;
	struct jwt jwt;

	(void)match;
	if (call_begin(sandbox, SERVICE_AUTH, request, response, &fault))
		return;
	verdict = judge(sandbox, request->arena, token_of(request), &jwt);
	if (verdict == TOKEN_VALID) {
		state_count(state, SERVICE_AUTH, TALLY_POSITIVE);
		accept_token(
		    (enum auth_dialect)state_dialect(state, AUTH_DIALECT), &jwt,
		    response);
	} else {
		state_count(state, SERVICE_AUTH, TALLY_NEGATIVE);
		refuse_token(
		    (enum auth_failure)state_dialect(state, AUTH_FAILURE),
		    verdict, response);
	}
	fault_spoil(&fault, response);
}
