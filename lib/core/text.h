/*
 * Text rules on UTF-8 byte strings.
 */
#ifndef CORE_TEXT_H
#define CORE_TEXT_H

#include "core/base.h"

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
/* Copies at most size - 1 bytes and a NUL; never cuts a UTF-8 sequence. */
void text_copy(char *out, size_t size, const char *text);

#endif
