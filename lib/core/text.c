#include "core/text.h"

#include <string.h>

/*
 * One code point at the start of text (len > 0). Returns its bytes, 1 to 4, or
 * 0 when they are not valid; *code is written on success.
 */
static size_t
decode(const unsigned char *text, size_t len, uint32_t *code)
{
	static const uint32_t lowest[] = { 0, 0, 0x80, 0x800, 0x10000 };
	unsigned char lead = text[0];
	size_t size = lead < 0x80		    ? 1
		      : lead >= 0xC2 && lead < 0xE0 ? 2
		      : (lead & 0xF0) == 0xE0	    ? 3
		      : lead >= 0xF0 && lead < 0xF5 ? 4
						    : 0;

	if (size == 1) {
		*code = lead;
		return 1;
	}
	if (size == 0 || size > len)
		return 0;
	uint32_t value = lead & (0x7Fu >> size);
	for (size_t i = 1; i < size; i++) {
		if ((text[i] & 0xC0) != 0x80)
			return 0;
		value = value << 6 | (text[i] & 0x3Fu);
	}
	if (value < lowest[size] || value > 0x10FFFF ||
	    (value >= 0xD800 && value <= 0xDFFF))
		return 0;
	*code = value;
	return size;
}

size_t
utf8_step(const char *text, size_t len)
{
	uint32_t code;

	return decode((const unsigned char *)text, len, &code);
}

bool
utf8_valid(const char *text, size_t len)
{
	const unsigned char *at = (const unsigned char *)text;
	const unsigned char *end = at + len;

	while (at < end) {
		uint32_t code;
		size_t size;

		if (*at < 0x80) {
			at++;
			continue;
		}
		size = decode(at, (size_t)(end - at), &code);
		if (size == 0)
			return false;
		at += size;
	}
	return true;
}

size_t
utf8_length(const char *text, size_t len)
{
	size_t count = 0;

	for (size_t i = 0; i < len; i++)
		count += ((unsigned char)text[i] & 0xC0) != 0x80;
	return count;
}

bool
text_has_control(const char *text, size_t len)
{
	const unsigned char *at = (const unsigned char *)text;

	for (size_t i = 0; i < len; i++) {
		if (at[i] < 0x20 || at[i] == 0x7F)
			return true;
		if (at[i] == 0xC2 && i + 1 < len && at[i + 1] >= 0x80 &&
		    at[i + 1] <= 0x9F)
			return true;
	}
	return false;
}

/* Unicode's White_Space, and the byte order mark, which is as invisible. */
static bool
is_white(uint32_t code)
{
	return code == ' ' || (code >= '\t' && code <= '\r') || code == 0x85 ||
	       code == 0xA0 || code == 0x1680 ||
	       (code >= 0x2000 && code <= 0x200A) || code == 0x2028 ||
	       code == 0x2029 || code == 0x202F || code == 0x205F ||
	       code == 0x3000 || code == 0xFEFF;
}

/* Bytes of white space at the start of text, 0 when there is none. */
static size_t
white_step(const unsigned char *text, size_t len)
{
	uint32_t code;
	size_t size = len == 0 ? 0 : decode(text, len, &code);

	return size > 0 && is_white(code) ? size : 0;
}

void
text_trim(const char **text, size_t *len)
{
	const unsigned char *start = (const unsigned char *)*text;
	size_t left = *len;
	size_t step;

	while ((step = white_step(start, left)) > 0) {
		start += step;
		left -= step;
	}
	while (left > 0) {
		size_t last = left - 1;

		while (last > 0 && (start[last] & 0xC0) == 0x80)
			last--;
		if (white_step(start + last, left - last) != left - last)
			break;
		left = last;
	}
	*text = (const char *)start;
	*len = left;
}

int
text_parse_int(const char *text, int64_t min, int64_t max, int64_t *value)
{
	bool negative = *text == '-';
	const char *at = negative ? text + 1 : text;
	int64_t sum = 0;

	if (*at == '\0')
		return -1;
	for (; *at != '\0'; at++) {
		int digit = *at - '0';

		if (digit < 0 || digit > 9 ||
		    __builtin_mul_overflow(sum, 10, &sum) ||
		    __builtin_add_overflow(
			sum, negative ? -digit : digit, &sum))
			return -1;
	}
	if (sum < min || sum > max)
		return -1;
	*value = sum;
	return 0;
}

void
text_copy(char *out, size_t size, const char *text)
{
	size_t len = strlen(text);

	if (size == 0)
		return;
	if (len >= size) {
		len = size - 1;
		while (len > 0 && ((unsigned char)text[len] & 0xC0) == 0x80)
			len--;
	}
	memcpy(out, text, len);
	out[len] = '\0';
}

char *
text_format_int(int64_t value, char room[TEXT_INT_SIZE])
{
	uint64_t left = value < 0 ? -(uint64_t)value : (uint64_t)value;
	char *at = room + TEXT_INT_SIZE - 1;

	*at = '\0';
	do {
		*--at = (char)('0' + left % 10);
		left /= 10;
	} while (left > 0);
	if (value < 0)
		*--at = '-';
	return at;
}
