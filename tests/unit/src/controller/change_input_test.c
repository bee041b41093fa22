#include "controller/change_input.h"

#include "controller/request_fixture.h"

/* If-Match, the versions it names, and whether it is a list at all. */
static const struct {
	const char *field;
	unsigned versions[3];
	size_t count;
	bool any, right;
} CONDITIONS[] = {
	{ NULL, { 0 }, 0, true, true },
	{ "*", { 0 }, 0, true, true },
	{ " * ", { 0 }, 0, true, true },
	{ "\"1\"", { 1 }, 1, false, true },
	{ "\"1.1736332200000\"", { 1 }, 1, false, true },
	{ "\"1\", \"22\" ,\"333\"", { 1, 22, 333 }, 3, false, true },
	{ "\"4294967295\"", { UINT32_MAX }, 1, false, true },
	{ "W/\"1\"", { 0 }, 0, false, true },
	{ "\"4294967296\", \"0\", \"01\", \"-1\", \"+1\", \"\", \"x\"", { 0 },
	    0, false, true },
	{ "1", { 0 }, 0, false, false },
	{ "", { 0 }, 0, false, false },
	{ ",", { 0 }, 0, false, false },
	{ "\"1\", *", { 0 }, 0, false, false },
	{ "\"1\", \"2", { 0 }, 0, false, false },
};

static void
conditions(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(CONDITIONS); i++) {
		const char *field = CONDITIONS[i].field;
		struct input input;
		const struct expected_versions *expected;

		input_init(&input, arena);
		expected = change_input_if_match(
		    &input, make_request(field == NULL ? NULL : "HTTP_IF_MATCH",
				field, "", ""));
		assert_string_equal(wrong_fields(&input),
		    CONDITIONS[i].right ? "" : "If-Match");
		if (!CONDITIONS[i].right)
			continue;
		if (CONDITIONS[i].any) {
			assert_null(expected);
			continue;
		}
		assert_int_equal(expected->count, CONDITIONS[i].count);
		for (size_t v = 0; v < expected->count; v++)
			assert_int_equal(
			    expected->versions[v], CONDITIONS[i].versions[v]);
	}
}

static void
lists_have_an_end(void **state)
{
	struct buf field;
	struct input input;

	(void)state;
	buf_init(&field, arena, 4096);
	for (int i = 1; i <= EXPECTED_VERSIONS_MAX + 1; i++) {
		const struct expected_versions *expected;

		buf_printf(&field, "%s\"%d\"", i > 1 ? "," : "", i);
		input_init(&input, arena);
		expected = change_input_if_match(
		    &input, make_request("HTTP_IF_MATCH", field.bytes, "", ""));
		assert_int_equal(input.count, i > EXPECTED_VERSIONS_MAX);
		if (i <= EXPECTED_VERSIONS_MAX)
			assert_int_equal(expected->count, i);
	}
}

static void
cancellations(void **state)
{
	static const struct {
		const char *body, *wrong, *reason, *comments;
	} ROWS[] = {
		{ NULL, "", "user_requested", NULL },
		{ "{}", "", "user_requested", NULL },
		{ "{\"cancellation_reason\":null,\"comments\":null}", "",
		    "user_requested", NULL },
		{ "{\"cancellation_reason\":\"a_9\",\"comments\":\"x\"}", "",
		    "a_9", "x" },
		{ "{\"cancellation_reason\":\"\"}", "cancellation_reason", NULL,
		    NULL },
		{ "{\"cancellation_reason\":\"A\"}", "cancellation_reason",
		    NULL, NULL },
		{ "{\"cancellation_reason\":7,\"comments\":8}",
		    "cancellation_reason comments", NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
		struct booking_change change = { .reason = NULL };
		struct input input;

		input_init(&input, arena);
		change_input_cancel(&input,
		    ROWS[i].body == NULL ? NULL : json_of(ROWS[i].body),
		    &change);
		assert_string_equal(wrong_fields(&input), ROWS[i].wrong);
		if (ROWS[i].wrong[0] != '\0')
			continue;
		assert_string_equal(change.reason, ROWS[i].reason);
		if (ROWS[i].comments == NULL)
			assert_null(change.comments);
		else
			assert_string_equal(change.comments, ROWS[i].comments);
	}
}

static void
edits(void **state)
{
	static const struct {
		const char *body, *wrong;
	} ROWS[] = {
		{ "{\"first_name\":\"J\"}", "" },
		{ "{\"first_name\":\"J\",\"email\":null}", "" },
		{ "{}", "body" },
		{ "{\"email\":null}", "body" },
		{ "{\"nickname\":\"J\"}", "body" },
		{ "{\"first_name\":\"\",\"email\":1,\"last_name\":\"S\"}",
		    "first_name email" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
		struct passenger fields;
		struct input input;

		input_init(&input, arena);
		change_input_passenger(&input, json_of(ROWS[i].body), &fields);
		assert_string_equal(wrong_fields(&input), ROWS[i].wrong);
		assert_null(fields.email);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(conditions),
		cmocka_unit_test(lists_have_an_end),
		cmocka_unit_test(cancellations),
		cmocka_unit_test(edits),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
