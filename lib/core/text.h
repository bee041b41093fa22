/*
 * Text rules on UTF-8 byte strings.
 */
#ifndef CORE_TEXT_H
#define CORE_TEXT_H

#include <string.h>

#include "core/base.h"

#define TEXT_INT_SIZE 21 /* bytes for any int64_t, NUL included */

/* Valid per RFC 3629: no overlong forms, no surrogates, up to U+10FFFF. */
bool utf8_valid(const char *text, size_t len);
/* Bytes of the valid code point that text starts with, 0 when it is none.
 * len > 0. */
size_t utf8_step(const char *text, size_t len);
/* Code points of a valid text. */
size_t utf8_length(const char *text, size_t len);
/* True when U+0000-001F or U+007F-009F occurs in a valid text. */
bool text_has_control(const char *text, size_t len);
/* Narrows [*text, *text + *len) past leading and trailing white space
 * (ASCII blanks, U+00A0, U+2000-200A, U+3000 and the like). */
void text_trim(const char **text, size_t *len);
/* A decimal integer within [min, max] that fills the whole text. 0 or -1. */
int text_parse_int(
    const char *text, int64_t min, int64_t max, int64_t *value) MUST_CHECK;
/* The integer in decimal, somewhere in `room`: returns where it begins. */
char *text_format_int(int64_t value, char room[TEXT_INT_SIZE]);
/* Copies at most size - 1 bytes and a NUL; never cuts a UTF-8 sequence. */
void text_copy(char *out, size_t size, const char *text);

/* True when the eight bytes at `at` are printable ASCII, but neither '"' nor
 * '\\': what stands in a JSON string as it is. May say false for such bytes,
 * never true for others. */
static inline bool
text_plain_eight(const unsigned char *at)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	uint64_t word;

	memcpy(&word, at, sizeof(word));
	uint64_t odd =
	    word | (word - ones * 0x20) | ((word ^ ones * '"') - ones) |
	    ((word ^ ones * '\\') - ones) | ((word ^ ones * 0x7F) - ones);
	return (odd & ones * 0x80) == 0;
}

#endif
