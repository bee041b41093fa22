#include "core/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#endif

#include "core/log.h"

#define CAP ((size_t)1024 * 1024)

static int
setup(void **state)
{
	*state = arena_create(CAP);
	return 0;
}

static int
teardown(void **state)
{
	arena_free(*state);
	return 0;
}

/* Sizes around the alignment, the large piece and the chunk. */
static const size_t sizes[] = { 0, 1, 15, 16, 17, 255, 4096, 16383, 16384,
	16385, 65535, 65536, 65537, 200000 };

static void
pieces_are_zeroed_aligned_and_apart(void **state)
{
	struct arena *arena = *state;

	for (int round = 0; round < 2; round++) {
		char *pieces[ARRAY_LEN(sizes)];

		for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
			pieces[i] = arena_alloc(arena, sizes[i]);
			assert_int_equal((uintptr_t)pieces[i] % 16, 0);
			for (size_t at = 0; at < sizes[i]; at++)
				assert_int_equal(pieces[i][at], 0);
			memset(pieces[i], (int)i + 1, sizes[i]);
		}
		for (size_t i = 0; i < ARRAY_LEN(sizes); i++)
			for (size_t at = 0; at < sizes[i]; at++)
				assert_int_equal(pieces[i][at], i + 1);
		assert_ptr_not_equal(
		    arena_alloc(arena, 0), arena_alloc(arena, 0));
		arena_reset(arena);
	}
}

static void
many_small_pieces_stay_intact(void **state)
{
	uint32_t *pieces[20000];

	for (uint32_t i = 0; i < ARRAY_LEN(pieces); i++) {
		pieces[i] = arena_alloc(*state, sizeof(uint32_t));
		*pieces[i] = i;
	}
	for (uint32_t i = 0; i < ARRAY_LEN(pieces); i++)
		assert_int_equal(*pieces[i], i);
}

/* The first chunk is kept; under AddressSanitizer everything is given back, and
 * what is behind a piece is nobody's. */
static void
reset_keeps_the_first_chunk(void **state)
{
	struct arena *arena = *state;
	char *first = arena_alloc(arena, 24);

#ifdef __SANITIZE_ADDRESS__
	assert_false(__asan_address_is_poisoned(first + 23));
	assert_true(__asan_address_is_poisoned(first + 24));
	arena_reset(arena);
	assert_true(__asan_address_is_poisoned(first));
#else
	(void)arena_alloc(arena, CAP / 2);
	for (int i = 0; i < 10; i++)
		(void)arena_alloc(arena, 10000);
	arena_reset(arena);
	assert_ptr_equal(arena_alloc(arena, 24), first);
#endif
}

static void
the_cap_leaves_a_mark_until_reset(void **state)
{
	struct arena *arena = *state;

	assert_int_equal(arena_used_bytes(arena), 0);
	(void)arena_alloc(arena, CAP);
	assert_false(arena_overflowed(arena));
	assert_int_equal(arena_used_bytes(arena), CAP);
	(void)arena_alloc(arena, 1);
	assert_true(arena_overflowed(arena));
	(void)arena_alloc(arena, 1);
	assert_true(arena_overflowed(arena));
	arena_reset(arena);
	assert_false(arena_overflowed(arena));
	assert_int_equal(arena_used_bytes(arena), 0);
}

/* Small pieces share a chunk, large ones have their own; each is grown until it
 * fills most of the cap, which it does not when its old places count. */
static void
a_piece_grows_and_gives_its_place_back(void **state)
{
	static const size_t firsts[] = { 1, 100, 16384, 16385, 65536, 65537 };

	for (size_t i = 0; i < ARRAY_LEN(firsts); i++) {
		struct arena *arena = *state;
		size_t size = firsts[i];
		char *piece = arena_alloc(arena, size);
		char *other = arena_alloc(arena, 24);

		memset(other, 'o', 24);
		memset(piece, 'p', size);
		while (size < CAP * 3 / 4) {
			size_t larger = size + size / 2 + 1;

			if (larger > CAP * 3 / 4)
				larger = CAP * 3 / 4;
			piece = arena_grow(arena, piece, size, larger);
			assert_int_equal((uintptr_t)piece % 16, 0);
			for (size_t at = 0; at < size; at++)
				assert_int_equal(piece[at], 'p');
			memset(piece, 'p', larger);
			size = larger;
		}
		for (size_t at = 0; at < 24; at++)
			assert_int_equal(other[at], 'o');
		assert_false(arena_overflowed(arena));
		memset(arena_alloc(arena, 100), 'q', 100);
		assert_int_equal(piece[size - 1], 'p');
		arena_reset(arena);
	}
}

