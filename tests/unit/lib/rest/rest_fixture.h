/*
 * A client, and the tiny server that its calls go to: anew for each test.
 */
#ifndef TEST_REST_FIXTURE_H
#define TEST_REST_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "rest/rest_client.h"
#include "support/tiny_server.h"

#define LONG_MS	 60000
#define MAX_BODY 1000
#define OK_BODY	 "{\"success\":true}" /* of /ok and what is like it */

static struct arena *arena;
static struct tiny_server *server;
static struct rest_client *client;

static const struct rest_settings settings = {
	.connect_timeout_ms = LONG_MS,
	.max_body_bytes = MAX_BODY,
	.idle_ms = LONG_MS,
};

static inline int
set_up(void **state)
{
	(void)state;
	arena = arena_create(1 << 20);
	server = tiny_start();
	client = rest_client_create(&settings);
	return client ? 0 : -1;
}

static inline int
tear_down(void **state)
{
	(void)state;
	rest_client_free(client);
	tiny_stop(server);
	arena_free(arena);
	return 0;
}

static inline char *
url_of(const char *path)
{
	return arena_printf(arena, "http://127.0.0.1:%d%s", server->port, path);
}

static inline struct rest_call
call_to(const char *path)
{
	return (struct rest_call){ .url = url_of(path), .timeout_ms = LONG_MS };
}

static inline void
perform(struct rest_call *call)
{
	rest_perform(client, arena, call, 1, deadline_in(LONG_MS));
}

static inline void
assert_answer(const struct rest_call *call, int status, const char *body)
{
	if (call->outcome)
		fail_msg("%s", call->err.cause);
	assert_int_equal(call->status, status);
	assert_string_equal(call->body, body);
	assert_int_equal(call->body_len, strlen(body));
	assert_null(call->err.def);
	assert_true(call->elapsed_us > 0);
}

static inline void
assert_failure(
    const struct rest_call *call, const struct err_def *def, const char *why)
{
	assert_int_equal(call->outcome, -1);
	assert_ptr_equal(call->err.def, def);
	assert_null(call->body);
	assert_int_equal(call->status, 0);
	assert_string_equal(call->err.details, "");
	if (!strstr(call->err.cause, why))
		fail_msg("\"%s\" without \"%s\"", call->err.cause, why);
}

#endif
