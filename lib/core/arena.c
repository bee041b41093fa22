#include "core/arena.h"

#include <assert.h>
#include <malloc.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/log.h"

/* AddressSanitizer watches the borders of mallocs: give it one for each. */
#if defined(__SANITIZE_ADDRESS__)
#define SEPARATE_BLOCKS true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SEPARATE_BLOCKS true
#endif
#endif
#ifndef SEPARATE_BLOCKS
#define SEPARATE_BLOCKS false
#endif

#define ALIGNMENT   _Alignof(max_align_t)
#define CHUNK_BYTES ((size_t)64 * 1024)
#define HARD_FACTOR 4
/* A piece over this that the current chunk has no room for gets its own. */
#define SMALL_BYTES (CHUNK_BYTES / 4)
/* After a request of this size the heap is given back, which costs less than
 * holding it in each of many workers. */
#define LARGE_BYTES ((size_t)1024 * 1024)

struct chunk {
	struct chunk *next;
	char *memory;
	size_t size_bytes;
	size_t used_bytes;
};

struct cleanup {
	struct cleanup *before;
	void (*release)(void *resource);
	void *resource;
};

struct arena {
	size_t cap_bytes;
	size_t used_bytes;
	struct cleanup *cleanups; /* last first, in the arena's own memory */
	struct chunk *chunks;	  /* all of them, last made first */
	struct chunk *first;	  /* survives a reset; NULL: none does */
	struct chunk *current;	  /* where small pieces come from */
};

/* Neither the caller nor anything above it can go on without memory. */
static _Noreturn void
give_up(const struct arena *arena, size_t size_bytes, const char *cause)
{
	log_fatal("memory_exhausted",
	    LOG_FIELDS(LOG_TEXT("cause", cause),
		LOG_NUM("used_bytes", arena == NULL ? 0 : arena->used_bytes),
		LOG_NUM("asked_bytes", size_bytes)));
}

static void *
from_heap(const struct arena *arena, size_t size_bytes)
{
	void *memory = malloc(size_bytes);

	if (memory == NULL)
		give_up(arena, size_bytes, "malloc failed");
	return memory;
}

static struct chunk *
add_chunk(struct arena *arena, size_t size_bytes)
{
	struct chunk *chunk = from_heap(arena, sizeof(*chunk));

	*chunk = (struct chunk){
		.next = arena->chunks,
		.memory = from_heap(arena, size_bytes),
		.size_bytes = size_bytes,
	};
	arena->chunks = chunk;
	return chunk;
}

static void
free_chunks_before(struct arena *arena, const struct chunk *end)
{
	while (arena->chunks != end) {
		struct chunk *chunk = arena->chunks;

		arena->chunks = chunk->next;
		free(chunk->memory);
		free(chunk);
	}
}

static void
run_cleanups(struct arena *arena)
{
	while (arena->cleanups != NULL) {
		struct cleanup *cleanup = arena->cleanups;

		arena->cleanups = cleanup->before;
		cleanup->release(cleanup->resource);
	}
}

struct arena *
arena_create(size_t cap_bytes)
{
	struct arena *arena = from_heap(NULL, sizeof(*arena));

	*arena = (struct arena){ .cap_bytes = cap_bytes };
	if (!SEPARATE_BLOCKS)
		arena->first = add_chunk(arena, CHUNK_BYTES);
	arena->current = arena->first;
	return arena;
}

/* Gives back all chunks that were made after `end`. */
static void
empty(struct arena *arena, const struct chunk *end)
{
	run_cleanups(arena);
	free_chunks_before(arena, end);
	if (arena->used_bytes >= LARGE_BYTES)
		malloc_trim(0);
}

void
arena_free(struct arena *arena)
{
	if (arena == NULL)
		return;
	empty(arena, NULL);
	free(arena);
}

void
arena_reset(struct arena *arena)
{
	empty(arena, arena->first);
	if (arena->first != NULL)
		arena->first->used_bytes = 0;
	arena->current = arena->first;
	arena->used_bytes = 0;
}

bool
arena_overflowed(const struct arena *arena)
{
	return arena->used_bytes > arena->cap_bytes;
}

size_t
arena_used_bytes(const struct arena *arena)
{
	return arena->used_bytes;
}

/* A large piece gets a chunk of its own, and what is left of the current one
 * stays in use. */
static char *
take_from_chunk(struct arena *arena, size_t size_bytes)
{
	struct chunk *chunk = arena->current;

	if (size_bytes > chunk->size_bytes - chunk->used_bytes) {
		bool large = size_bytes > SMALL_BYTES;

		chunk = add_chunk(arena, large ? size_bytes : CHUNK_BYTES);
		if (!large)
			arena->current = chunk;
	}
	chunk->used_bytes += size_bytes;
	return chunk->memory + chunk->used_bytes - size_bytes;
}

