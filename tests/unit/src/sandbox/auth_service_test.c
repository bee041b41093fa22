#include "caller.h"

#include "core/clock.h"
#include "jwt/jwt.h"

/* Good until 2100. */
static const char *
token_with(struct caller *caller, const char *claims)
{
	return jwt_sign(caller->arena,
	    arena_printf(caller->arena, "{%s,\"exp\":%lld}", claims,
		(long long)FAR_FUTURE_S),
	    SECRET);
}

static const char *
err_name(struct caller *caller)
{
	return json_string(
	    json_get(json_get(answer(caller), "err"), "name"), NULL);
}

#define ACCEPTED                                                               \
	"{\"success\":true,"                                                   \
	"\"message\":\"user is authenticated and token is valid\""

static const struct {
	const char *dialect;
	const char *claims;
	const char *body;
} DIALECTS[] = {
	{ "object", "\"id\":\"u1\",\"roles\":[\"admin\",\"x\"]",
	    ACCEPTED ",\"data\":{\"id\":\"u1\",\"roles\":[\"admin\",\"x\"]}}" },
	{ "object", "\"id\":7", ACCEPTED ",\"data\":{\"id\":7,\"roles\":[]}}" },
	{ "object", "\"id\":\"7\",\"role\":\"admin\"",
	    ACCEPTED ",\"data\":{\"id\":\"7\",\"roles\":[\"admin\"]}}" },
	{ "object", "\"sub\":\"s\"",
	    ACCEPTED ",\"data\":{\"id\":\"s\",\"roles\":[]}}" },
	{ "id", "\"id\":\"17\"", ACCEPTED ",\"data\":17}" },
	{ "id", "\"id\":17", ACCEPTED ",\"data\":17}" },
	{ "id", "\"id\":\"017\"", ACCEPTED ",\"data\":\"017\"}" },
	{ "id", "\"id\":\"12345678901234567\"",
	    ACCEPTED ",\"data\":\"12345678901234567\"}" },
	{ "id", "\"userId\":\"u1\"", ACCEPTED ",\"data\":\"u1\"}" },
	{ "none", "\"id\":\"u1\"", ACCEPTED "}" },
	{ "user_id", "\"id\":\"u1\",\"role\":\"admin\"",
	    ACCEPTED ",\"data\":{\"user_id\":\"u1\",\"role\":[\"admin\"]}}" },
	{ "userId", "\"user_id\":\"u1\",\"roles\":[\"admin\",\"x\"]",
	    ACCEPTED ",\"data\":{\"userId\":\"u1\",\"role\":\"admin\"}}" },
	{ "sub", "\"id\":\"u1\"",
	    ACCEPTED ",\"data\":{\"sub\":\"u1\",\"role\":\"customer\"}}" },
};

static void
dialects_change_the_answer(void **state)
{
	struct caller *caller = *state;

	for (size_t i = 0; i < ARRAY_LEN(DIALECTS); i++) {
		const char *dialect = arena_printf(
		    caller->arena, "{\"dialect\":\"%s\"}", DIALECTS[i].dialect);

		assert_int_equal(
		    put(caller, "/sandbox/dialect/auth", dialect), 200);
		assert_int_equal(authenticate(caller,
				     token_with(caller, DIALECTS[i].claims)),
		    200);
		assert_string_equal(
		    caller->response.body.bytes, DIALECTS[i].body);
	}
}

static const struct {
	const char *failure;
	int status;
} FAILURES[] = {
	{ "401", 401 },
	{ "403", 403 },
	{ "400", 400 },
	{ "500", 500 },
	{ "success_false", 200 },
};

static void
failures_change_the_status(void **state)
{
	struct caller *caller = *state;

	assert_int_equal(authenticate(caller, "junk"), 401);
	for (size_t i = 0; i < ARRAY_LEN(FAILURES); i++) {
		const char *failure = arena_printf(
		    caller->arena, "{\"failure\":\"%s\"}", FAILURES[i].failure);

		assert_int_equal(
		    put(caller, "/sandbox/dialect/auth", failure), 200);
		assert_int_equal(
		    authenticate(caller, "junk"), FAILURES[i].status);
		assert_string_equal(caller->response.body.bytes,
		    "{\"success\":false,\"message\":\"Something went wrong\","
		    "\"data\":{},\"err\":{\"name\":\"JsonWebTokenError\","
		    "\"message\":\"invalid signature\"}}");
	}
}

