#include "controller/present.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "model/booking_errors.h"

#define MAX_BODY_BYTES 1000

/* What was too long for a body leaves it to the error. */
static void
an_error_replaces_what_did_not_fit(void **state)
{
	static const char written[] =
	    "{\"success\":false,\"error\":{\"code\":\"INTERNAL_ERROR\",";
	struct arena *arena = arena_create((size_t)1024 * 1024);
	struct http_response response;
	struct json_out out;
	struct err err;

	(void)state;
	http_response_init(&response, arena, MAX_BODY_BYTES);
	present_begin(&response, 200, &out);
	for (int i = 0; i < MAX_BODY_BYTES; i++)
		json_put_text(&out, "key", "value");
	present_end(&out, NULL);
	assert_true(response.body.failed);
	err_set(&err, &INTERNAL_ERROR, "too long");
	present_error(&response, &err);
	assert_false(response.body.failed);
	assert_int_equal(response.status, 500);
	assert_memory_equal(response.body.bytes, written, sizeof(written) - 1);
	assert_int_equal(response.body.bytes[response.body.len - 1], '}');
	arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_error_replaces_what_did_not_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
