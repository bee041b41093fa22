#include "json/json_out.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "json/json_gate.h"

#define FFFD "\xef\xbf\xbd"

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

static void
assert_json(const struct buf *buf)
{
	const struct json_gate_limits limits = { .max_depth = 16,
		.allow_nul = true };
	struct err err = { 0 };

	assert_false(buf->failed);
	if (json_gate_check(buf->bytes, buf->len, &limits, &err))
		fail_msg("%s: %s", buf->bytes, err.details);
}

static const char *
quoted(const char *text, size_t len)
{
	struct json_out out;
	struct buf buf;

	buf_init(&buf, arena, 1 << 20);
	json_out_init(&out, &buf);
	json_put_text_len(&out, NULL, text, len);
	assert_json(&buf);
	return buf.bytes;
}

static void
writes_every_kind_of_value(void **state)
{
	struct json_out out;
	struct buf buf;

	(void)state;
	buf_init(&buf, arena, 4096);
	json_out_init(&out, &buf);
	json_begin_object(&out, NULL);
	json_put_text(&out, "text", "a");
	json_put_text(&out, "none", NULL);
	json_put_text_len(&out, "no_len", NULL, 3);
	json_put_int(&out, "least", INT64_MIN);
	json_put_int(&out, "most", INT64_MAX);
	json_put_bool(&out, "yes", true);
	json_put_bool(&out, "no", false);
	json_put_null(&out, "null");
	json_put_cents(&out, "price", 30000);
	json_put_cents(&out, "cents", 5);
	json_put_time(&out, "at", INT64_C(1736332200999));
	json_put_time(&out, "epoch", 0);
	json_put_time(&out, "never", -1);
	json_put_raw(&out, "raw", "{\"x\":[]}");
	json_end_object(&out);
	assert_json(&buf);
	assert_string_equal(buf.bytes,
	    "{\"text\":\"a\",\"none\":null,\"no_len\":null,"
	    "\"least\":-9223372036854775808,\"most\":9223372036854775807,"
	    "\"yes\":true,\"no\":false,\"null\":null,\"price\":300.00,"
	    "\"cents\":0.05,\"at\":\"2025-01-08T10:30:00Z\","
	    "\"epoch\":\"1970-01-01T00:00:00Z\",\"never\":null,"
	    "\"raw\":{\"x\":[]}}");
}

static void
puts_commas_where_they_belong(void **state)
{
	struct json_out out;
	struct buf buf;

	(void)state;
	buf_init(&buf, arena, 4096);
	json_out_init(&out, &buf);
	json_begin_array(&out, NULL);
	json_begin_object(&out, NULL);
	json_end_object(&out);
	json_begin_object(&out, NULL);
	json_begin_array(&out, "a");
	json_end_array(&out);
	json_begin_array(&out, "b");
	json_put_int(&out, NULL, 1);
	json_put_int(&out, NULL, 2);
	json_begin_array(&out, NULL);
	json_end_array(&out);
	json_put_text(&out, NULL, "x");
	json_end_array(&out);
	json_put_null(&out, "c");
	json_end_object(&out);
	json_put_bool(&out, NULL, true);
	json_end_array(&out);
	assert_json(&buf);
	assert_string_equal(
	    buf.bytes, "[{},{\"a\":[],\"b\":[1,2,[],\"x\"],\"c\":null},true]");
}

struct row {
	const char *text;
	size_t len;
	const char *json;
};
#define ROW(text, json)                                                        \
	{                                                                      \
		(text), sizeof(text) - 1, (json)                               \
	}

