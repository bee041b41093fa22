#include "core/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define FIRST_BYTES 512

void
buf_init(struct buf *buf, struct arena *arena, size_t max_bytes)
{
	size_t capacity = max_bytes < FIRST_BYTES ? max_bytes : FIRST_BYTES;

	if (max_bytes == SIZE_MAX)
		max_bytes--;
	*buf = (struct buf){
		.arena = arena,
		.bytes = arena_alloc(arena, capacity + 1),
		.capacity = capacity,
		.max = max_bytes,
	};
}

/* Makes room for len more bytes and the NUL; false past the maximum. */
static bool
reserve(struct buf *buf, size_t len)
{
	size_t needed, capacity;
	char *bytes;

	if (buf->failed || len > buf->max - buf->len) {
		buf->failed = true;
		return false;
	}
	needed = buf->len + len;
	if (needed <= buf->capacity)
		return true;
	capacity = buf->capacity > buf->max / 2 ? buf->max : buf->capacity * 2;
	if (capacity < needed)
		capacity = needed;
	bytes = arena_alloc(buf->arena, capacity + 1);
	memcpy(bytes, buf->bytes, buf->len + 1);
	buf->bytes = bytes;
	buf->capacity = capacity;
	return true;
}

void
buf_append(struct buf *buf, const char *bytes, size_t len)
{
	if (len == 0 || !reserve(buf, len))
		return;
	memcpy(buf->bytes + buf->len, bytes, len);
	buf->len += len;
	buf->bytes[buf->len] = '\0';
}

void
buf_text(struct buf *buf, const char *text)
{
	buf_append(buf, text, strlen(text));
}

void
buf_char(struct buf *buf, char c)
{
	if (!reserve(buf, 1))
		return;
	buf->bytes[buf->len++] = c;
	buf->bytes[buf->len] = '\0';
}

static int PRINTF_LIKE(2, 0)
    format_at_end(struct buf *buf, const char *format, va_list args)
{
	size_t room = buf->capacity - buf->len + 1;

	return vsnprintf(buf->bytes + buf->len, room, format, args);
}

void
buf_printf(struct buf *buf, const char *format, ...)
{
	size_t room = buf->capacity - buf->len;
	va_list args, again;
	int len;

	if (buf->failed)
		return;
	va_start(args, format);
	va_copy(again, args);
	len = format_at_end(buf, format, args);
	if (len > 0 && (size_t)len > room) {
		buf->bytes[buf->len] = '\0';
		if (reserve(buf, (size_t)len))
			len = format_at_end(buf, format, again);
	}
	if (len < 0)
		buf->failed = true;
	if (!buf->failed)
		buf->len += (size_t)len;
	buf->bytes[buf->len] = '\0';
	va_end(again);
	va_end(args);
}