/* What a piece takes up; less than its size when that is out of range. */
static size_t
room_of(size_t size_bytes)
{
	size_t size = size_bytes == 0 ? 1 : size_bytes;

	return (size + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
}

static void
account(struct arena *arena, size_t size_bytes, size_t given_back)
{
	size_t used_bytes = arena->used_bytes - given_back;
	size_t room = room_of(size_bytes);

	if (room < size_bytes ||
	    __builtin_add_overflow(used_bytes, room, &used_bytes) ||
	    used_bytes / HARD_FACTOR > arena->cap_bytes)
		give_up(arena, size_bytes, "far over the cap of a request");
	arena->used_bytes = used_bytes;
}

/* The size of the chunk that is to hold nothing but this piece. */
static size_t
chunk_size(size_t size_bytes)
{
	if (SEPARATE_BLOCKS)
		return size_bytes == 0 ? 1 : size_bytes;
	return room_of(size_bytes);
}

/* Memory with whatever is in it. */
static void *
take(struct arena *arena, size_t size_bytes)
{
	account(arena, size_bytes, 0);
	return SEPARATE_BLOCKS
		   ? add_chunk(arena, chunk_size(size_bytes))->memory
		   : take_from_chunk(arena, room_of(size_bytes));
}

/* The chunk that holds nothing but this piece; NULL when it is not alone. */
static struct chunk *
chunk_of(const struct arena *arena, const void *piece, size_t size_bytes)
{
	struct chunk *chunk = arena->chunks;

	if (!SEPARATE_BLOCKS && size_bytes <= SMALL_BYTES)
		return NULL;
	while (chunk != NULL && chunk->memory != piece)
		chunk = chunk->next;
	if (chunk == NULL || chunk == arena->first ||
	    chunk->size_bytes != chunk_size(size_bytes))
		return NULL;
	return chunk;
}

void *
arena_alloc(struct arena *arena, size_t size_bytes)
{
	return memset(take(arena, size_bytes), 0, size_bytes);
}

void *
arena_array(struct arena *arena, size_t count, size_t size_bytes)
{
	size_t product;

	if (__builtin_mul_overflow(count, size_bytes, &product))
		give_up(arena, SIZE_MAX, "array size overflows");
	return arena_alloc(arena, product);
}

void *
arena_grow(struct arena *arena, void *piece, size_t old_bytes, size_t new_bytes)
{
	struct chunk *chunk = chunk_of(arena, piece, old_bytes);
	size_t size = chunk_size(new_bytes);
	char *memory;

	assert(new_bytes >= old_bytes);
	if (chunk == NULL) {
		memory = take(arena, new_bytes);
		return memcpy(memory, piece, old_bytes);
	}
	account(arena, new_bytes, room_of(old_bytes));
	memory = realloc(chunk->memory, size);
	if (memory == NULL)
		give_up(arena, new_bytes, "realloc failed");
	chunk->memory = memory;
	chunk->size_bytes = size;
	chunk->used_bytes = size;
	return memory;
}

char *
arena_copy(struct arena *arena, const char *text, size_t len)
{
	char *copy;

	if (len == SIZE_MAX)
		give_up(arena, len, "text size overflows");
	copy = take(arena, len + 1);
	if (len > 0)
		memcpy(copy, text, len);
	copy[len] = '\0';
	return copy;
}

char *
arena_strdup(struct arena *arena, const char *text)
{
	return text == NULL ? NULL : arena_copy(arena, text, strlen(text));
}

/* Most texts are short: format once, then copy. */
char *
arena_printf(struct arena *arena, const char *format, ...)
{
	char text[256];
	char *out;
	va_list args, again;
	int len;

	va_start(args, format);
	va_copy(again, args);
	len = vsnprintf(text, sizeof(text), format, args);
	if (len < 0)
		give_up(arena, 0, "text cannot be formatted");
	if ((size_t)len < sizeof(text)) {
		out = arena_copy(arena, text, (size_t)len);
	} else {
		out = take(arena, (size_t)len + 1);
		(void)vsnprintf(out, (size_t)len + 1, format, again);
	}
	va_end(again);
	va_end(args);
	return out;
}

void
arena_on_reset(
    struct arena *arena, void (*release)(void *resource), void *resource)
{
	struct cleanup *cleanup = take(arena, sizeof(*cleanup));

	*cleanup = (struct cleanup){ arena->cleanups, release, resource };
	arena->cleanups = cleanup;
}
