#include "json/json_in.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct arena *arena;

static int
make_arena(void **state)
{
	(void)state;
	arena = arena_create(8 << 20);
	return 0;
}

static int
free_arena(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

static const struct json_value *
parse(const char *text)
{
	const struct json_value *root;
	struct err err = { 0 };

	if (json_parse(arena, text, strlen(text), &root, &err))
		fail_msg("%s: %s%s", text, err.details, err.cause);
	return root;
}

static void
tells_types(void **state)
{
	static const struct {
		const char *text;
		enum json_type type;
	} rows[] = {
		{ "null", JSON_NULL },
		{ "true", JSON_BOOL },
		{ "false", JSON_BOOL },
		{ "\"1\"", JSON_STRING },
		{ "[]", JSON_ARRAY },
		{ "{}", JSON_OBJECT },
		{ "0", JSON_INTEGER },
		{ "-0", JSON_INTEGER },
		{ "9223372036854775807", JSON_INTEGER },
		{ "-9223372036854775808", JSON_INTEGER },
		{ "9223372036854775808", JSON_NUMBER },
		{ "-9223372036854775809", JSON_NUMBER },
		{ "18446744073709551615", JSON_NUMBER },
		{ "18446744073709551616", JSON_NUMBER },
		{ "100000000000000000000000", JSON_NUMBER },
		{ "1.0", JSON_NUMBER },
		{ "1e3", JSON_NUMBER },
		{ "1E3", JSON_NUMBER },
		{ "-1e-3", JSON_NUMBER },
		{ "1e999", JSON_NUMBER },
		{ "-1e999", JSON_NUMBER },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct json_value *value = parse(rows[i].text);
		if (json_type_of(value) != rows[i].type)
			fail_msg("%s: type %d", rows[i].text,
			    (int)json_type_of(value));
		bool number =
		    rows[i].type == JSON_INTEGER || rows[i].type == JSON_NUMBER;
		if (number)
			assert_string_equal(
			    json_number_text(value), rows[i].text);
		else
			assert_null(json_number_text(value));
	}
}

static void
reads_integers_exactly(void **state)
{
	static const struct {
		const char *text;
		int outcome;
		int64_t value;
	} rows[] = {
		{ "0", 0, 0 },
		{ "-0", 0, 0 },
		{ "-17", 0, -17 },
		{ "9223372036854775807", 0, INT64_MAX },
		{ "-9223372036854775808", 0, INT64_MIN },
		{ "9223372036854775808", -1, 0 },
		{ "1e3", -1, 0 },
		{ "1.0", -1, 0 },
		{ "\"12\"", -1, 0 },
		{ "true", -1, 0 },
		{ "null", -1, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int64_t value = 4711;
		assert_int_equal(
		    json_integer(parse(rows[i].text), &value), rows[i].outcome);
		assert_int_equal(value, rows[i].outcome ? 4711 : rows[i].value);
	}
}

/* The text of a number is found beside strings that look like numbers. */
static void
keeps_numbers_as_written(void **state)
{
	const struct json_value *root = parse(
	    "{\"a1\":\"2\\\"3\\\\\",\"b-4\":[ -5.50, \"6\\\\\", [{}, 7e+0 "
	    "],{\"8\":9}],\"c\":1E2,\"d\":true,\"e\":null,\"f\":0.10}");
	const struct json_value *list = json_get(root, "b-4");

	(void)state;
	assert_string_equal(json_number_text(json_at(list, 0)), "-5.50");
	assert_null(json_number_text(json_at(list, 1)));
	assert_string_equal(
	    json_number_text(json_at(json_at(list, 2), 1)), "7e+0");
	assert_string_equal(
	    json_number_text(json_get(json_at(list, 3), "8")), "9");
	assert_string_equal(json_number_text(json_get(root, "c")), "1E2");
	assert_string_equal(json_number_text(json_get(root, "f")), "0.10");
}

static void
reads_strings_with_their_length(void **state)
{
	const struct json_value *text =
	    parse("\"a\\u00e9\\ud83d\\ude00\\n\\/\"");
	size_t len;

	(void)state;
	assert_string_equal(
	    json_string(text, &len), "a\xc3\xa9\xf0\x9f\x98\x80\n/");
	assert_int_equal(len, 9);
	assert_string_equal(json_string(parse("\"\""), NULL), "");
	assert_null(json_string(parse("1"), &len));
	assert_null(json_string(parse("null"), &len));
	assert_null(json_string(NULL, &len));
}

static void
reads_booleans(void **state)
{
	bool value = false;

	(void)state;
	assert_int_equal(json_bool(parse("true"), &value), 0);
	assert_true(value);
	assert_int_equal(json_bool(parse("1"), &value), -1);
	assert_int_equal(json_bool(parse("\"true\""), &value), -1);
	assert_int_equal(json_bool(NULL, &value), -1);
	assert_true(value);
	assert_int_equal(json_bool(parse("false"), &value), 0);
	assert_false(value);
}

static void
finds_fields_and_elements(void **state)
{
	const struct json_value *root =
	    parse("{\"a\":[10,20],\"n\":null,\"\\u0062\":1}");

	(void)state;
	assert_int_equal(json_length(json_get(root, "a")), 2);
	assert_string_equal(
	    json_number_text(json_at(json_get(root, "a"), 1)), "20");
	assert_null(json_at(json_get(root, "a"), 2));
	assert_null(json_at(root, 0));
	assert_int_equal(json_length(root), 0);
	assert_int_equal(json_length(NULL), 0);
	assert_non_null(json_get(root, "b"));
	assert_null(json_get(root, "n"));
	assert_true(json_has(root, "n"));
	assert_null(json_get(root, "x"));
	assert_false(json_has(root, "x"));
	assert_null(json_get(json_get(root, "a"), "a"));
	assert_false(json_has(json_get(root, "a"), "a"));
	assert_null(json_get(NULL, "a"));
	assert_false(json_has(NULL, "a"));
	assert_int_equal(json_type_of(json_get(root, "x")), JSON_NULL);
}

static void
refuses_what_the_gate_refuses(void **state)
{
	static const struct {
		const char *text, *details;
	} rows[] = {
		{ "", "unexpected end at byte 0" },
		{ "{\"a\":1,\"a\":2}", "duplicate key at byte 7" },
		{ "[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]",
		    "nested too deep at byte 16" },
		{ "{'a':1}", "unexpected character at byte 1" },
		{ "\"\\u0000\"", "NUL character at byte 1" },
	};
	const struct json_value *root = NULL;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err err = { 0 };
		const char *text = rows[i].text;
		assert_int_equal(
		    json_parse(arena, text, strlen(text), &root, &err), -1);
		assert_ptr_equal(err.def, &ERR_INVALID);
		assert_string_equal(err.details, rows[i].details);
		assert_null(root);
	}
}

static void
takes_the_full_depth(void **state)
{
	const struct json_value *value =
	    parse("[[[[[[[[[[[[[[[{\"deep\":42}]]]]]]]]]]]]]]]");
	int64_t number;

	(void)state;
	for (int i = 0; i < 15; i++)
		value = json_at(value, 0);
	assert_int_equal(json_integer(json_get(value, "deep"), &number), 0);
	assert_int_equal(number, 42);
}

/* The text is lent for the call alone. */
static void
outlives_its_text(void **state)
{
	char text[] = "{\"price\":299.90,\"n\":12}tail";
	const struct json_value *root;
	struct err err = { 0 };

	(void)state;
	assert_int_equal(
	    json_parse(arena, text, strlen(text) - 4, &root, &err), 0);
	memset(text, 'x', sizeof(text));
	assert_string_equal(
	    json_number_text(json_get(root, "price")), "299.90");
	assert_string_equal(json_number_text(json_get(root, "n")), "12");
}

static bool
same_digest(const char *a, const char *b)
{
	struct digest left = json_canonical_digest(arena, parse(a));
	struct digest right = json_canonical_digest(arena, parse(b));

	return digest_equal(&left, &right);
}

static void
digests_what_is_meant(void **state)
{
	static const struct {
		const char *a, *b;
		bool same;
	} rows[] = {
		{ "{\"a\":1,\"b\":[2,3]}", " { \"b\" : [2, 3], \"a\" : 1 } ",
		    true },
		{ "\"\\u00e9\\/\"", "\"\xc3\xa9/\"", true },
		{ "{\"\\u0061\":null}", "{\"a\":null}", true },
		{ "{\"a\":{\"y\":1,\"x\":2}}", "{\"a\":{\"x\":2,\"y\":1}}",
		    true },
		{ "[1,2]", "[2,1]", false },
		{ "[1,2]", "[12]", false },
		{ "[[1],2]", "[[1,2]]", false },
		{ "[]", "{}", false },
		{ "[]", "[[]]", false },
		{ "[]", "[null]", false },
		{ "{}", "{\"a\":null}", false },
		{ "null", "\"null\"", false },
		{ "true", "\"true\"", false },
		{ "true", "false", false },
		{ "1", "\"1\"", false },
		{ "1", "1.0", false },
		{ "100", "1e2", false },
		{ "0", "-0", false },
		{ "9223372036854775807", "9223372036854775808", false },
		{ "18446744073709551615", "18446744073709551616", false },
		{ "-9223372036854775808", "-9223372036854775809", false },
		{ "1e999", "2e999", false },
		{ "0.1", "0.10", false },
		{ "0.1000000000000000055511151231257827",
		    "0.1000000000000000055511151231257828", false },
		{ "[\"a\",\"b\"]", "[\"a,b\"]", false },
		{ "[\"a\\\",\\\"b\"]", "[\"a\",\"b\"]", false },
		{ "{\"a\":\"b\"}", "{\"ab\":\"\"}", false },
		{ "{\"a\":\"1\"}", "{\"a\\\"\":\"1\"}", false },
		{ "{\"a\":[],\"b\":1}", "{\"a\":[1],\"b\":1}", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (same_digest(rows[i].a, rows[i].b) != rows[i].same)
			fail_msg("%s and %s", rows[i].a, rows[i].b);
}

/* A stored digest must mean the same after an upgrade. */
static void
digests_the_same_for_ever(void **state)
{
	struct digest digest = json_canonical_digest(
	    arena, parse("{\"b\":[1.50,\"x\",null,true],\"a\":{}}"));
	static const char form[] = "{a\0{},b\0[1.50,\"x\0,null,true,],}";
	struct digest expected = digest_of(form, sizeof(form) - 1);

	(void)state;
	assert_true(digest_equal(&digest, &expected));
}

static void
a_tree_dies_with_its_arena(void **state)
{
	(void)state;
	/* A leak or a double free is what a sanitizer or valgrind reports. */
	for (int i = 0; i < 3; i++) {
		parse("{\"a\":[1,2.5,\"x\",{\"b\":9223372036854775808}]}");
		parse("null");
		parse("17");
		arena_reset(arena);
	}
}

/* [value,value,...] */
static char *
many(const char *value, size_t count)
{
	size_t len = strlen(value);
	char *text = malloc(count * (len + 1) + 2), *at = text;

	assert_non_null(text);
	*at++ = '[';
	for (size_t i = 0; i < count; i++) {
		memcpy(at, value, len);
		at += len;
		*at++ = i + 1 < count ? ',' : ']';
	}
	*at = '\0';
	return text;
}

/* What a peer sends within 4 MiB must not become a gigabyte. */
static void
takes_no_more_values_than_fit(void **state)
{
	static const struct {
		const char *value;
		size_t taken, refused;
	} rows[] = {
		{ "{}", 160000, 170000 },
		{ "[]", 330000, 340000 },
		{ "1", 660000, 670000 },
		{ "\"\\n\"", 640000, 660000 },
		{ "{\"seat_number\":\"1000A\",\"cabin\":\"FIRST\","
		  "\"is_available\":true,\"price\":10}",
		    60000, 70000 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct arena *large = arena_create(64 << 20);
		char *taken = many(rows[i].value, rows[i].taken);
		char *refused = many(rows[i].value, rows[i].refused);
		const struct json_value *root;
		struct err err = { 0 };

		assert_int_equal(
		    json_parse(large, taken, strlen(taken), &root, &err), 0);
		assert_int_equal(json_length(root), rows[i].taken);
		assert_true(arena_used_bytes(large) <= 12 << 20);
		assert_int_equal(
		    json_parse(large, refused, strlen(refused), &root, &err),
		    -1);
		assert_true(err_is(&err, &ERR_INVALID));
		assert_string_equal(err.details, "too many values");
		free(taken);
		free(refused);
		arena_free(large);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_types),
		cmocka_unit_test(reads_integers_exactly),
		cmocka_unit_test(keeps_numbers_as_written),
		cmocka_unit_test(reads_strings_with_their_length),
		cmocka_unit_test(reads_booleans),
		cmocka_unit_test(finds_fields_and_elements),
		cmocka_unit_test(refuses_what_the_gate_refuses),
		cmocka_unit_test(takes_the_full_depth),
		cmocka_unit_test(outlives_its_text),
		cmocka_unit_test(digests_what_is_meant),
		cmocka_unit_test(digests_the_same_for_ever),
		cmocka_unit_test(a_tree_dies_with_its_arena),
		cmocka_unit_test(takes_no_more_values_than_fit),
	};

	return cmocka_run_group_tests(tests, make_arena, free_arena);
}
