#include "cache/shared_cache.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/clock.h"

#define VALUE_MAX 100
#define LONG_MS	  60000

static void
put(struct shared_cache *cache, const char *key, const char *value,
    int64_t ttl_ms)
{
	shared_cache_put(cache, key, strlen(key), value, strlen(value), ttl_ms);
}

static void
assert_holds(struct shared_cache *cache, const char *key, const char *value)
{
	char out[VALUE_MAX];
	int len = shared_cache_get(cache, key, strlen(key), out, sizeof(out));

	assert_int_equal(len, strlen(value));
	assert_memory_equal(out, value, strlen(value));
}

static bool
misses(struct shared_cache *cache, const char *key)
{
	char out[VALUE_MAX];

	return shared_cache_get(cache, key, strlen(key), out, sizeof(out)) ==
	       -1;
}

static void
returns_what_was_stored(void **state)
{
	struct shared_cache *cache = shared_cache_create(64, VALUE_MAX);
	struct shared_cache_counts counts;

	(void)state;
	assert_true(misses(cache, "a"));
	put(cache, "a", "one", LONG_MS);
	put(cache, "b", "", LONG_MS);
	put(cache, "", "empty key", LONG_MS);
	assert_holds(cache, "a", "one");
	assert_holds(cache, "b", "");
	assert_holds(cache, "", "empty key");
	put(cache, "a", "another, longer one", LONG_MS);
	assert_holds(cache, "a", "another, longer one");
	put(cache, "a", "short", LONG_MS);
	assert_holds(cache, "a", "short");
	assert_true(misses(cache, "aa"));
	counts = shared_cache_counts(cache);
	assert_int_equal(counts.hits, 5);
	assert_int_equal(counts.misses, 2);
	assert_int_equal(counts.stores, 5);
	assert_int_equal(counts.evictions, 0);
	shared_cache_free(cache);
}

static void
takes_values_of_every_length(void **state)
{
	struct shared_cache *cache = shared_cache_create(1, VALUE_MAX);
	char value[VALUE_MAX + 1], out[VALUE_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(value); i++)
		value[i] = (char)(i * 37 + 1);
	for (size_t len = 0; len <= VALUE_MAX; len++) {
		shared_cache_put(cache, "k", 1, value, len, LONG_MS);
		memset(out, 0, sizeof(out));
		assert_int_equal(
		    shared_cache_get(cache, "k", 1, out, sizeof(out)), len);
		assert_memory_equal(out, value, len);
	}
	shared_cache_free(cache);
}

/* Nothing is stored, and what is there stays. */
static void
stores_no_more_than_it_may(void **state)
{
	struct shared_cache *cache = shared_cache_create(1, VALUE_MAX);
	char value[VALUE_MAX + 1] = "";

	(void)state;
	put(cache, "k", "kept", LONG_MS);
	shared_cache_put(cache, "k", 1, value, sizeof(value), LONG_MS);
	put(cache, "k", "none", 0);
	put(cache, "k", "past", -1);
	put(cache, "k", "long past", INT64_MIN);
	assert_holds(cache, "k", "kept");
	assert_int_equal(shared_cache_counts(cache).stores, 1);
	shared_cache_free(cache);
}

static void
forgets_in_time(void **state)
{
	struct shared_cache *cache = shared_cache_create(64, VALUE_MAX);
	int64_t stored_ms;

	(void)state;
	put(cache, "ever", "x", INT64_MAX);
	assert_holds(cache, "ever", "x");
	put(cache, "soon", "x", 20);
	stored_ms = clock_monotonic_ms();
	while (!misses(cache, "soon"))
		continue;
	assert_true(clock_monotonic_ms() - stored_ms >= 19);
	assert_holds(cache, "ever", "x");
	shared_cache_free(cache);
}

static void
drops_what_is_named(void **state)
{
	struct shared_cache *cache = shared_cache_create(64, VALUE_MAX);

	(void)state;
	put(cache, "a", "one", LONG_MS);
	put(cache, "b", "two", LONG_MS);
	shared_cache_drop(cache, "a", 1);
	shared_cache_drop(cache, "c", 1);
	assert_true(misses(cache, "a"));
	assert_holds(cache, "b", "two");
	shared_cache_free(cache);
}

