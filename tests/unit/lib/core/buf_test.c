#include "core/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

static int
setup(void **state)
{
	*state = arena_create(16 * 1024 * 1024);
	return 0;
}

static int
teardown(void **state)
{
	arena_free(*state);
	return 0;
}

static void
holds(const struct buf *buf, const char *text)
{
	assert_string_equal(buf->bytes, text);
	assert_int_equal(buf->len, strlen(text));
}

static void
starts_empty(void **state)
{
	static const size_t maxima[] = { 0, 1, 512, 100000, SIZE_MAX };

	for (size_t i = 0; i < ARRAY_LEN(maxima); i++) {
		struct buf buf;

		buf_init(&buf, *state, maxima[i]);
		holds(&buf, "");
		buf_append(&buf, NULL, 0);
		buf_text(&buf, "");
		assert_false(buf.failed);
	}
}

static void
appends_in_order(void **state)
{
	struct buf buf;

	buf_init(&buf, *state, 100);
	buf_text(&buf, "ab");
	buf_char(&buf, 'c');
	buf_append(&buf, "defg", 2);
	buf_printf(&buf, "%d-%s", 42, "x");
	memcpy(buf_extend(&buf, 2), "fg", 2);
	buf_int(&buf, -7);
	holds(&buf, "abcde42-xfg-7");
	assert_false(buf.failed);
	buf_append(&buf, "\0z", 2);
	assert_int_equal(buf.len, 15);
	assert_memory_equal(buf.bytes, "abcde42-xfg-7\0z", 16);
}

static void
grows_to_its_maximum(void **state)
{
	struct buf buf;

	buf_init(&buf, *state, 100000);
	for (int i = 0; i < 100000; i++)
		buf_char(&buf, (char)('a' + i % 26));
	assert_false(buf.failed);
	assert_int_equal(buf.len, 100000);
	for (int i = 0; i < 100000; i++)
		assert_int_equal(buf.bytes[i], 'a' + i % 26);
	assert_int_equal(buf.bytes[100000], 0);
}

/* What does not fit changes nothing, nor does anything after it. */
static void
stops_at_its_maximum(void **state)
{
	struct buf buf;

	for (int way = 0; way < 6; way++) {
		buf_init(&buf, *state, 5);
		buf_text(&buf, way == 3 ? "12345" : "1234");
		if (way == 0)
			buf_append(&buf, "56", 2);
		else if (way == 1)
			buf_text(&buf, "56");
		else if (way == 2)
			buf_printf(&buf, "%d", 56);
		else if (way == 3)
			buf_char(&buf, '6');
		else if (way == 4)
			buf_int(&buf, 56);
		else
			assert_null(buf_extend(&buf, 2));
		assert_true(buf.failed);
		holds(&buf, way == 3 ? "12345" : "1234");
		buf_char(&buf, '5');
		buf_printf(&buf, "5");
		buf_text(&buf, "");
		assert_null(buf_extend(&buf, 0));
		holds(&buf, way == 3 ? "12345" : "1234");
		assert_true(buf.failed);
	}
}

static void
prints_over_its_capacity(void **state)
{
	struct buf buf;

	for (int width = 505; width < 520; width++) {
		buf_init(&buf, *state, 4000);
		buf_printf(&buf, "%*d", width, 7);
		assert_int_equal(buf.len, width);
		assert_int_equal(buf.bytes[width - 1], '7');
		buf_printf(&buf, "%*d", 3 * width, 8);
		assert_int_equal(buf.len, 4 * width);
		assert_int_equal(buf.bytes[4 * width - 1], '8');
		assert_false(buf.failed);
	}
}

/* Also after more than it holds. */
static void
clears_and_keeps_its_room(void **state)
{
	struct buf buf;

	buf_init(&buf, *state, 100000);
	for (int round = 0; round < 3; round++) {
		size_t used = arena_used_bytes(*state);

		for (int i = 0; i < 100000 + round; i++)
			buf_char(&buf, (char)('a' + round));
		assert_int_equal(buf.failed, round > 0);
		buf_clear(&buf);
		holds(&buf, "");
		assert_false(buf.failed);
		if (round > 0)
			assert_int_equal(arena_used_bytes(*state), used);
	}
}

#define TEST(function)                                                         \
	cmocka_unit_test_setup_teardown(function, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(starts_empty),
		TEST(appends_in_order),
		TEST(grows_to_its_maximum),
		TEST(stops_at_its_maximum),
		TEST(prints_over_its_capacity),
		TEST(clears_and_keeps_its_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
