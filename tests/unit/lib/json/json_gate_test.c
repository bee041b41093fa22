#include "json/json_gate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/arena.h"
#include "core/buf.h"

#define BAD(literal, complaint)                                                \
	{                                                                      \
		(literal), sizeof(literal) - 1, (complaint)                    \
	}
#define FINE(literal) BAD(literal, NULL)
#define D4	      "[[[["
#define D16	      D4 D4 D4 D4
#define E4	      "]]]]"
#define E16	      E4 E4 E4 E4

static const struct json_gate_limits strict = { .max_depth = 16 };
static const struct json_gate_limits rfc = {
	.max_depth = JSON_GATE_DEEPEST,
	.allow_duplicate_keys = true,
	.allow_nul = true,
};

struct row {
	const char *text;
	size_t len;
	const char *complaint; /* NULL: accepted */
};

static void
check_row(const struct row *row, const struct json_gate_limits *limits)
{
	struct err err = { 0 };
	/* A copy without a NUL, so that a sanitizer sees a read past it. */
	char *text = malloc(row->len ? row->len : 1);

	assert_non_null(text);
	memcpy(text, row->text, row->len);
	int outcome = json_gate_check(text, row->len, limits, &err);
	free(text);
	if (row->complaint) {
		assert_int_equal(outcome, -1);
		assert_ptr_equal(err.def, &ERR_INVALID);
		assert_string_equal(err.details, row->complaint);
	} else {
		if (outcome)
			fail_msg("%s: %s", row->text, err.details);
	}
}

static void
check_rows(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		check_row(&rows[i], &strict);
}

static void
takes_what_rfc_8259_allows(void **state)
{
	static const struct row rows[] = {
		FINE("{}"),
		FINE("[]"),
		FINE(" \t\r\n{ \"a\" : [ 1 , null ] } \n"),
		FINE("null"),
		FINE("true"),
		FINE("false"),
		FINE("0"),
		FINE("-0"),
		FINE("123456789012345678901234567890"),
		FINE("-1.50e+10"),
		FINE("0E-0"),
		FINE("1e999"),
		FINE("\"\""),
		FINE("\"plain text that is longer than eight bytes\""),
		FINE("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\""),
		FINE("\"\\ud83d\\uDE00\""),
		FINE("\"\x7f \xc2\x80 \xdf\xbf \xe0\xa0\x80 \xed\x9f\xbf\""),
		FINE("\"\xee\x80\x80 \xf0\x90\x80\x80 \xf4\x8f\xbf\xbf\""),
		FINE("{\"\":1,\" \":2}"),
		FINE("{\"a\":{\"a\":{\"a\":1}},\"b\":[{\"a\":1},{\"a\":1}]}"),
		FINE("{\"a\":1,\"A\":2,\"aa\":3}"),
		FINE(D16 E16),
		FINE(D16 "1" E16),
	};

	(void)state;
	check_rows(rows, ARRAY_LEN(rows));
}

static void
refuses_what_json_c_lets_through(void **state)
{
	static const struct row rows[] = {
		BAD("{'a':1}", "unexpected character at byte 1"),
		BAD("['a']", "unexpected character at byte 1"),
		BAD("[NaN]", "unexpected character at byte 1"),
		BAD("[-Infinity]", "unexpected character at byte 2"),
		BAD("[1.]", "unexpected character at byte 3"),
		BAD("\"a\nb\"", "control character in a string at byte 2"),
		BAD("\"a\0b\"", "control character in a string at byte 2"),
		BAD("\"\xc0\xaf\"", "invalid UTF-8 at byte 1"),
		BAD("\"\xed\xa0\x80\"", "invalid UTF-8 at byte 1"),
		BAD("\"\\ud800\"", "lone surrogate at byte 1"),
		BAD("\"a\\u0000b\"", "NUL character at byte 2"),
		BAD("{\"flight_id\\u0000x\":1}", "NUL character at byte 11"),
		BAD("{\"a\":1,\"a\":2}", "duplicate key at byte 7"),
		BAD("{}\0", "unexpected character at byte 2"),
	};

	(void)state;
	check_rows(rows, ARRAY_LEN(rows));
}

