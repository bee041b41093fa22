#include "http/router.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const struct route routes[] = {
	{ HTTP_GET, "/b", "list", NULL },
	{ HTTP_POST, "/b", "create", NULL },
	{ HTTP_GET, "/b/{id}", "read", NULL },
	{ HTTP_DELETE, "/b/{id}", "cancel", NULL },
	{ HTTP_POST, "/b/{id}/confirm", "confirm", NULL },
	{ HTTP_GET, "/b/user/{user}", "by_user", NULL },
	{ HTTP_GET, "/b/{id}/history", "history", NULL },
	{ HTTP_PATCH, "/b/{id}/p/{pid}", "edit", NULL },
	{ HTTP_POST, "/b/bulk", "bulk", NULL },
	{ HTTP_GET, "/", "root", NULL },
};

static struct arena *arena;

static int
set_up(void **state)
{
	(void)state;
	arena = arena_create(65536);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

static void
paths_find_their_row(void **state)
{
	static const struct {
		enum http_method method;
		const char *path;
		const char *name;	/* NULL: none */
		const char *parameters; /* joined by '|' */
		bool known;
	} rows[] = {
		{ HTTP_GET, "/b", "list", "", true },
		{ HTTP_POST, "/b", "create", "", true },
		{ HTTP_HEAD, "/b", "list", "", true },
		{ HTTP_PUT, "/b", NULL, "", true },
		{ HTTP_OPTIONS, "/b", NULL, "", true },
		{ HTTP_OTHER, "/b", NULL, "", true },
		{ HTTP_GET, "/b/7", "read", "7|", true },
		{ HTTP_HEAD, "/b/7", "read", "7|", true },
		{ HTTP_HEAD, "/b/7/confirm", NULL, "", true },
		{ HTTP_DELETE, "/b/7", "cancel", "7|", true },
		{ HTTP_GET, "/b/user/9", "by_user", "9|", true },
		{ HTTP_GET, "/b/user", "read", "user|", true },
		/* Both fit; the literal further left wins. */
		{ HTTP_GET, "/b/user/history", "by_user", "history|", true },
		/* A literal wins among rows of the method asked for. */
		{ HTTP_POST, "/b/bulk", "bulk", "", true },
		{ HTTP_GET, "/b/bulk", "read", "bulk|", true },
		{ HTTP_PATCH, "/b/1/p/2", "edit", "1|2|", true },
		/* Decoded after matching: no segment comes of %2F. */
		{ HTTP_GET, "/b/a%2Fb", "read", "a/b|", true },
		{ HTTP_GET, "/b/a+b%20c", "read", "a+b c|", true },
		{ HTTP_GET, "/b/%zz", NULL, "", false },
		{ HTTP_GET, "/b/a%00", NULL, "", false },
		{ HTTP_GET, "/", "root", "", true },
		{ HTTP_GET, "", NULL, "", false },
		{ HTTP_GET, "*", NULL, "", false },
		{ HTTP_GET, "b", NULL, "", false },
		{ HTTP_GET, "/b/", NULL, "", false },
		{ HTTP_GET, "/b/7/", NULL, "", false },
		{ HTTP_GET, "//b", NULL, "", false },
		{ HTTP_GET, "/b//history", NULL, "", false },
		{ HTTP_GET, "/bb", NULL, "", false },
		{ HTTP_GET, "/B", NULL, "", false },
		{ HTTP_GET, "/%62", NULL, "", false },
		{ HTTP_GET, "/b/1/2/3", NULL, "", false },
		{ HTTP_GET, "/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17", NULL,
		    "", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct route_match match;
		struct buf seen;

		print_message(
		    "%s %s\n", http_method_name(rows[i].method), rows[i].path);
		router_match(routes, ARRAY_LEN(routes), arena, rows[i].method,
		    rows[i].path, &match);
		assert_int_equal(match.path_known, rows[i].known);
		if (rows[i].name == NULL) {
			assert_null(match.route);
		} else {
			assert_non_null(match.route);
			assert_string_equal(match.route->name, rows[i].name);
		}
		buf_init(&seen, arena, 256);
		for (size_t p = 0; p < match.parameter_count; p++)
			buf_printf(&seen, "%s|", match.parameters[p]);
		assert_string_equal(seen.bytes, rows[i].parameters);
	}
}

static void
allowed_methods_are_listed(void **state)
{
	static const struct {
		const char *path;
		const char *allow;
	} rows[] = {
		{ "/b", "GET, HEAD, OPTIONS, POST" },
		{ "/b/7", "DELETE, GET, HEAD, OPTIONS" },
		{ "/b/7/confirm", "OPTIONS, POST" },
		{ "/b/1/p/2", "OPTIONS, PATCH" },
		{ "/b/bulk", "DELETE, GET, HEAD, OPTIONS, POST" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct route_match match;

		router_match(routes, ARRAY_LEN(routes), arena, HTTP_OPTIONS,
		    rows[i].path, &match);
		assert_string_equal(
		    router_allow(arena, match.allowed), rows[i].allow);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths_find_their_row),
		cmocka_unit_test(allowed_methods_are_listed),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
