#include "gateway/auth_gateway.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "model/booking_errors.h"

#define SECRET "a secret that is long enough for all"

static struct arena *arena;

static struct request_context
context(void)
{
	return (struct request_context){ .arena = arena, .request_id = "r" };
}

static const char *
token_with(const char *claims)
{
	return jwt_sign(arena, claims, SECRET);
}

static void
bearer_tokens(void **state)
{
	static const struct {
		const char *field, *token;
	} ROWS[] = {
		{ "Bearer abc", "abc" },
		{ "bearer abc", "abc" },
		{ "BEARER   abc", "abc" },
		{ NULL, NULL },
		{ "", NULL },
		{ "Bearer", NULL },
		{ "Bearer ", NULL },
		{ "Basic abc", NULL },
		{ "Bearerabc", NULL },
		{ "Bearer a b", NULL },
		{ "Bearer a, Bearer a", NULL },
		{ "Bearer a,b", NULL },
		{ "Bearer \xc3\xbc", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
		const char *token = auth_bearer_token(arena, ROWS[i].field);

		if (ROWS[i].token == NULL)
			assert_null(token);
		else
			assert_string_equal(token, ROWS[i].token);
	}
}

/* An answer of the Auth service and who it makes of a token whose own claims
 * are {"id":"t","roles":["admin"]}; NULL: the error. */
static const struct {
	int status;
	const char *body, *user;
	enum caller_role role;
	const struct err_def *error;
} ANSWERS[] = {
	{ 200, "{\"success\":true,\"data\":7}", "7", ROLE_ADMIN, NULL },
	{ 200, "{\"success\":true,\"data\":\"u\"}", "u", ROLE_ADMIN, NULL },
	{ 200, "{\"success\":true}", "t", ROLE_ADMIN, NULL },
	{ 200, "{\"success\":true,\"data\":null}", "t", ROLE_ADMIN, NULL },
	{ 200, "{\"success\":true,\"data\":{\"id\":7,\"role\":\"service\"}}",
	    "7", ROLE_SERVICE, NULL },
	{ 200,
	    "{\"success\":true,\"data\":{\"user_id\":\"u\",\"roles\":[\"x\","
	    "\"ADMIN\",7]}}",
	    "u", ROLE_ADMIN, NULL },
	{ 200, "{\"success\":true,\"data\":{\"sub\":\"u\",\"roles\":[]}}", "u",
	    ROLE_CUSTOMER, NULL },
	{ 200, "{\"success\":true,\"data\":{\"userId\":\"u\"}}", "u",
	    ROLE_ADMIN, NULL },
	{ 200, "{\"success\":false}", NULL, 0, &UNAUTHORIZED },
	{ 401, "", NULL, 0, &UNAUTHORIZED },
	{ 418, "<html>", NULL, 0, &UNAUTHORIZED },
	{ 500, "{\"err\":{\"name\":\"JsonWebTokenError\"}}", NULL, 0,
	    &UNAUTHORIZED },
	{ 500, "{\"err\":{\"name\":\"TokenExpiredError\"}}", NULL, 0,
	    &UNAUTHORIZED },
	{ 500, "{\"err\":{\"name\":\"NotBeforeError\"}}", NULL, 0,
	    &UNAUTHORIZED },
	{ 503, "{\"err\":{\"name\":\"JsonWebTokenError\"}}", NULL, 0,
	    &AUTH_SERVICE_UNAVAILABLE },
	{ 500, "{\"err\":{\"name\":\"TypeError\"}}", NULL, 0,
	    &AUTH_SERVICE_UNAVAILABLE },
	{ 500, "{\"success\":true,\"data\":1}", NULL, 0,
	    &AUTH_SERVICE_UNAVAILABLE },
	{ 201, "{\"success\":true,\"data\":1}", NULL, 0,
	    &AUTH_SERVICE_UNAVAILABLE },
	{ 302, "{\"success\":true,\"data\":1}", NULL, 0,
	    &AUTH_SERVICE_UNAVAILABLE },
	{ 200, "<html>", NULL, 0, &AUTH_SERVICE_UNAVAILABLE },
	{ 200, "", NULL, 0, &AUTH_SERVICE_UNAVAILABLE },
	{ 200, "[]", NULL, 0, &AUTH_SERVICE_UNAVAILABLE },
	{ 200, "{\"success\":\"true\",\"data\":1}", NULL, 0,
	    &AUTH_SERVICE_UNAVAILABLE },
	{ 200, "{\"data\":1}", NULL, 0, &AUTH_SERVICE_UNAVAILABLE },
	{ 200, "{\"success\":true,\"data\":[]}", NULL, 0,
	    &AUTH_SERVICE_UNAVAILABLE },
	{ 200, "{\"success\":true,\"data\":true}", NULL, 0,
	    &AUTH_SERVICE_UNAVAILABLE },
	{ 200, "{\"success\":true,\"data\":1.5}", NULL, 0,
	    &AUTH_SERVICE_UNAVAILABLE },
	{ 200, "{\"success\":true,\"data\":{}}", NULL, 0,
	    &AUTH_SERVICE_UNAVAILABLE },
	{ 200, "{\"success\":true,\"data\":\"a b\"}", NULL, 0,
	    &AUTH_SERVICE_UNAVAILABLE },
	{ 200, "{\"success\":true,\"data\":{\"id\":[],\"sub\":\"u\"}}", NULL, 0,
	    &AUTH_SERVICE_UNAVAILABLE },
};

static void
answers(void **state)
{
	struct auth_gateway gateway = { .service_url = "http://a",
		.verify_path = "/v",
		.jwt_secret = SECRET };
	const struct request_context ctx = context();
	const char *token = token_with("{\"id\":\"t\",\"roles\":[\"admin\"]}");

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ANSWERS); i++) {
		struct auth_check check;
		struct caller caller;
		struct err err;
		int result;

		assert_int_equal(
		    auth_begin(&gateway, &ctx, token, &check, &err), 0);
		assert_false(check.decided);
		assert_string_equal(check.call.url, "http://a/v");
		check.call.status = ANSWERS[i].status;
		check.call.body = ANSWERS[i].body;
		check.call.body_len = strlen(ANSWERS[i].body);
		result = auth_finish(&gateway, &ctx, &check, &caller, &err);
		assert_int_equal(result, ANSWERS[i].error == NULL ? 0 : -1);
		if (ANSWERS[i].error != NULL) {
			assert_ptr_equal(err.def, ANSWERS[i].error);
			continue;
		}
		assert_string_equal(caller.user_id, ANSWERS[i].user);
		assert_int_equal(caller.role, ANSWERS[i].role);
	}
}

