#include "core/ident.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/clock.h"

static uint64_t
ms_of(const struct uuid *uuid)
{
	uint64_t ms = 0;

	for (int i = 0; i < 6; i++)
		ms = ms << 8 | uuid->bytes[i];
	return ms;
}

/* Far more than one in a millisecond. */
static void
uuids_increase(void **state)
{
	struct uuid last = uuid_make();

	(void)state;
	for (int i = 0; i < 300000; i++) {
		struct uuid next = uuid_make();

		assert_true(memcmp(last.bytes, next.bytes, UUID_BYTES) < 0);
		assert_int_equal(next.bytes[6] >> 4, 7);
		assert_int_equal(next.bytes[8] >> 6, 2);
		last = next;
	}
}

static void
uuids_carry_the_time(void **state)
{
	uint64_t before = (uint64_t)clock_wall_ms();
	struct uuid uuid;

	(void)state;
	/* One after the clock has moved is not the last one's neighbour. */
	while ((uint64_t)clock_wall_ms() == before)
		continue;
	before = (uint64_t)clock_wall_ms();
	uuid = uuid_make();
	assert_true(ms_of(&uuid) >= before &&
		    ms_of(&uuid) <= (uint64_t)clock_wall_ms());
	assert_int_equal(uuid_time_ms(&uuid), ms_of(&uuid));
}

static void
lowest_bounds_a_millisecond(void **state)
{
	struct uuid uuid = uuid_make();
	struct uuid low = uuid_lowest_at((int64_t)ms_of(&uuid));
	struct uuid high = uuid_lowest_at((int64_t)ms_of(&uuid) + 1);
	char text[UUID_TEXT_SIZE];

	(void)state;
	assert_true(memcmp(low.bytes, uuid.bytes, UUID_BYTES) <= 0);
	assert_true(memcmp(uuid.bytes, high.bytes, UUID_BYTES) < 0);
	low = uuid_lowest_at(0x0123456789AB);
	assert_string_equal(
	    uuid_format(&low, text), "01234567-89ab-7000-8000-000000000000");
	low = uuid_lowest_at(-1);
	assert_int_equal(ms_of(&low), 0);
	low = uuid_lowest_at(INT64_MAX);
	assert_int_equal(ms_of(&low), 0xFFFFFFFFFFFF);
}

static void
uuid_text_there_and_back(void **state)
{
	static const char lower[] = "0123abcd-ef45-6789-abcd-ef0123456789";
	static const char *const wrong[] = { "", "0123abcd",
		"0123abcd-ef45-6789-abcd-ef012345678",
		"0123abcd-ef45-6789-abcd-ef01234567890",
		"0123abcdef456789abcdef0123456789",
		"0123abcd-ef45-6789-abcd_ef0123456789",
		"0123abcd-ef45-6789-abcde-f012345678",
		"0123abcg-ef45-6789-abcd-ef0123456789",
		"{123abcd-ef45-6789-abcd-ef0123456789",
		"0123abcd-ef45-6789-abcd-ef012345678 ",
		"0123abcd-ef45-6789-abcd-ef012345678\xC3" };
	struct uuid uuid, other;
	char text[UUID_TEXT_SIZE];

	(void)state;
	assert_int_equal(uuid_parse(lower, &uuid), 0);
	assert_string_equal(uuid_format(&uuid, text), lower);
	assert_int_equal(
	    uuid_parse("0123ABCD-eF45-6789-ABCD-EF0123456789", &other), 0);
	assert_true(uuid_equal(&uuid, &other));
	other.bytes[15] ^= 1;
	assert_false(uuid_equal(&uuid, &other));
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
		if (uuid_parse(wrong[i], &uuid) != -1)
			fail_msg("taken: %s", wrong[i]);
	assert_string_equal(uuid_format(&uuid, text), lower);
}

struct drawn {
	struct uuid uuids[4];
	uint8_t random[64];
};

static void
draw(struct drawn *drawn)
{
	for (size_t i = 0; i < ARRAY_LEN(drawn->uuids); i++)
		drawn->uuids[i] = uuid_make();
	random_bytes(drawn->random, sizeof(drawn->random));
}

static void
draw_in_child(struct drawn *drawn)
{
	int ends[2];
	pid_t child;

	assert_int_equal(pipe(ends), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		draw(drawn);
		_exit(write(ends[1], drawn, sizeof(*drawn)) !=
		      (ssize_t)sizeof(*drawn));
	}
	(void)close(ends[1]);
	assert_int_equal(read(ends[0], drawn, sizeof(*drawn)), sizeof(*drawn));
	(void)close(ends[0]);
	assert_int_equal(waitpid(child, NULL, 0), child);
}

/* The bits beside the time, version and variant; a child that went on in its
 * parent's sequence would be a few random steps of 32 bits away, which does not
 * reach the upper ones. */
static bool
same_sequence(const struct uuid *a, const struct uuid *b)
{
	return memcmp(a->bytes + 6, b->bytes + 6, 5) == 0;
}

static void
children_do_not_repeat_the_parent(void **state)
{
	struct drawn before, drawn[3];

	(void)state;
	draw(&before);
	draw_in_child(&drawn[0]);
	draw_in_child(&drawn[1]);
	draw(&drawn[2]);
	for (size_t i = 0; i < 3; i++)
		for (size_t j = i + 1; j < 3; j++) {
			assert_memory_not_equal(drawn[i].random,
			    drawn[j].random, sizeof(drawn[i].random));
			assert_false(same_sequence(
			    &drawn[i].uuids[0], &drawn[j].uuids[0]));
		}
	assert_false(same_sequence(&before.uuids[3], &drawn[0].uuids[0]));
	assert_false(same_sequence(&before.uuids[3], &drawn[1].uuids[0]));
}

