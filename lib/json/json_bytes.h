/*
 * Byte rules that the JSON gate and the JSON writer share: what may stand in a
 * string as it is (RFC 8259, section 7), and UTF-8 (RFC 3629).
 */
#ifndef JSON_JSON_BYTES_H
#define JSON_JSON_BYTES_H

#include <string.h>

#include "core/text.h"

static inline bool
json_plain_byte(unsigned char c)
{
	return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

/* The first byte in [at, end) that is not plain, or end. */
static inline const unsigned char *
json_skip_plain(const unsigned char *at, const unsigned char *end)
{
	while (end - at >= 8 && text_plain_eight(at))
		at += 8;
	while (at < end && json_plain_byte(*at))
		at++;
	return at;
}

/* True when json_skip_plain would come to the end. */
static inline bool
json_all_plain(const unsigned char *text, size_t len)
{
	size_t at = 0;

	if (len < 8)
		return json_skip_plain(text, text + len) == text + len;
	while (len - at > 8 && text_plain_eight(text + at))
		at += 8;
	/* The last eight, some of them for the second time. */
	return len - at <= 8 && text_plain_eight(text + len - 8);
}

/* Length of the valid multi-byte sequence at `at` (2 to 4), or 0. No overlong
 * form, no surrogate, nothing above U+10FFFF. */
static inline size_t
json_utf8_sequence(const unsigned char *at, const unsigned char *end)
{
	size_t left = (size_t)(end - at), len = 2;
	unsigned char lead = at[0], low = 0x80, high = 0xBF;

	if (lead < 0xC2 || lead > 0xF4)
		return 0;
	if (lead >= 0xE0)
		len = lead >= 0xF0 ? 4 : 3;
	if (lead == 0xE0)
		low = 0xA0;
	else if (lead == 0xED)
		high = 0x9F;
	else if (lead == 0xF0)
		low = 0x90;
	else if (lead == 0xF4)
		high = 0x8F;
	if (left < len || at[1] < low || at[1] > high)
		return 0;
	for (size_t i = 2; i < len; i++)
		if ((at[i] & 0xC0) != 0x80)
			return 0;
	return len;
}

/* The value of a hexadecimal digit, or -1. */
static inline int
json_hex_digit(unsigned char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

#endif