static void
tick(void)
{
	int64_t now_ms = clock_monotonic_ms();

	while (clock_monotonic_ms() == now_ms)
		continue;
}

/* One bucket of four: the fifth key takes the place of the oldest. */
static void
makes_room_for_the_newest(void **state)
{
	static const char *const keys[] = { "1", "2", "3", "4" };
	struct shared_cache *cache = shared_cache_create(4, VALUE_MAX);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(keys); i++, tick())
		put(cache, keys[i], keys[i], LONG_MS);
	put(cache, "1", "again", LONG_MS);
	assert_int_equal(shared_cache_counts(cache).evictions, 0);
	put(cache, "5", "5", LONG_MS);
	assert_int_equal(shared_cache_counts(cache).evictions, 1);
	assert_true(misses(cache, "2"));
	assert_holds(cache, "1", "again");
	assert_holds(cache, "3", "3");
	assert_holds(cache, "4", "4");
	assert_holds(cache, "5", "5");
	/* A free place is taken before anything is evicted. */
	shared_cache_drop(cache, "5", 1);
	put(cache, "6", "6", LONG_MS);
	assert_int_equal(shared_cache_counts(cache).evictions, 1);
	assert_holds(cache, "3", "3");
	shared_cache_free(cache);
}

static void
refuses_impossible_sizes(void **state)
{
	(void)state;
	assert_null(shared_cache_create(SIZE_MAX, 8));
	assert_null(shared_cache_create(8, SIZE_MAX));
	assert_null(shared_cache_create(SIZE_MAX / 512, 8));
	shared_cache_free(NULL);
}

/* Before the value stand key, times, length and checksum. */
#define HEAD_BYTES 56

/* Where the first bytes of the mapping hold a value. */
static unsigned char *
find_value(struct shared_cache *cache, const char *value)
{
	unsigned char *found = memmem(cache, 4096, value, strlen(value));

	assert_non_null(found);
	return found;
}

/* Neither a token nor what could be looked up in a table of hashes. */
static void
holds_no_key(void **state)
{
	static const char key[] = "eyJhbGciOiJIUzI1NiJ9.secret-token";
	struct shared_cache *cache = shared_cache_create(4, VALUE_MAX);
	struct shared_cache *other = shared_cache_create(4, VALUE_MAX);

	(void)state;
	put(cache, key, "verdict", LONG_MS);
	put(other, key, "verdict", LONG_MS);
	assert_null(memmem(cache, 4096, "secret-token", 12));
	assert_memory_not_equal(find_value(cache, "verdict") - HEAD_BYTES,
	    find_value(other, "verdict") - HEAD_BYTES, 16);
	shared_cache_free(cache);
	shared_cache_free(other);
}

/* --- several processes ---------------------------------------------------- */

enum { WORKERS = 6, KEYS = 12, KILLS = 40, LARGE = 2048 };

struct progress {
	_Atomic uint64_t hits, wrong, rounds[WORKERS];
};

/* A value tells which key it belongs to, and every byte depends on the round:
 * a mixture of two is seen at once. */
static size_t
fill(unsigned char *value, unsigned key, uint64_t round)
{
	size_t len = 64 + (size_t)(round * 131 % (LARGE - 64));

	value[0] = (unsigned char)key;
	for (size_t i = 1; i < len; i++)
		value[i] = (unsigned char)(round + i * 7);
	return len;
}

static bool
is_whole(const unsigned char *value, size_t len, unsigned key)
{
	if (len < 64 || value[0] != key)
		return false;
	for (size_t i = 2; i < len; i++)
		if ((unsigned char)(value[i] - value[i - 1]) != 7)
			return false;
	return true;
}

