#include "json/json_out.h"

#include "core/clock.h"
#include "core/money.h"
#include "core/text.h"
#include "json/json_bytes.h"

#define REPLACEMENT "\xEF\xBF\xBD" /* U+FFFD */

/* The letter after the backslash; 0: \u00XX. */
static const char short_escape[0x80] = {
	['\b'] = 'b',
	['\t'] = 't',
	['\n'] = 'n',
	['\f'] = 'f',
	['\r'] = 'r',
	['"'] = '"',
	['\\'] = '\\',
};

void
json_out_init(struct json_out *out, struct buf *buf)
{
	out->buf = buf;
	out->need_comma = false;
}

/* Writes comma and key, if due, and makes room for a value of len bytes behind
 * them: where it goes, or NULL past the maximum. */
static char *
begin_value(struct json_out *out, const char *key, size_t len)
{
	bool comma = out->need_comma;
	size_t key_len = key ? strlen(key) : 0;
	char *at =
	    buf_extend(out->buf, (size_t)comma + (key ? key_len + 3 : 0) + len);

	out->need_comma = true;
	if (!at)
		return NULL;
	if (comma)
		*at++ = ',';
	if (key) {
		*at++ = '"';
		at = (char *)memcpy(at, key, key_len) + key_len;
		*at++ = '"';
		*at++ = ':';
	}
	return at;
}

static void
put_literal(struct json_out *out, const char *key, const char *literal)
{
	size_t len = strlen(literal);
	char *at = begin_value(out, key, len);

	if (at)
		memcpy(at, literal, len);
}

/* A text in which nothing needs an escape. */
static void
put_plain(struct json_out *out, const char *key, const char *text, size_t len)
{
	char *at = begin_value(out, key, len + 2);

	if (!at)
		return;
	at[0] = '"';
	memcpy(at + 1, text, len);
	at[len + 1] = '"';
}

void
json_begin_object(struct json_out *out, const char *key)
{
	put_literal(out, key, "{");
	out->need_comma = false;
}

void
json_end_object(struct json_out *out)
{
	buf_char(out->buf, '}');
	out->need_comma = true;
}

void
json_begin_array(struct json_out *out, const char *key)
{
	put_literal(out, key, "[");
	out->need_comma = false;
}

void
json_end_array(struct json_out *out)
{
	buf_char(out->buf, ']');
	out->need_comma = true;
}

static void
append_escape(struct buf *buf, unsigned char c)
{
	static const char hex[] = "0123456789abcdef";
	const char coded[] = { '\\', 'u', '0', '0', hex[c >> 4], hex[c & 15] };
	const char brief[] = { '\\', short_escape[c] };

	if (brief[1])
		buf_append(buf, brief, sizeof(brief));
	else
		buf_append(buf, coded, sizeof(coded));
}

/* Appends run after run; a run is broken by what must be written otherwise. */
static void
append_string(struct buf *buf, const unsigned char *at, size_t len)
{
	const unsigned char *end = at + len, *run = at;

	while ((at = json_skip_plain(at, end)) < end) {
		size_t sequence = *at < 0x80 ? 0 : json_utf8_sequence(at, end);
		if (sequence > 0) {
			at += sequence;
			continue;
		}
		buf_append(buf, (const char *)run, (size_t)(at - run));
		if (*at < 0x80)
			append_escape(buf, *at);
		else
			buf_text(buf, REPLACEMENT);
		run = ++at;
	}
	buf_append(buf, (const char *)run, (size_t)(end - run));
}

void
json_put_text_len(
    struct json_out *out, const char *key, const char *text, size_t len)
{
	if (!text) {
		json_put_null(out, key);
		return;
	}
	if (json_all_plain((const unsigned char *)text, len)) {
		put_plain(out, key, text, len);
		return;
	}
	put_literal(out, key, "\"");
	append_string(out->buf, (const unsigned char *)text, len);
	buf_char(out->buf, '"');
}

void
json_put_text(struct json_out *out, const char *key, const char *text)
{
	json_put_text_len(out, key, text, text ? strlen(text) : 0);
}

void
json_put_int(struct json_out *out, const char *key, int64_t value)
{
	char room[TEXT_INT_SIZE];

	put_literal(out, key, text_format_int(value, room));
}

void
json_put_bool(struct json_out *out, const char *key, bool value)
{
	put_literal(out, key, value ? "true" : "false");
}

void
json_put_null(struct json_out *out, const char *key)
{
	put_literal(out, key, "null");
}

void
json_put_cents(struct json_out *out, const char *key, int64_t cents)
{
	char text[MONEY_TEXT_SIZE];

	put_literal(out, key, money_format(cents, text));
}

void
json_put_time(struct json_out *out, const char *key, int64_t wall_ms)
{
	char text[CLOCK_RFC3339_SIZE];

	if (wall_ms < 0) {
		json_put_null(out, key);
		return;
	}
	clock_format(wall_ms, text);
	put_plain(out, key, text, strlen(text));
}

void
json_put_raw(struct json_out *out, const char *key, const char *json)
{
	put_literal(out, key, json);
}