static void
times_are_looked_at(void **state)
{
	struct caller *caller = *state;
	int64_t now_s = clock_wall_ms() / 1000;
	struct {
		long long exp;
		long long nbf;
		const char *name; /* NULL: accepted */
	} rows[] = {
		{ now_s + 600, now_s - 600, NULL },
		{ now_s - 1, now_s - 600, "TokenExpiredError" },
		{ 1, 0, "TokenExpiredError" },
		{ now_s + 1200, now_s + 600, "NotBeforeError" },
		{ now_s + 400, now_s + 600, "NotBeforeError" },
		{ FAR_FUTURE_S + 1, FAR_FUTURE_S, "NotBeforeError" },
	};
	const char *const secrets[] = { SECRET, NULL };

	for (size_t s = 0; s < ARRAY_LEN(secrets); s++) {
		caller->sandbox.jwt_secret = secrets[s];
		for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
			int status = authenticate(caller,
			    jwt_sign(caller->arena,
				arena_printf(caller->arena,
				    "{\"id\":1,\"exp\":%lld,\"nbf\":%lld}",
				    rows[i].exp, rows[i].nbf),
				SECRET));

			assert_int_equal(
			    status, rows[i].name == NULL ? 200 : 401);
			if (rows[i].name != NULL)
				assert_string_equal(
				    err_name(caller), rows[i].name);
		}
	}
}

static void
a_forged_token_is_refused(void **state)
{
	struct caller *caller = *state;
	const char *forged =
	    jwt_sign(caller->arena, "{\"id\":1}", "another secret");

	assert_int_equal(authenticate(caller, forged), 401);
	assert_string_equal(err_name(caller), "JsonWebTokenError");
	caller->sandbox.jwt_secret = NULL;
	assert_int_equal(authenticate(caller, forged), 200);
	assert_int_equal(authenticate(caller, "junk"), 401);
}

static void
a_revoked_token_is_refused(void **state)
{
	struct caller *caller = *state;
	const char *one = token_with(caller, "\"id\":1");
	const char *two = token_with(caller, "\"id\":2");

	assert_int_equal(
	    call(caller, HTTP_POST, "/sandbox/revoke", NO_HEADERS,
		arena_printf(caller->arena, "{\"token\":\"%s\"}", one)),
	    200);
	assert_int_equal(authenticate(caller, one), 401);
	assert_string_equal(err_name(caller), "JsonWebTokenError");
	assert_int_equal(authenticate(caller, two), 200);
}

static int
call_with(struct caller *caller, const char *access, const char *authorization)
{
	struct http_variable headers[3] = { { NULL, NULL } };
	size_t count = 0;

	if (access != NULL)
		headers[count++] =
		    (struct http_variable){ "HTTP_X_ACCESS_TOKEN", access };
	if (authorization != NULL)
		headers[count++] = (struct http_variable){ "HTTP_AUTHORIZATION",
			authorization };
	return call(caller, HTTP_GET, AUTH_PATH, headers, "");
}

static void
the_token_is_found(void **state)
{
	struct caller *caller = *state;
	const char *good = token_with(caller, "\"id\":1");
	const char *bearer = arena_printf(caller->arena, "Bearer %s", good);
	const char *lower = arena_printf(caller->arena, "bearer %s", good);

	assert_int_equal(call_with(caller, good, NULL), 200);
	assert_int_equal(call_with(caller, NULL, bearer), 200);
	assert_int_equal(call_with(caller, NULL, lower), 200);
	assert_int_equal(call_with(caller, "", bearer), 200);
	assert_int_equal(call_with(caller, "junk", bearer), 401);
	assert_int_equal(call_with(caller, NULL, good), 401);
	assert_int_equal(call_with(caller, NULL, "Bearer "), 401);
	assert_int_equal(call_with(caller, NULL, NULL), 401);
	assert_non_null(
	    strstr(caller->response.body.bytes, "\"jwt must be provided\""));
}

#define TEST(name)                                                             \
	cmocka_unit_test_setup_teardown(name, caller_open, caller_close)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(dialects_change_the_answer),
		TEST(failures_change_the_status),
		TEST(times_are_looked_at),
		TEST(a_forged_token_is_refused),
		TEST(a_revoked_token_is_refused),
		TEST(the_token_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
