/*
 * The bytes that a string means, read from how it stands between its quotes.
 * Its escapes and its UTF-8 are known to be valid: the gate has seen them.
 */
#ifndef JSON_JSON_UNESCAPE_H
#define JSON_JSON_UNESCAPE_H

#include "core/base.h"

struct json_cursor {
	const unsigned char *at, *end;
	unsigned char held[4]; /* rest of an escape's UTF-8, last byte first */
	size_t held_count;
};

struct json_cursor json_cursor_of(const unsigned char *bytes, size_t len);
/* The next byte, or -1 at the end. */
int json_cursor_take(struct json_cursor *cursor);

#endif