static void
refuses_what_is_not_well_formed(void **state)
{
	static const struct row rows[] = {
		BAD("", "unexpected end at byte 0"),
		BAD("  ", "unexpected end at byte 2"),
		BAD("\xef\xbb\xbf{}", "unexpected character at byte 0"),
		BAD("{", "unexpected end at byte 1"),
		BAD("}", "unexpected character at byte 0"),
		BAD("[1}", "unexpected character at byte 2"),
		BAD("{\"a\":1]", "unexpected character at byte 6"),
		BAD("[1,]", "unexpected character at byte 3"),
		BAD("[,1]", "unexpected character at byte 1"),
		BAD("{\"a\":1,}", "unexpected character at byte 7"),
		BAD("{\"a\"}", "unexpected character at byte 4"),
		BAD("{\"a\" 1}", "unexpected character at byte 5"),
		BAD("{\"a\":}", "unexpected character at byte 5"),
		BAD("{\"a\"", "unexpected end at byte 4"),
		BAD("{1:2}", "unexpected character at byte 1"),
		BAD("{} {}", "unexpected character at byte 3"),
		BAD("[1 2]", "unexpected character at byte 3"),
		BAD("[1]//", "unexpected character at byte 3"),
		BAD("True", "unexpected character at byte 0"),
		BAD("tru", "unexpected end at byte 3"),
		BAD("nul1", "unexpected character at byte 3"),
		BAD("nulll", "unexpected character at byte 4"),
		BAD("01", "unexpected character at byte 1"),
		BAD("-", "unexpected end at byte 1"),
		BAD("+1", "unexpected character at byte 0"),
		BAD(".5", "unexpected character at byte 0"),
		BAD("1e", "unexpected end at byte 2"),
		BAD("1e+-2", "unexpected character at byte 3"),
		BAD("1.e1", "unexpected character at byte 2"),
		BAD("0x10", "unexpected character at byte 1"),
	};

	(void)state;
	check_rows(rows, ARRAY_LEN(rows));
}

static void
refuses_broken_strings(void **state)
{
	static const struct row rows[] = {
		BAD("\"", "unexpected end at byte 1"),
		BAD("\"abcdefgh", "unexpected end at byte 9"),
		BAD("\"\\", "unexpected end at byte 2"),
		BAD("\"\\\"", "unexpected end at byte 3"),
		BAD("\"\\x\"", "invalid escape at byte 1"),
		BAD("\"\\\0\"", "invalid escape at byte 1"),
		BAD("\"\\u12\"", "invalid escape at byte 5"),
		BAD("\"\\u12G4\"", "invalid escape at byte 5"),
		BAD("\"\\u", "invalid escape at byte 3"),
		BAD("\"\\udc00\"", "lone surrogate at byte 1"),
		BAD("\"\\ud800x\"", "lone surrogate at byte 1"),
		BAD("\"\\ud800\\n\"", "lone surrogate at byte 1"),
		BAD("\"\\ud800\\ud800\"", "lone surrogate at byte 1"),
		BAD("\"\\ud800\\u0041\"", "lone surrogate at byte 1"),
		BAD("\"\\ud800\\ue000\"", "lone surrogate at byte 1"),
		BAD("\"\\udc00\\udc00\"", "lone surrogate at byte 1"),
		BAD("\"\\ud800\\uZZZZ\"", "invalid escape at byte 9"),
		BAD("\"1234567\x1f\"",
		    "control character in a string at byte 8"),
		BAD("\"\x80\"", "invalid UTF-8 at byte 1"),
		BAD("\"\xc1\xbf\"", "invalid UTF-8 at byte 1"),
		BAD("\"\xe0\x9f\xbf\"", "invalid UTF-8 at byte 1"),
		BAD("\"\xf0\x8f\xbf\xbf\"", "invalid UTF-8 at byte 1"),
		BAD("\"\xf4\x90\x80\x80\"", "invalid UTF-8 at byte 1"),
		BAD("\"\xf5\x80\x80\x80\"", "invalid UTF-8 at byte 1"),
		BAD("\"\xe2\x82\"", "invalid UTF-8 at byte 1"),
		BAD("\"\xe2\x82", "invalid UTF-8 at byte 1"),
		BAD("\"\xf0\x9f\x98\"", "invalid UTF-8 at byte 1"),
		BAD("\"\xff\"", "invalid UTF-8 at byte 1"),
	};

	(void)state;
	check_rows(rows, ARRAY_LEN(rows));
}