static void
escapes_what_must_be(void **state)
{
	static const struct row rows[] = {
		ROW("", "\"\""),
		ROW("plain", "\"plain\""),
		ROW("\"", "\"\\\"\""),
		ROW("\\", "\"\\\\\""),
		ROW("/", "\"/\""),
		ROW("\b\f\n\r\t", "\"\\b\\f\\n\\r\\t\""),
		ROW("\x01\x1f", "\"\\u0001\\u001f\""),
		ROW("a\0b", "\"a\\u0000b\""),
		ROW("\x7f", "\"\x7f\""),
		ROW("a\"b\"c", "\"a\\\"b\\\"c\""),
		ROW("12345678\n12345678\n", "\"12345678\\n12345678\\n\""),
		ROW("1234567\"", "\"1234567\\\"\""),
		ROW("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80",
		    "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\""),
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_string_equal(
		    quoted(rows[i].text, rows[i].len), rows[i].json);
}

/* Texts are looked at eight bytes at a time. */
static void
finds_what_must_be_escaped_wherever_it_stands(void **state)
{
	static const struct row odd[] = {
		ROW("\"", "\\\""),
		ROW("\\", "\\\\"),
		ROW("\n", "\\n"),
		ROW("\x1f", "\\u001f"),
		ROW("\x7f", "\x7f"),
		ROW("\x80", FFFD),
	};
	static const char filler[] = "abcdefghijklmnopqrstuvwxyzABCDEF";
	char text[sizeof(filler)], expected[sizeof(filler) + 16];

	(void)state;
	for (size_t len = 1; len < sizeof(text); len++) {
		for (size_t i = 0; i < len * ARRAY_LEN(odd); i++) {
			size_t at = i / ARRAY_LEN(odd);
			const struct row *row = &odd[i % ARRAY_LEN(odd)];

			memcpy(text, filler, sizeof(text));
			text[at] = row->text[0];
			snprintf(expected, sizeof(expected), "\"%.*s%s%.*s\"",
			    (int)at, filler, row->json, (int)(len - at - 1),
			    filler + at + 1);
			assert_string_equal(quoted(text, len), expected);
		}
		snprintf(
		    expected, sizeof(expected), "\"%.*s\"", (int)len, filler);
		assert_string_equal(quoted(filler, len), expected);
	}
}

static void
replaces_what_is_not_utf8(void **state)
{
	static const struct row rows[] = {
		ROW("\xff", "\"" FFFD "\""),
		ROW("a\x80z", "\"a" FFFD "z\""),
		ROW("\xc0\xaf", "\"" FFFD FFFD "\""),
		ROW("\xed\xa0\x80", "\"" FFFD FFFD FFFD "\""),
		ROW("\xf4\x90\x80\x80", "\"" FFFD FFFD FFFD FFFD "\""),
		ROW("\xe2\x82", "\"" FFFD FFFD "\""),
		ROW("\xe2\x82\"", "\"" FFFD FFFD "\\\"\""),
		ROW("\xe2\xe2\x82\xac", "\"" FFFD "\xe2\x82\xac\""),
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_string_equal(
		    quoted(rows[i].text, rows[i].len), rows[i].json);
}

/* Every byte beside every other, at every place of an eight-byte step. */
static void
any_bytes_give_json(void **state)
{
	char text[24];

	(void)state;
	for (unsigned pair = 0; pair < 0x10000; pair++) {
		size_t at = pair % 15;
		memset(text, 'x', sizeof(text));
		text[at] = (char)(pair >> 8);
		text[at + 1] = (char)pair;
		quoted(text, sizeof(text));
		quoted(text, at + 2);
		arena_reset(arena);
	}
}

static void
a_full_buffer_stays_failed(void **state)
{
	struct json_out out;
	struct buf buf;

	(void)state;
	buf_init(&buf, arena, 10);
	json_out_init(&out, &buf);
	json_begin_array(&out, NULL);
	json_put_text(&out, NULL, "too long for that");
	json_end_array(&out);
	assert_true(buf.failed);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_every_kind_of_value),
		cmocka_unit_test(puts_commas_where_they_belong),
		cmocka_unit_test(escapes_what_must_be),
		cmocka_unit_test(finds_what_must_be_escaped_wherever_it_stands),
		cmocka_unit_test(replaces_what_is_not_utf8),
		cmocka_unit_test(any_bytes_give_json),
		cmocka_unit_test(a_full_buffer_stays_failed),
	};

	return cmocka_run_group_tests(tests, make_arena, free_arena);
}
