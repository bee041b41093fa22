#include "app/live_metrics.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define LONG_MS 60000
/* Of a cache so small that every entry competes for them. */
#define SLOTS 4

static const struct {
	const char *name;
	size_t offset; /* of the pointer in struct shared */
	unsigned hits, misses, evictions;
} CACHES[] = {
	{ "auth", offsetof(struct shared, auth_cache), 1, 2, 3 },
	{ "flight", offsetof(struct shared, flight_cache), 4, 5, 6 },
	{ "totals", offsetof(struct shared, totals_cache), 7, 8, 9 },
};

static struct shared_cache *
used_cache(unsigned hits, unsigned misses, unsigned evictions)
{
	struct shared_cache *cache = shared_cache_create(SLOTS, 1);
	unsigned last = SLOTS + evictions - 1, absent = last + 1;
	char out;

	assert_non_null(cache);
	for (unsigned key = 0; key <= last; key++)
		shared_cache_put(cache, &key, sizeof(key), "x", 1, LONG_MS);
	while (hits-- > 0)
		assert_int_equal(
		    shared_cache_get(cache, &last, sizeof(last), &out, 1), 1);
	while (misses-- > 0)
		assert_int_equal(
		    shared_cache_get(cache, &absent, sizeof(absent), &out, 1),
		    -1);
	return cache;
}

static struct shared_cache **
cache_of(struct shared *shared, size_t row)
{
	return (void *)((char *)shared + CACHES[row].offset);
}

static const char *
printed(struct arena *arena, bool open_metrics)
{
	struct shared_breakers breakers = { 0 };
	struct shared shared = { .breakers = &breakers };
	struct buf out;

	for (size_t i = 0; i < ARRAY_LEN(CACHES); i++)
		*cache_of(&shared, i) = used_cache(
		    CACHES[i].hits, CACHES[i].misses, CACHES[i].evictions);
	buf_init(&out, arena, SIZE_MAX);
	live_metrics_print(&shared, open_metrics, &out);
	for (size_t i = 0; i < ARRAY_LEN(CACHES); i++)
		shared_cache_free(*cache_of(&shared, i));
	return out.bytes;
}

static void
assert_line(const char *text, const char *line)
{
	if (strstr(text, line) == NULL)
		fail_msg("no line %s in %s", line, text);
}

static void
each_cache_has_its_counts(void **state)
{
	struct arena *arena = arena_create(1 << 20);

	(void)state;
	for (int form = 0; form < 2; form++) {
		const char *text = printed(arena, form == 1);

		for (size_t i = 0; i < ARRAY_LEN(CACHES); i++) {
			const char *cache = CACHES[i].name;

			assert_line(text,
			    arena_printf(arena,
				"\nbooking_cache_lookups_total{cache=\"%s\","
				"found=\"yes\"} %u\n",
				cache, CACHES[i].hits));
			assert_line(text,
			    arena_printf(arena,
				"\nbooking_cache_lookups_total{cache=\"%s\","
				"found=\"no\"} %u\n",
				cache, CACHES[i].misses));
			assert_line(text,
			    arena_printf(arena,
				"\nbooking_cache_evictions_total{cache=\"%s\"} "
				"%u\n",
				cache, CACHES[i].evictions));
		}
	}
	arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_cache_has_its_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