static void
compares_keys_as_decoded(void **state)
{
	static const struct row rows[] = {
		BAD("{\"a\":1,\"\\u0061\":2}", "duplicate key at byte 7"),
		BAD("{\"\\u0061\":1,\"a\":2}", "duplicate key at byte 12"),
		BAD("{\"\\/\":1,\"/\":2}", "duplicate key at byte 8"),
		BAD("{\"\\n\":1,\"\\u000A\":2}", "duplicate key at byte 8"),
		BAD("{\"\\\"\":1,\"\\u0022\":2}", "duplicate key at byte 8"),
		BAD("{\"\xc3\xa9\":1,\"\\u00e9\":2}",
		    "duplicate key at byte 8"),
		BAD("{\"\xe2\x82\xac\":1,\"\\u20AC\":2}",
		    "duplicate key at byte 9"),
		BAD("{\"\xf0\x9f\x98\x80\":1,\"\\ud83d\\ude00\":2}",
		    "duplicate key at byte 10"),
		BAD("{\"passenger_name\":1,\"p\\u0061ssenger_name\":2}",
		    "duplicate key at byte 20"),
		BAD("{\"\":1,\"\":2}", "duplicate key at byte 6"),
		BAD("[{\"b\":{},\"c\":{\"b\":1},\"b\":0}]",
		    "duplicate key at byte 21"),
		FINE("{\"a\":1,\"\\u0061\\u0061\":2,\"\\\\u0061\":3}"),
	};

	(void)state;
	check_rows(rows, ARRAY_LEN(rows));
}

static void
bounds_the_depth(void **state)
{
	static const struct row too_deep =
	    BAD(D16 "[" E16 "]", "nested too deep at byte 16");
	static const struct json_gate_limits flat = { .max_depth = 0 };
	static const struct row scalar = FINE("1");
	static const struct row array = BAD("[]", "nested too deep at byte 0");

	(void)state;
	check_row(&too_deep, &strict);
	check_row(&scalar, &flat);
	check_row(&array, &flat);
}

static void
never_nests_deeper_than_its_stack(void **state)
{
	static const struct json_gate_limits limits = { .max_depth = 5000 };
	static char text[2 * (JSON_GATE_DEEPEST + 1)];
	struct row row = { text, 2 * JSON_GATE_DEEPEST, NULL };

	(void)state;
	memset(text, '[', JSON_GATE_DEEPEST);
	memset(text + JSON_GATE_DEEPEST, ']', JSON_GATE_DEEPEST);
	check_row(&row, &limits);
	memset(text, '[', sizeof(text));
	row.len = sizeof(text);
	row.complaint = "nested too deep at byte 1024";
	check_row(&row, &limits);
}

