/*
 * A growing byte buffer inside an arena, always born with a maximum.
 *
 * Past the maximum every append is ignored and `failed` stays set, so that a
 * chain of appends is checked once, at its end. `bytes` is always followed by
 * a NUL that `len` does not count; it is never NULL.
 */
#ifndef CORE_BUF_H
#define CORE_BUF_H

#include "core/arena.h"

struct buf {
	struct arena *arena;
	char *bytes;
	size_t len;
	size_t capacity;
	size_t max;
	bool failed;
};

void buf_init(struct buf *buf, struct arena *arena, size_t max_bytes);
/* Forgets what was appended; the room stays. */
void buf_clear(struct buf *buf);
/* Appends len bytes that the caller fills in: where they begin, or NULL past
 * the maximum. */
char *buf_extend(struct buf *buf, size_t len);
void buf_append(struct buf *buf, const char *bytes, size_t len);
void buf_text(struct buf *buf, const char *text);
void buf_char(struct buf *buf, char c);
/* In decimal. */
void buf_int(struct buf *buf, int64_t value);
void buf_printf(struct buf *buf, const char *format, ...) PRINTF_LIKE(2, 3);

#endif
