/*
 * Requests made by hand, and what the input functions noted of them.
 */
#ifndef TEST_REQUEST_FIXTURE_H
#define TEST_REQUEST_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "controller/input.h"

static struct arena *arena;

static inline int
set_up(void **state)
{
	(void)state;
	arena = arena_create(8 << 20);
	return 0;
}

static inline int
tear_down(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

/* A request with one header (NULL: none), a query and a body. */
static inline struct http_request *
make_request(
    const char *header, const char *value, const char *query, const char *body)
{
	struct http_request *request = arena_alloc(arena, sizeof(*request));
	struct http_variable *variables =
	    arena_array(arena, 2, sizeof(*variables));

	variables[0] =
	    (struct http_variable){ "CONTENT_TYPE", "application/json" };
	variables[1] = (struct http_variable){ header, value };
	request->arena = arena;
	request->query = query;
	request->variables = variables;
	request->variable_count = header == NULL ? 1 : 2;
	request->body = body;
	request->body_len = strlen(body);
	request->content_length = (int64_t)request->body_len;
	return request;
}

static inline const struct json_value *
json_of(const char *text)
{
	const struct json_value *root;
	struct err err;

	assert_int_equal(json_parse(arena, text, strlen(text), &root, &err), 0);
	return root;
}

/* The names of the wrong fields, in the order in which they were noted. */
static inline const char *
wrong_fields(const struct input *input)
{
	char *names = arena_alloc(arena, 1024);

	for (size_t i = 0; i < input->count; i++) {
		if (i > 0)
			strncat(names, " ", 2);
		strncat(names, input->fields[i].field, 200);
	}
	return names;
}

#endif