/* What nobody has verified names the user, if the service accepted it, but
 * never a role. */
static void
unverified_tokens(void **state)
{
	struct auth_gateway gateway = {
		.service_url = "", .verify_path = "", .jwt_secret = ""
	};
	const struct request_context ctx = context();
	const char *body = "{\"success\":true}";
	struct auth_check check;
	struct caller caller;
	struct err err;

	(void)state;
	assert_int_equal(
	    auth_begin(&gateway, &ctx,
		token_with("{\"sub\":\"t\",\"roles\":[\"admin\"]}"), &check,
		&err),
	    0);
	assert_false(check.verified);
	check.call.status = 200;
	check.call.body = body;
	check.call.body_len = strlen(body);
	assert_int_equal(auth_finish(&gateway, &ctx, &check, &caller, &err), 0);
	assert_string_equal(caller.user_id, "t");
	assert_int_equal(caller.role, ROLE_CUSTOMER);
	assert_int_equal(auth_begin(&gateway, &ctx, "opaque", &check, &err), 0);
	check.call.status = 200;
	check.call.body = body;
	check.call.body_len = strlen(body);
	assert_int_equal(
	    auth_finish(&gateway, &ctx, &check, &caller, &err), -1);
	assert_true(err_is(&err, &AUTH_SERVICE_UNAVAILABLE));
}

static void
local_mode(void **state)
{
	struct auth_gateway gateway = { .local = true, .jwt_secret = SECRET };
	const struct request_context ctx = context();
	struct auth_check check;
	struct caller caller;
	struct err err;

	(void)state;
	assert_int_equal(
	    auth_begin(&gateway, &ctx,
		token_with("{\"id\":7,\"role\":\"service\"}"), &check, &err),
	    0);
	assert_true(check.decided);
	assert_int_equal(auth_finish(&gateway, &ctx, &check, &caller, &err), 0);
	assert_string_equal(caller.user_id, "7");
	assert_int_equal(caller.role, ROLE_SERVICE);
	assert_int_equal(auth_begin(&gateway, &ctx,
			     token_with("{\"name\":\"x\"}"), &check, &err),
	    -1);
	assert_true(err_is(&err, &UNAUTHORIZED));
	assert_int_equal(auth_begin(&gateway, &ctx, "a.b.c", &check, &err), -1);
	assert_int_equal(auth_begin(&gateway, &ctx, NULL, &check, &err), -1);
	assert_true(err_is(&err, &UNAUTHORIZED));
}

static int
set_up(void **state)
{
	(void)state;
	arena = arena_create(1 << 20);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bearer_tokens),
		cmocka_unit_test(answers),
		cmocka_unit_test(unverified_tokens),
		cmocka_unit_test(local_mode),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
