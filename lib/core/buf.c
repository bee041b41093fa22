#include "core/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/text.h"

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

void
buf_clear(struct buf *buf)
{
	buf->len = 0;
	buf->bytes[0] = '\0';
	buf->failed = false;
}

static bool
grow(struct buf *buf, size_t len)
{
	size_t needed, capacity;

	if (len > buf->max - buf->len) {
		buf->failed = true;
		return false;
	}
	needed = buf->len + len;
	capacity = buf->capacity > buf->max / 2 ? buf->max : buf->capacity * 2;
	if (capacity < needed)
		capacity = needed;
	buf->bytes =
	    arena_grow(buf->arena, buf->bytes, buf->capacity + 1, capacity + 1);
	buf->capacity = capacity;
	return true;
}

/* Makes room for len more bytes and the NUL; false past the maximum. */
static bool
reserve(struct buf *buf, size_t len)
{
	if (buf->failed)
		return false;
	return len <= buf->capacity - buf->len || grow(buf, len);
}

char *
buf_extend(struct buf *buf, size_t len)
{
	char *at;

	if (!reserve(buf, len))
		return NULL;
	at = buf->bytes + buf->len;
	buf->len += len;
	at[len] = '\0';
	return at;
}

void
buf_append(struct buf *buf, const char *bytes, size_t len)
{
	char *at = buf_extend(buf, len);

	if (at != NULL && len > 0)
		memcpy(at, bytes, len);
}

void
buf_text(struct buf *buf, const char *text)
{
	buf_append(buf, text, strlen(text));
}

void
buf_char(struct buf *buf, char c)
{
	char *at = buf_extend(buf, 1);

	if (at != NULL)
		*at = c;
}

void
buf_int(struct buf *buf, int64_t value)
{
	char room[TEXT_INT_SIZE];

	buf_text(buf, text_format_int(value, room));
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