static void
hammer(struct shared_cache *cache, struct progress *progress, int worker)
{
	unsigned char value[LARGE];

	for (uint64_t round = (uint64_t)worker;; round++) {
		unsigned key = (unsigned)(round * 2654435761u >> 7) % KEYS;
		if (round % 3 == 0) {
			size_t len = fill(value, key, round);
			shared_cache_put(
			    cache, &key, sizeof(key), value, len, LONG_MS);
		} else {
			int len = shared_cache_get(
			    cache, &key, sizeof(key), value, sizeof(value));
			if (len >= 0 && is_whole(value, (size_t)len, key))
				progress->hits++;
			else if (len >= 0)
				progress->wrong++;
		}
		if (round % 1000 == 0)
			shared_cache_drop(cache, &key, sizeof(key));
		progress->rounds[worker]++;
	}
}

static pid_t
start(struct shared_cache *cache, struct progress *progress, int worker)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		hammer(cache, progress, worker);
	}
	return pid;
}

static void
await_rounds(struct progress *progress, int worker, uint64_t more)
{
	uint64_t until = progress->rounds[worker] + more;

	while (progress->rounds[worker] < until)
		nanosleep(&(struct timespec){ .tv_nsec = 100000 }, NULL);
}

static void
end(pid_t pid)
{
	int status;

	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
}

/* Workers share three buckets and are killed at any point, and stopped and
 * continued while others go on: no mixture is ever read, nobody waits for the
 * dead, and every slot can be used afterwards. */
static void
survives_kills_at_any_point(void **state)
{
	struct shared_cache *cache = shared_cache_create(KEYS, LARGE);
	struct progress *progress = mmap(NULL, sizeof(*progress),
	    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	unsigned char value[LARGE];
	pid_t workers[WORKERS];

	(void)state;
	assert_non_null(cache);
	assert_ptr_not_equal(progress, MAP_FAILED);
	for (int i = 0; i < WORKERS; i++)
		workers[i] = start(cache, progress, i);
	for (int i = 0; i < KILLS; i++) {
		int victim = i % WORKERS, other = (i + 1) % WORKERS;
		await_rounds(progress, victim, 50 + (unsigned)i);
		kill(workers[other], SIGSTOP);
		await_rounds(progress, victim, 50);
		kill(workers[other], SIGCONT);
		end(workers[victim]);
		workers[victim] = start(cache, progress, victim);
	}
	for (int i = 0; i < WORKERS; i++)
		await_rounds(progress, i, 100);
	for (int i = 0; i < WORKERS; i++)
		end(workers[i]);
	assert_int_equal(progress->wrong, 0);
	assert_true(progress->hits > 0);
	for (unsigned key = 0; key < KEYS; key++) {
		size_t len = fill(value, key, key);
		shared_cache_put(cache, &key, sizeof(key), value, len, LONG_MS);
		assert_int_equal(shared_cache_get(cache, &key, sizeof(key),
				     value, sizeof(value)),
		    len);
		assert_true(is_whole(value, len, key));
	}
	munmap(progress, sizeof(*progress));
	shared_cache_free(cache);
}

static void
a_damaged_entry_is_a_miss(void **state)
{
	static const char text[] = "a value of some length";
	struct shared_cache *cache = shared_cache_create(1, VALUE_MAX);
	unsigned char *value;

	(void)state;
	put(cache, "key", text, LONG_MS);
	value = find_value(cache, text);
	for (unsigned char *at = value - HEAD_BYTES; at < value + strlen(text);
	     at++) {
		*at ^= 0x40;
		assert_true(misses(cache, "key"));
		*at ^= 0x40;
	}
	assert_holds(cache, "key", text);
	shared_cache_free(cache);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(returns_what_was_stored),
		cmocka_unit_test(takes_values_of_every_length),
		cmocka_unit_test(stores_no_more_than_it_may),
		cmocka_unit_test(forgets_in_time),
		cmocka_unit_test(drops_what_is_named),
		cmocka_unit_test(makes_room_for_the_newest),
		cmocka_unit_test(refuses_impossible_sizes),
		cmocka_unit_test(holds_no_key),
		cmocka_unit_test(survives_kills_at_any_point),
		cmocka_unit_test(a_damaged_entry_is_a_miss),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