/* No two places, buffered or not, hold the same bytes, and none stays empty. */
static void
random_bytes_differ(void **state)
{
	static const size_t sizes[] = { 16, 100, 511, 512, 513, 5000 };
	uint8_t a[5000], b[5000];

	(void)state;
	for (int round = 0; round < 20; round++)
		for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
			memset(a, 0, sizeof(a));
			memset(b, 0, sizeof(b));
			random_bytes(a, sizes[i]);
			random_bytes(b, sizes[i]);
			for (size_t at = 0; at + 16 <= sizes[i]; at += 16)
				assert_memory_not_equal(a + at, b + at, 16);
			assert_int_equal(sizes[i] == 5000 ? 0 : a[sizes[i]], 0);
		}
	random_bytes(a, 0);
}

/* A product without rejection would give half of these to the first third; the
 * bounds are twelve standard deviations away. */
static void
random_below_is_uniform(void **state)
{
	unsigned counts[3] = { 0 };

	(void)state;
	for (int i = 0; i < 30000; i++) {
		uint32_t value = random_below(UINT32_C(3) << 30);

		assert_true(value < UINT32_C(3) << 30);
		counts[value % 3]++;
		assert_true(random_below(3) < 3);
		assert_int_equal(random_below(1), 0);
	}
	for (size_t i = 0; i < ARRAY_LEN(counts); i++)
		assert_true(counts[i] >= 9000 && counts[i] <= 11000);
}

static void
request_ids(void **state)
{
	char longest[66];
	char made[REQUEST_ID_SIZE];
	struct uuid uuid;

	(void)state;
	memset(longest, 'a', sizeof(longest));
	longest[64] = '\0';
	assert_true(request_id_valid("AZaz09._-"));
	assert_true(request_id_valid(longest));
	longest[64] = 'a';
	longest[65] = '\0';
	assert_false(request_id_valid(longest));
	assert_false(request_id_valid(""));
	assert_false(request_id_valid("a b"));
	assert_false(request_id_valid("a\n"));
	assert_false(request_id_valid("a/b"));
	assert_false(request_id_valid("\xC3\xA9"));
	request_id_make(made);
	assert_true(request_id_valid(made));
	assert_int_equal(uuid_parse(made, &uuid), 0);
}

#define TRACE "0af7651916cd43dd8448eb211c80319c"
#define SPAN  "b7ad6b7169203331"
#define ZERO  "00000000000000000000000000000000"

static const struct {
	const char *parent;
	const char *flags; /* NULL: a new trace */
} parents[] = {
	{ "00-" TRACE "-" SPAN "-01", "-01" },
	{ "00-" TRACE "-" SPAN "-00", "-00" },
	{ "cc-" TRACE "-" SPAN "-01", "-01" },
	{ "cc-" TRACE "-" SPAN "-01-more", "-01" },
	{ NULL, NULL },
	{ "", NULL },
	{ "00-" TRACE "-" SPAN "-01-more", NULL },
	{ "00-" TRACE "-" SPAN "-01x", NULL },
	{ "cc-" TRACE "-" SPAN "-01x", NULL },
	{ "00-" TRACE "-" SPAN "-0", NULL },
	{ "00-" TRACE "-" SPAN "-0g", NULL },
	{ "00-" TRACE "-" SPAN, NULL },
	{ "ff-" TRACE "-" SPAN "-01", NULL },
	{ "0x-" TRACE "-" SPAN "-01", NULL },
	{ "00-" ZERO "-" SPAN "-01", NULL },
	{ "00-" TRACE "-0000000000000000-01", NULL },
	{ "00-0AF7651916CD43DD8448EB211C80319C-" SPAN "-01", NULL },
	{ "00_" TRACE "-" SPAN "-01", NULL },
	{ "00-" TRACE "_" SPAN "-01", NULL },
	{ "00-" TRACE "-" SPAN "_01", NULL },
};

static void
traces_go_on(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(parents); i++) {
		bool goes_on = parents[i].flags != NULL;
		char out[TRACEPARENT_SIZE], again[TRACEPARENT_SIZE];

		traceparent_continue(parents[i].parent, out);
		assert_int_equal(strlen(out), TRACEPARENT_SIZE - 1);
		assert_memory_equal(out, "00-", 3);
		assert_int_equal(memcmp(out + 3, TRACE "-", 33) == 0, goes_on);
		assert_memory_not_equal(out + 36, SPAN, 16);
		assert_string_equal(
		    out + 52, goes_on ? parents[i].flags : "-01");
		/* What was made is itself a parent. */
		traceparent_continue(out, again);
		assert_memory_equal(again, out, 36);
		assert_memory_not_equal(again + 36, out + 36, 16);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(uuids_increase),
		cmocka_unit_test(uuids_carry_the_time),
		cmocka_unit_test(lowest_bounds_a_millisecond),
		cmocka_unit_test(uuid_text_there_and_back),
		cmocka_unit_test(children_do_not_repeat_the_parent),
		cmocka_unit_test(random_bytes_differ),
		cmocka_unit_test(random_below_is_uniform),
		cmocka_unit_test(request_ids),
		cmocka_unit_test(traces_go_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