static void
switches_are_for_the_rfc(void **state)
{
	static const struct row rows[] = {
		FINE("{\"a\":1,\"a\":2}"),
		FINE("\"\\u0000\""),
		FINE("{\"\\u0000\":1,\"\\u0000\":2}"),
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		check_row(&rows[i], &rfc);
}

static void
refuses_a_text_longer_than_it_counts(void **state)
{
	struct err err = { 0 };

	(void)state;
	assert_int_equal(json_gate_check("1", (size_t)JSON_GATE_MAX_BYTES + 1,
			     &strict, &err),
	    -1);
	assert_ptr_equal(err.def, &ERR_INVALID);
	assert_string_equal(err.details, "too long");
}

/* Every prefix of a document but the whole is refused at its very end. */
static void
refuses_every_prefix(void **state)
{
	static const char text[] =
	    "{\"a\":[1,-2.5e3,\"x\\u20ac\\n\xe2\x82\xac\"],\"b\":{\"c\":true},"
	    "\"d\":null}";
	struct err err = { 0 };

	(void)state;
	for (size_t len = 0; len < sizeof(text) - 1; len++)
		assert_int_equal(json_gate_check(text, len, &strict, &err), -1);
	assert_int_equal(
	    json_gate_check(text, sizeof(text) - 1, &strict, &err), 0);
}

static void
append_keys(struct buf *buf, unsigned count)
{
	buf_char(buf, '{');
	for (unsigned i = 0; i < count; i++)
		buf_printf(buf, "%s\"key%u\":%u", i ? "," : "", i, i);
}

/* Far more keys than the set holds at first, in one object and in many. */
static void
finds_a_duplicate_among_many_keys(void **state)
{
	struct arena *arena = arena_create(64 << 20);
	struct err err = { 0 };
	struct buf buf;

	(void)state;
	buf_init(&buf, arena, 32 << 20);
	append_keys(&buf, 100000);
	buf_text(&buf, ",\"more\":");
	append_keys(&buf, 1000);
	buf_text(&buf, "}}");
	assert_int_equal(json_gate_check(buf.bytes, buf.len, &strict, &err), 0);
	buf.len--;
	size_t at = buf.len + 1;
	buf_text(&buf, ",\"k\\u0065y77777\":0}");
	assert_false(buf.failed);
	assert_int_equal(
	    json_gate_check(buf.bytes, buf.len, &strict, &err), -1);
	assert_string_equal(
	    err.details, arena_printf(arena, "duplicate key at byte %zu", at));
	arena_free(arena);
}

/* A reader that writes down what it sees, and has memory for so many. */
struct notes {
	char text[200];
	size_t len;
	size_t room;
};

static int
note(void *context, const struct json_token *token)
{
	static const char letters[] = {
		[JSON_TOKEN_NULL] = 'N',
		[JSON_TOKEN_FALSE] = 'F',
		[JSON_TOKEN_TRUE] = 'T',
		[JSON_TOKEN_NUMBER] = '#',
		[JSON_TOKEN_STRING] = 'S',
		[JSON_TOKEN_ARRAY] = 'A',
		[JSON_TOKEN_OBJECT] = 'O',
		[JSON_TOKEN_KEY] = 'K',
		[JSON_TOKEN_END] = 'E',
	};
	struct notes *notes = context;

	if (notes->room == 0)
		return -1;
	notes->room--;
	notes->len += (size_t)snprintf(notes->text + notes->len,
	    sizeof(notes->text) - notes->len, "%c%s<%.*s> ",
	    letters[token->kind], token->escaped ? "\\" : "", (int)token->len,
	    (const char *)token->bytes);
	return 0;
}

static void
shows_its_tokens(void **state)
{
	static const struct {
		const char *text, *tokens;
		int outcome;
	} rows[] = {
		{ " null ", "N<null> ", 0 },
		{ "\"\"", "S<> ", 0 },
		{ "[true,false,-1.50e+2]",
		    "A<[> T<true> F<false> #<-1.50e+2> E<]> ", 0 },
		{ "{ \"a\" : \"b\\n\" , \"\\u0063\" : {} }",
		    "O<{> K<a> S\\<b\\n> K\\<\\u0063> O<{> E<}> E<}> ", 0 },
		/* What is wrong is not shown. */
		{ "[1,\"\x01\"]", "A<[> #<1> ", -1 },
		{ "[01]", "A<[> #<0> ", -1 },
		{ "{\"a\":1,\"a\":2}", "O<{> K<a> #<1> ", -1 },
		{ "", "", -1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct notes notes = { .room = SIZE_MAX };
		const struct json_reader reader = { note, &notes };
		struct err err = { 0 };
		const char *text = rows[i].text;

		assert_int_equal(
		    json_gate_read(text, strlen(text), &strict, &reader, &err),
		    rows[i].outcome);
		assert_string_equal(notes.text, rows[i].tokens);
	}
}

static void
stops_when_the_reader_has_no_memory(void **state)
{
	static const char text[] = "{\"a\":[1,\"x\",null]}";
	const size_t tokens = 8;

	(void)state;
	for (size_t room = 0; room <= tokens; room++) {
		struct notes notes = { .room = room };
		const struct json_reader reader = { note, &notes };
		struct err err = { 0 };
		int outcome = json_gate_read(
		    text, sizeof(text) - 1, &strict, &reader, &err);

		assert_int_equal(outcome, room == tokens ? 0 : -1);
		assert_ptr_equal(err.def, outcome ? &ERR_INTERNAL : NULL);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_what_rfc_8259_allows),
		cmocka_unit_test(refuses_what_json_c_lets_through),
		cmocka_unit_test(refuses_what_is_not_well_formed),
		cmocka_unit_test(refuses_broken_strings),
		cmocka_unit_test(compares_keys_as_decoded),
		cmocka_unit_test(bounds_the_depth),
		cmocka_unit_test(never_nests_deeper_than_its_stack),
		cmocka_unit_test(switches_are_for_the_rfc),
		cmocka_unit_test(refuses_a_text_longer_than_it_counts),
		cmocka_unit_test(refuses_every_prefix),
		cmocka_unit_test(finds_a_duplicate_among_many_keys),
		cmocka_unit_test(shows_its_tokens),
		cmocka_unit_test(stops_when_the_reader_has_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
