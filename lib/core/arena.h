/*
 * Request memory: allocate freely, give everything back at once.
 *
 * One arena lives as long as its worker and is reset after every reply; its
 * first chunk is kept, so that an ordinary request costs no malloc at all; what
 * a large one took goes back to the system.
 * Nothing allocated here may be stored in anything that outlives the request.
 * Under AddressSanitizer every allocation is a malloc of its own, so that an
 * overrun or a use after reset is seen.
 *
 * Allocation never fails for the caller: it sets a sticky mark when `soft cap`
 * bytes are exceeded (for the log alone: what was asked for is done by then,
 * and to refuse it would save nothing), and ends the process when malloc fails
 * or four times the cap is reached; the pool's master replaces the worker.
 */
#ifndef CORE_ARENA_H
#define CORE_ARENA_H

#include "core/base.h"

struct arena;

/* Creates an arena with a soft cap in bytes. Never NULL. */
struct arena *arena_create(size_t cap_bytes);
/* Runs the cleanups, returns all memory. NULL is allowed. */
void arena_free(struct arena *arena);
/* Runs the cleanups (last first), forgets every allocation, keeps chunk one. */
void arena_reset(struct arena *arena);
/* True when more than the cap is in use. */
bool arena_overflowed(const struct arena *arena);
/* Bytes in use: handed out since the last reset and not given back. */
size_t arena_used_bytes(const struct arena *arena);

/* Zeroed memory, aligned for any type. size 0 gives a valid pointer. */
void *arena_alloc(struct arena *arena, size_t size_bytes) NEVER_NULL;
/* As arena_alloc for count * size, overflow-checked (ends the process). */
void *arena_array(
    struct arena *arena, size_t count, size_t size_bytes) NEVER_NULL;
/* Gives a piece of old_bytes a size no smaller; what is added is not zeroed.
 * The piece may move, and a large one gives its old place back: nothing else
 * may point into it. */
void *arena_grow(struct arena *arena, void *piece, size_t old_bytes,
    size_t new_bytes) NEVER_NULL;
/* Copies len bytes and adds a NUL. */
char *arena_copy(struct arena *arena, const char *text, size_t len) NEVER_NULL;
/* Copies a NUL-terminated text. NULL gives NULL. */
char *arena_strdup(struct arena *arena, const char *text);
/* Formats into the arena. */
char *arena_printf(struct arena *arena, const char *format, ...)
    PRINTF_LIKE(2, 3) NEVER_NULL;

/* Calls release(resource) at the next reset or free: for foreign resources
 * (a JSON tree, a result set) that must die with the request. */
void arena_on_reset(
    struct arena *arena, void (*release)(void *resource), void *resource);

#endif
