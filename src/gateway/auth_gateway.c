#include "gateway/auth_gateway.h"

#include <string.h>
#include <strings.h>

#include "model/booking_errors.h"

#define LEEWAY_S 0

/* What the cache holds for a token. */
struct cached_caller {
	int32_t role;
	uint32_t user_id_len;
	char user_id[USER_ID_MAX + 1];
};
_Static_assert(sizeof(struct cached_caller) == AUTH_CACHE_VALUE_BYTES,
    "the cache's slots fit the value");

const char *
auth_bearer_token(struct arena *arena, const char *authorization)
{
	const char *token;

	if (authorization == NULL ||
	    strncasecmp(authorization, "Bearer ", 7) != 0)
		return NULL;
	token = authorization + 7 + strspn(authorization + 7, " ");
	if (*token == '\0' || strlen(token) > JWT_MAX_LENGTH)
		return NULL;
	for (const char *c = token; *c != '\0'; c++) {
		if (*c <= ' ' || *c > '~' || *c == ',')
			return NULL;
	}
	return arena_strdup(arena, token);
}

/* An id is a string or a whole number; NULL for anything else. */
static const char *
id_text(const struct json_value *value)
{
	const char *text;
	size_t len;

	if (json_type_of(value) == JSON_INTEGER)
		text = json_number_text(value);
	else
		text = json_string(value, NULL);
	if (text == NULL)
		return NULL;
	len = strlen(text);
	return user_id_valid(text, len) ? text : NULL;
}

static const char *
id_of_object(const struct json_value *object)
{
	static const char *const NAMES[] = { "id", "user_id", "userId", "sub" };

	for (size_t i = 0; i < ARRAY_LEN(NAMES); i++) {
		const struct json_value *value = json_get(object, NAMES[i]);

		if (json_type_of(value) != JSON_NULL)
			return id_text(value);
	}
	return NULL;
}

static enum caller_role
role_named(const char *name)
{
	if (name == NULL)
		return ROLE_CUSTOMER;
	if (strcasecmp(name, "admin") == 0)
		return ROLE_ADMIN;
	if (strcasecmp(name, "service") == 0)
		return ROLE_SERVICE;
	return ROLE_CUSTOMER;
}

/* The highest role in `roles` or `role`, a string or an array of strings.
 * False when the object names none. */
static bool
role_of_object(const struct json_value *object, enum caller_role *role)
{
	const struct json_value *value = json_get(object, "roles");

	if (json_type_of(value) == JSON_NULL)
		value = json_get(object, "role");
	if (json_type_of(value) == JSON_NULL)
		return false;
	*role = role_named(json_string(value, NULL));
	for (size_t i = 0; i < json_length(value); i++) {
		enum caller_role one =
		    role_named(json_string(json_at(value, i), NULL));

		if (one > *role)
			*role = one;
	}
	return true;
}

static bool
take_cached(struct auth_gateway *gateway, const struct request_context *ctx,
    struct auth_check *check)
{
	struct cached_caller cached;

	if (gateway->cache == NULL || gateway->cache_ms <= 0 ||
	    shared_cache_get(gateway->cache, check->token, strlen(check->token),
		&cached, sizeof(cached)) != (int)sizeof(cached))
		return false;
	check->caller.role = (enum caller_role)cached.role;
	check->caller.user_id =
	    arena_copy(ctx->arena, cached.user_id, cached.user_id_len);
	check->decided = true;
	return true;
}

static void
keep_cached(struct auth_gateway *gateway, const struct auth_check *check,
    const struct caller *caller, int64_t expires_at_ms)
{
	struct cached_caller cached = { .role = (int32_t)caller->role };
	int64_t ttl_ms = gateway->cache_ms;
	int64_t left_ms = expires_at_ms - clock_wall_ms();

	if (gateway->cache == NULL)
		return;
	if (expires_at_ms >= 0 && left_ms < ttl_ms)
		ttl_ms = left_ms;
	cached.user_id_len = (uint32_t)strlen(caller->user_id);
	memcpy(cached.user_id, caller->user_id, cached.user_id_len);
	shared_cache_put(gateway->cache, check->token, strlen(check->token),
	    &cached, sizeof(cached), ttl_ms);
}

static int
verify_here(struct auth_gateway *gateway, const struct request_context *ctx,
    struct auth_check *check, struct err *err)
{
	struct err why;

	if (jwt_verify(ctx->arena, check->token, gateway->jwt_secret,
		clock_wall_ms(), LEEWAY_S, &check->jwt, &why) != 0)
		return err_set(err, &UNAUTHORIZED, "token: %s", why.cause);
	check->verified = true;
	return 0;
}

static int
decide_here(struct auth_check *check, struct err *err)
{
	const char *id = id_of_object(check->jwt.claims);

	if (id == NULL)
		return err_set(err, &UNAUTHORIZED, "token names no user");
	check->caller.user_id = id;
	check->caller.role = ROLE_CUSTOMER;
	role_of_object(check->jwt.claims, &check->caller.role);
	check->decided = true;
	return 0;
}

