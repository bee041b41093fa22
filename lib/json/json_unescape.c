#include "json/json_unescape.h"

#include "json/json_bytes.h"

struct json_cursor
json_cursor_of(const unsigned char *bytes, size_t len)
{
	return (struct json_cursor){ .at = bytes, .end = bytes + len };
}

static unsigned
take_hex4(struct json_cursor *cursor)
{
	unsigned code = 0;

	for (int i = 0; i < 4; i++)
		code = code << 4 | (unsigned)json_hex_digit(*cursor->at++);
	return code;
}

static void
hold_code_point(struct json_cursor *cursor, unsigned code)
{
	static const unsigned char lead[] = { 0, 0xC0, 0xE0, 0xF0 };
	size_t more = 0;

	if (code >= 0x80)
		more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
	for (size_t i = 0; i < more; i++, code >>= 6)
		cursor->held[cursor->held_count++] =
		    (unsigned char)(0x80 | (code & 0x3F));
	cursor->held[cursor->held_count++] = (unsigned char)(lead[more] | code);
}

/* After the backslash and `u`. */
static void
hold_unicode_escape(struct json_cursor *cursor)
{
	unsigned code = take_hex4(cursor);

	if (code >= 0xD800 && code <= 0xDBFF) {
		cursor->at += 2; /* the low half's backslash and u */
		code = 0x10000 + ((code - 0xD800) << 10) +
		       (take_hex4(cursor) - 0xDC00);
	}
	hold_code_point(cursor, code);
}

/* The byte of a one-letter escape; quote, slash and backslash mean
 * themselves. */
static unsigned char
unescape(unsigned char letter)
{
	static const unsigned char meaning[0x80] = {
		['b'] = '\b',
		['f'] = '\f',
		['n'] = '\n',
		['r'] = '\r',
		['t'] = '\t',
	};

	return meaning[letter] ? meaning[letter] : letter;
}

int
json_cursor_take(struct json_cursor *cursor)
{
	if (cursor->held_count > 0)
		return cursor->held[--cursor->held_count];
	if (cursor->at == cursor->end)
		return -1;
	unsigned char c = *cursor->at++;
	if (c != '\\')
		return c;
	c = *cursor->at++;
	if (c != 'u')
		return unescape(c);
	hold_unicode_escape(cursor);
	return cursor->held[--cursor->held_count];
}
