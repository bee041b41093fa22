/*
 * Calls the sandbox as its server loop would, and reads the answer as JSON.
 */
#ifndef TESTS_SANDBOX_CALLER_H
#define TESTS_SANDBOX_CALLER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "sandbox/sandbox.h"
#include "json/json_in.h"

#define SECRET	     "a secret of the tests"
#define AUTH_PATH    "/api/v1/isAuthenticated"
#define LEAVE_EXIT   70
#define ARENA_BYTES  (64u * 1024 * 1024)
#define FAR_FUTURE_S 4102444800 /* 2100 */

/* Lists of headers end in a NULL name. */
#define NO_HEADERS ((const struct http_variable[]){ { NULL, NULL } })

struct caller {
	struct arena *arena;
	struct sandbox sandbox;
	struct http_response response; /* of the last call */
};

__attribute__((noreturn)) static inline void
leave(void *context)
{
	(void)context;
	_exit(LEAVE_EXIT);
}

static inline int
caller_open(void **state)
{
	static struct caller caller;

	caller.arena = arena_create(ARENA_BYTES);
	caller.sandbox.state = state_create();
	caller.sandbox.jwt_secret = SECRET;
	caller.sandbox.leave = leave;
	assert_non_null(caller.sandbox.state);
	*state = &caller;
	return 0;
}

static inline int
caller_close(void **state)
{
	struct caller *caller = *state;

	arena_free(caller->arena);
	state_free(caller->sandbox.state);
	return 0;
}

/* The status. */
static inline int
call(struct caller *caller, enum http_method method, const char *path,
    const struct http_variable headers[], const char *body)
{
	struct http_request request = {
		.arena = caller->arena,
		.method = method,
		.path = path,
		.query = "",
		.variables = headers,
		.body = body,
		.body_len = strlen(body),
		.client_address = "",
	};

	while (headers[request.variable_count].name != NULL)
		request.variable_count++;
	http_response_init(
	    &caller->response, caller->arena, SANDBOX_MAX_RESPONSE_BYTES);
	sandbox_handle(&caller->sandbox, &request, &caller->response);
	return caller->response.status;
}

static inline int
get(struct caller *caller, const char *path)
{
	return call(caller, HTTP_GET, path, NO_HEADERS, "");
}

static inline int
put(struct caller *caller, const char *path, const char *body)
{
	return call(caller, HTTP_PUT, path, NO_HEADERS, body);
}

static inline int
authenticate(struct caller *caller, const char *token)
{
	const struct http_variable headers[] = {
		{ "HTTP_X_ACCESS_TOKEN", token },
		{ NULL, NULL },
	};

	return call(caller, HTTP_GET, AUTH_PATH, headers, "");
}

/* The body of the last answer, which must be JSON. */
static inline const struct json_value *
answer(struct caller *caller)
{
	const struct json_value *root;
	struct err err;

	if (json_parse(caller->arena, caller->response.body.bytes,
		caller->response.body.len, &root, &err) != 0)
		fail_msg("%s in %s", err.details, caller->response.body.bytes);
	return root;
}

static inline bool
is_json(struct caller *caller)
{
	const struct json_value *root;
	struct err err;

	return json_parse(caller->arena, caller->response.body.bytes,
		   caller->response.body.len, &root, &err) == 0;
}

static inline const char *
header(const struct caller *caller, const char *name)
{
	for (size_t i = 0; i < caller->response.header_count; i++)
		if (strcmp(caller->response.headers[i].name, name) == 0)
			return caller->response.headers[i].value;
	return NULL;
}

#endif