static void
growth_counts_against_the_cap(void **state)
{
	struct arena *arena = *state;
	void *piece = arena_alloc(arena, CAP - 16);

	piece = arena_grow(arena, piece, CAP - 16, CAP);
	assert_int_equal(arena_used_bytes(arena), CAP);
	assert_false(arena_overflowed(arena));
	(void)arena_grow(arena, piece, CAP, CAP + 1);
	assert_true(arena_overflowed(arena));
	assert_int_equal(arena_used_bytes(arena), CAP + 16);
}

static void
ask_four_caps(struct arena *arena)
{
	for (int i = 0; i < 5; i++)
		(void)arena_alloc(arena, CAP);
}

static void
ask_everything(struct arena *arena)
{
	(void)arena_alloc(arena, SIZE_MAX);
}

static void
ask_overflowing_array(struct arena *arena)
{
	(void)arena_array(arena, SIZE_MAX / 2, 4);
}

static void
ask_everything_more(struct arena *arena)
{
	(void)arena_grow(arena, arena_alloc(arena, CAP), CAP, SIZE_MAX);
}

static void
ask_overflowing_copy(struct arena *arena)
{
	(void)arena_copy(arena, "", SIZE_MAX);
}

/* In a child, whose log goes nowhere. */
static int
status_of(void (*ask)(struct arena *arena), struct arena *arena)
{
	pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (child == 0) {
		log_open("test", LOG_ERROR, open("/dev/null", O_WRONLY));
		ask(arena);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void
the_hopeless_ends_the_process(void **state)
{
	assert_int_equal(status_of(ask_four_caps, *state), 1);
	assert_int_equal(status_of(ask_everything, *state), 1);
	assert_int_equal(status_of(ask_everything_more, *state), 1);
	assert_int_equal(status_of(ask_overflowing_array, *state), 1);
	assert_int_equal(status_of(ask_overflowing_copy, *state), 1);
}

static void
texts_are_copied(void **state)
{
	struct arena *arena = *state;
	char source[] = "abc\0def";
	char *copy = arena_copy(arena, source, 7);
	char *text = arena_strdup(arena, source);

	source[0] = 'x';
	assert_memory_equal(copy, "abc\0def", 8);
	assert_string_equal(text, "abc");
	assert_null(arena_strdup(arena, NULL));
	assert_string_equal(arena_copy(arena, NULL, 0), "");
	assert_int_equal(*(uint64_t *)arena_array(arena, 3, 8), 0);
}

static void
printf_takes_short_and_long(void **state)
{
	static const int widths[] = { 0, 1, 254, 255, 256, 257, 5000 };

	for (size_t i = 0; i < ARRAY_LEN(widths); i++) {
		char *text = arena_printf(*state, "%*s<", widths[i], "");

		assert_int_equal(strlen(text), widths[i] + 1);
		assert_int_equal(text[widths[i]], '<');
	}
}

static char order[8];

static void
note(void *letter)
{
	order[strlen(order)] = *(const char *)letter;
}

static void
cleanups_run_once_last_first(void **state)
{
	struct arena *arena = arena_create(CAP);

	(void)state;
	memset(order, 0, sizeof(order));
	arena_on_reset(arena, note, (char[]){ "a" });
	arena_on_reset(arena, note, (char[]){ "b" });
	arena_reset(arena);
	assert_string_equal(order, "ba");
	arena_reset(arena);
	assert_string_equal(order, "ba");
	arena_on_reset(arena, note, (char[]){ "c" });
	arena_free(arena);
	assert_string_equal(order, "bac");
	arena_free(NULL);
}

#define TEST(function)                                                         \
	cmocka_unit_test_setup_teardown(function, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(pieces_are_zeroed_aligned_and_apart),
		TEST(many_small_pieces_stay_intact),
		TEST(reset_keeps_the_first_chunk),
		TEST(the_cap_leaves_a_mark_until_reset),
		TEST(a_piece_grows_and_gives_its_place_back),
		TEST(growth_counts_against_the_cap),
		TEST(the_hopeless_ends_the_process),
		TEST(texts_are_copied),
		TEST(printf_takes_short_and_long),
		TEST(cleanups_run_once_last_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
