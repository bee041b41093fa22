#include "controller/input.h"

#include "controller/request_fixture.h"
#include "core/clock.h"
#include "model/booking_errors.h"

static const struct {
	const char *type, *body;
	bool optional;
	const struct err_def *error; /* NULL: taken */
} BODIES[] = {
	{ "application/json", "{}", false, NULL },
	{ "application/json", "{}", true, NULL },
	{ "text/plain", "", true, NULL },
	{ "text/plain", "", false, &UNSUPPORTED_MEDIA_TYPE },
	{ "text/plain", "{}", true, &UNSUPPORTED_MEDIA_TYPE },
	{ "application/json", "", false, &INVALID_JSON },
	{ "application/json", "[]", false, &INVALID_JSON },
	{ "application/json", "{", true, &INVALID_JSON },
	{ "application/json", "{\"a\":1,\"a\":1}", false, &INVALID_JSON },
};

static void
bodies(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(BODIES); i++) {
		struct http_request *request =
		    make_request(NULL, NULL, "", BODIES[i].body);
		struct http_variable type = { "CONTENT_TYPE", BODIES[i].type };
		const struct json_value *body;
		struct err err;
		int result;

		request->variables = &type;
		result = input_body(request, BODIES[i].optional, &body, &err);
		assert_int_equal(result, BODIES[i].error == NULL ? 0 : -1);
		if (result != 0)
			assert_ptr_equal(err.def, BODIES[i].error);
	}
}

/* Type, then size, then form. */
static void
order_of_the_checks(void **state)
{
	struct http_request *request = make_request(NULL, NULL, "", "{");
	struct http_variable type = { "CONTENT_TYPE", "text/plain" };
	const struct json_value *body;
	struct err err;

	(void)state;
	request->body_too_large = true;
	request->body_incomplete = true;
	request->variables = &type;
	assert_int_equal(input_body(request, false, &body, &err), -1);
	assert_true(err_is(&err, &UNSUPPORTED_MEDIA_TYPE));
	type.value = "application/json";
	assert_int_equal(input_body(request, false, &body, &err), -1);
	assert_true(err_is(&err, &PAYLOAD_TOO_LARGE));
	request->body_too_large = false;
	assert_int_equal(input_body(request, false, &body, &err), -1);
	assert_true(err_is(&err, &INVALID_JSON));
}

static void
all_wrong_fields_are_named(void **state)
{
	struct input input;
	struct err err;

	(void)state;
	input_init(&input, arena);
	assert_int_equal(input_verdict(&input, &err), 0);
	for (int i = 0; i < INPUT_MAX_FIELDS + 10; i++)
		input_wrong(&input, "is wrong", "list[%d]", i);
	assert_int_equal(input_verdict(&input, &err), -1);
	assert_true(err_is(&err, &VALIDATION_ERROR));
	assert_int_equal(err.field_count, INPUT_MAX_FIELDS);
	assert_string_equal(err.fields[7].field, "list[7]");
	assert_string_equal(err.fields[7].message, "is wrong");
}

static void
the_clock_is_asked_at_the_beginning(void **state)
{
	int64_t before_ms = clock_wall_ms();
	struct input input;

	(void)state;
	input_init(&input, arena);
	assert_true(input.now_ms >= before_ms);
	assert_true(input.now_ms <= clock_wall_ms());
}

static void
query_parameters(void **state)
{
	const struct http_query_field fields[] = { { "a", "1" }, { "b", "" },
		{ "a", "1" } };
	struct input input;

	(void)state;
	input_init(&input, arena);
	assert_null(input_query(&input, fields, 3, "c"));
	assert_string_equal(input_query(&input, fields, 3, "b"), "");
	assert_string_equal(wrong_fields(&input), "");
	assert_null(input_query(&input, fields, 3, "a"));
	assert_string_equal(wrong_fields(&input), "a");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bodies),
		cmocka_unit_test(order_of_the_checks),
		cmocka_unit_test(all_wrong_fields_are_named),
		cmocka_unit_test(the_clock_is_asked_at_the_beginning),
		cmocka_unit_test(query_parameters),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