static void
prepare_call(struct auth_gateway *gateway, const struct request_context *ctx,
    struct auth_check *check)
{
	const char *bearer =
	    arena_printf(ctx->arena, "Bearer %s", check->token);

	check->headers[0] = (struct rest_header){ "Authorization", bearer };
	check->headers[1] =
	    (struct rest_header){ "x-access-token", check->token };
	check->headers[2] =
	    (struct rest_header){ "X-Request-Id", ctx->request_id };
	check->headers[3] =
	    (struct rest_header){ "traceparent", ctx->traceparent };
	check->call = (struct rest_call){
		.url = arena_printf(ctx->arena, "%s%s", gateway->service_url,
		    gateway->verify_path),
		.headers = check->headers,
		.header_count = ARRAY_LEN(check->headers),
		.timeout_ms = gateway->timeout_ms,
		.breaker = gateway->breaker,
	};
}

int
auth_begin(struct auth_gateway *gateway, const struct request_context *ctx,
    const char *token, struct auth_check *check, struct err *err)
{
	memset(check, 0, sizeof(*check));
	if (token == NULL)
		return err_set(err, &UNAUTHORIZED, "no bearer token");
	check->token = token;
	if (take_cached(gateway, ctx, check))
		return 0;
	if (gateway->jwt_secret[0] != '\0' &&
	    verify_here(gateway, ctx, check, err) != 0)
		return -1;
	if (gateway->local)
		return decide_here(check, err);
	prepare_call(gateway, ctx, check);
	return 0;
}

/* The family's Node service reports a bad token as a 500 of this shape. */
static bool
is_token_error(const struct json_value *answer)
{
	static const char *const NAMES[] = { "JsonWebTokenError",
		"TokenExpiredError", "NotBeforeError" };
	const char *name =
	    json_string(json_get(json_get(answer, "err"), "name"), NULL);

	for (size_t i = 0; name != NULL && i < ARRAY_LEN(NAMES); i++) {
		if (strcmp(name, NAMES[i]) == 0)
			return true;
	}
	return false;
}

static int
unavailable(struct err *err, const char *why)
{
	return err_set(err, &AUTH_SERVICE_UNAVAILABLE, "auth service: %s", why);
}

/* Reads the id and roles of an accepting answer. */
static int
read_caller(const struct request_context *ctx, struct auth_check *check,
    const struct json_value *answer, struct caller *caller, struct err *err)
{
	const struct json_value *who = json_get(answer, "data");
	struct err why;

	caller->role = ROLE_CUSTOMER;
	if (json_type_of(who) == JSON_NULL) {
		if (!check->verified && jwt_decode(ctx->arena, check->token,
					    &check->jwt, &why) != 0)
			return unavailable(err, "accepts an opaque token "
						"without naming its user");
		caller->user_id = id_of_object(check->jwt.claims);
	} else if (json_type_of(who) == JSON_OBJECT) {
		caller->user_id = id_of_object(who);
	} else {
		caller->user_id = id_text(who);
	}
	if (caller->user_id == NULL)
		return unavailable(err, "names no usable user id");
	if (!role_of_object(who, &caller->role) && check->verified)
		role_of_object(check->jwt.claims, &caller->role);
	return 0;
}

static int
read_answer(const struct request_context *ctx, struct auth_check *check,
    struct caller *caller, struct err *err)
{
	const struct rest_call *call = &check->call;
	const struct json_value *answer = NULL;
	bool success;
	struct err why;

	if (call->status >= 400 && call->status < 500)
		return err_set(err, &UNAUTHORIZED, "auth service answered %d",
		    call->status);
	if (json_parse(ctx->arena, call->body, call->body_len, &answer, &why) !=
	    0)
		return unavailable(
		    err, arena_printf(ctx->arena, "answer is not JSON: %s",
			     why.details));
	if (call->status == 500 && is_token_error(answer)) {
		rest_call_was_fine(&check->call);
		return err_set(
		    err, &UNAUTHORIZED, "auth service reports a token error");
	}
	if (call->status != 200)
		return err_set(err, &AUTH_SERVICE_UNAVAILABLE,
		    "auth service answered %d", call->status);
	if (json_bool(json_get(answer, "success"), &success) != 0)
		return unavailable(err, "answer lacks `success`");
	if (!success)
		return err_set(
		    err, &UNAUTHORIZED, "auth service refused the token");
	return read_caller(ctx, check, answer, caller, err);
}

int
auth_finish(struct auth_gateway *gateway, const struct request_context *ctx,
    struct auth_check *check, struct caller *caller, struct err *err)
{
	struct err why;

	if (check->decided) {
		*caller = check->caller;
		return 0;
	}
	if (check->call.outcome != 0)
		return err_set(err, &AUTH_SERVICE_UNAVAILABLE,
		    "auth service: %s", check->call.err.cause);
	if (read_answer(ctx, check, caller, err) != 0)
		return -1;
	if (!check->verified &&
	    jwt_decode(ctx->arena, check->token, &check->jwt, &why) != 0)
		check->jwt.expires_at_ms = -1;
	keep_cached(gateway, check, caller, check->jwt.expires_at_ms);
	return 0;
}
