#include "json/json_gate.h"

#include <string.h>

#include "json/json_bytes.h"
#include "json/json_key_set.h"

/* What may come next. */
enum want {
	WANT_VALUE,
	WANT_VALUE_OR_END, /* after [ */
	WANT_KEY,	   /* after a comma in an object */
	WANT_KEY_OR_END,   /* after { */
	WANT_COMMA_OR_END,
	WANT_NOTHING, /* the document is complete */
	WANT__FAILED
};

#define IN_ARRAY 0 /* in `owners`; an object's number is greater */

struct gate {
	const unsigned char *start, *at, *end;
	const struct json_gate_limits *limits;
	const struct json_reader *reader; /* NULL: none */
	const struct err_def *def;
	const char *complaint; /* about the byte at `at` */
	unsigned max_depth;
	unsigned depth;
	uint32_t objects;
	uint32_t owners[JSON_GATE_DEEPEST]; /* of each open container */
	struct json_key_set keys;
};

static int
complain(struct gate *gate, const unsigned char *at, const char *complaint)
{
	gate->at = at;
	gate->complaint = complaint;
	return -1;
}

static int
complain_unexpected(struct gate *gate)
{
	return complain(gate, gate->at,
	    gate->at == gate->end ? "unexpected end" : "unexpected character");
}

static int
complain_memory(struct gate *gate, const unsigned char *at)
{
	gate->def = &ERR_INTERNAL;
	return complain(gate, at, "out of memory");
}

static bool
at_char(const struct gate *gate, char c)
{
	return gate->at < gate->end && *gate->at == (unsigned char)c;
}

static bool
take_char(struct gate *gate, char c)
{
	if (!at_char(gate, c))
		return false;
	gate->at++;
	return true;
}

static void
skip_blanks(struct gate *gate)
{
	while (
	    gate->at < gate->end && (*gate->at == ' ' || *gate->at == '\n' ||
					*gate->at == '\r' || *gate->at == '\t'))
		gate->at++;
}

/* --- strings ---------------------------------------------------------- */

/* Four hexadecimal digits, or -1. */
static int
take_hex4(struct gate *gate)
{
	int code = 0;

	for (int i = 0; i < 4; i++, gate->at++) {
		int digit =
		    gate->at < gate->end ? json_hex_digit(*gate->at) : -1;
		if (digit < 0)
			return complain(gate, gate->at, "invalid escape");
		code = code << 4 | digit;
	}
	return code;
}

/* After the backslash and `u`. `escape` is where the backslash stands. */
static int
take_unicode_escape(struct gate *gate, const unsigned char *escape)
{
	int code = take_hex4(gate), low;

	if (code < 0)
		return -1;
	if (code == 0 && !gate->limits->allow_nul)
		return complain(gate, escape, "NUL character");
	if (code < 0xD800 || code > 0xDFFF)
		return 0;
	if (code > 0xDBFF || !take_char(gate, '\\') || !take_char(gate, 'u'))
		return complain(gate, escape, "lone surrogate");
	low = take_hex4(gate);
	if (low < 0)
		return -1;
	if (low < 0xDC00 || low > 0xDFFF)
		return complain(gate, escape, "lone surrogate");
	return 0;
}

static int
take_escape(struct gate *gate)
{
	static const char letters[] = "\"\\/bfnrt";
	const unsigned char *escape = gate->at++;

	if (gate->at == gate->end)
		return complain_unexpected(gate);
	unsigned char letter = *gate->at++;
	if (letter == 'u')
		return take_unicode_escape(gate, escape);
	if (letter == 0 || !strchr(letters, letter))
		return complain(gate, escape, "invalid escape");
	return 0;
}

static int
take_utf8(struct gate *gate)
{
	size_t len = json_utf8_sequence(gate->at, gate->end);

	if (len == 0)
		return complain(gate, gate->at, "invalid UTF-8");
	gate->at += len;
	return 0;
}

/* At the opening quote; goes past the closing one. */
static int
take_string(struct gate *gate, bool *escaped)
{
	*escaped = false;
	gate->at++;
	for (;;) {
		gate->at = json_skip_plain(gate->at, gate->end);
		if (gate->at == gate->end)
			return complain_unexpected(gate);
		if (*gate->at == '"') {
			gate->at++;
			return 0;
		}
		if (*gate->at < 0x20)
			return complain(
			    gate, gate->at, "control character in a string");
		if (*gate->at == '\\') {
			*escaped = true;
			if (take_escape(gate))
				return -1;
		} else if (take_utf8(gate)) {
			return -1;
		}
	}
}

/* --- numbers and words ------------------------------------------------ */

static bool
at_digit(const struct gate *gate)
{
	return gate->at < gate->end && *gate->at >= '0' && *gate->at <= '9';
}

static int
take_digits(struct gate *gate)
{
	if (!at_digit(gate))
		return complain_unexpected(gate);
	while (at_digit(gate))
		gate->at++;
	return 0;
}

static int
take_number(struct gate *gate)
{
	take_char(gate, '-');
	if (!take_char(gate, '0') && take_digits(gate))
		return -1;
	if (take_char(gate, '.') && take_digits(gate))
		return -1;
	if (!take_char(gate, 'e') && !take_char(gate, 'E'))
		return 0;
	if (!take_char(gate, '+'))
		take_char(gate, '-');
	return take_digits(gate);
}

static int
take_word(struct gate *gate, const char *word)
{
	for (; *word; word++)
		if (!take_char(gate, *word))
			return complain_unexpected(gate);
	return 0;
}

/* --- what the reader sees ---------------------------------------------- */

/* A token from `start` to here. */
static int
show(struct gate *gate, enum json_token_kind kind, const unsigned char *start,
    bool escaped)
{
	size_t quote = kind == JSON_TOKEN_STRING || kind == JSON_TOKEN_KEY;
	const struct json_token token = {
		.kind = kind,
		.bytes = start + quote,
		.len = (size_t)(gate->at - start) - 2 * quote,
		.escaped = escaped,
	};

	if (!gate->reader)
		return 0;
	if (gate->reader->take(gate->reader->context, &token))
		return complain_memory(gate, start);
	return 0;
}

/* --- containers ------------------------------------------------------- */

static enum want
after_value(const struct gate *gate)
{
	return gate->depth == 0 ? WANT_NOTHING : WANT_COMMA_OR_END;
}

static enum want
open_container(struct gate *gate, bool object)
{
	if (gate->depth == gate->max_depth) {
		complain(gate, gate->at, "nested too deep");
		return WANT__FAILED;
	}
	gate->at++;
	gate->owners[gate->depth++] = object ? ++gate->objects : IN_ARRAY;
	if (show(gate, object ? JSON_TOKEN_OBJECT : JSON_TOKEN_ARRAY,
		gate->at - 1, false))
		return WANT__FAILED;
	return object ? WANT_KEY_OR_END : WANT_VALUE_OR_END;
}

static enum want
close_container(struct gate *gate)
{
	gate->at++;
	gate->depth--;
	if (show(gate, JSON_TOKEN_END, gate->at - 1, false))
		return WANT__FAILED;
	return after_value(gate);
}

static enum want
take_scalar(struct gate *gate)
{
	const unsigned char *start = gate->at;
	enum json_token_kind kind;
	bool escaped = false;
	int failed;

	switch (*start) {
	case '"':
		kind = JSON_TOKEN_STRING;
		failed = take_string(gate, &escaped);
		break;
	case 't':
		kind = JSON_TOKEN_TRUE;
		failed = take_word(gate, "true");
		break;
	case 'f':
		kind = JSON_TOKEN_FALSE;
		failed = take_word(gate, "false");
		break;
	case 'n':
		kind = JSON_TOKEN_NULL;
		failed = take_word(gate, "null");
		break;
	default:
		kind = JSON_TOKEN_NUMBER;
		failed = take_number(gate);
		break;
	}
	if (failed || show(gate, kind, start, escaped))
		return WANT__FAILED;
	return after_value(gate);
}

static enum want
take_value(struct gate *gate)
{
	if (*gate->at == '{' || *gate->at == '[')
		return open_container(gate, *gate->at == '{');
	return take_scalar(gate);
}

static int
note_key(struct gate *gate, const unsigned char *quote, bool escaped)
{
	const struct json_key key = {
		.bytes = quote + 1,
		.len = (size_t)(gate->at - quote) - 2,
		.escaped = escaped,
		.owner = gate->owners[gate->depth - 1],
	};

	if (gate->limits->allow_duplicate_keys)
		return 0;
	switch (json_key_set_add(&gate->keys, &key)) {
	case JSON_KEY_NEW:
		return 0;
	case JSON_KEY_DUPLICATE:
		return complain(gate, quote, "duplicate key");
	case JSON_KEY_NO_MEMORY:
		break;
	}
	return complain_memory(gate, quote);
}

static enum want
take_key(struct gate *gate)
{
	const unsigned char *quote = gate->at;
	bool escaped;

	if (!at_char(gate, '"')) {
		complain_unexpected(gate);
		return WANT__FAILED;
	}
	if (take_string(gate, &escaped) || note_key(gate, quote, escaped) ||
	    show(gate, JSON_TOKEN_KEY, quote, escaped))
		return WANT__FAILED;
	skip_blanks(gate);
	if (take_char(gate, ':'))
		return WANT_VALUE;
	complain_unexpected(gate);
	return WANT__FAILED;
}

static enum want
take_comma_or_end(struct gate *gate)
{
	bool array = gate->owners[gate->depth - 1] == IN_ARRAY;

	if (take_char(gate, ','))
		return array ? WANT_VALUE : WANT_KEY;
	if (at_char(gate, array ? ']' : '}'))
		return close_container(gate);
	complain_unexpected(gate);
	return WANT__FAILED;
}

/* One token; not at the end of the text. */
static enum want
take_token(struct gate *gate, enum want want)
{
	switch (want) {
	case WANT_VALUE_OR_END:
		if (at_char(gate, ']'))
			return close_container(gate);
		return take_value(gate);
	case WANT_VALUE:
		return take_value(gate);
	case WANT_KEY_OR_END:
		if (at_char(gate, '}'))
			return close_container(gate);
		return take_key(gate);
	case WANT_KEY:
		return take_key(gate);
	case WANT_COMMA_OR_END:
		return take_comma_or_end(gate);
	case WANT_NOTHING:
	case WANT__FAILED:
		break;
	}
	complain_unexpected(gate);
	return WANT__FAILED;
}

static int
scan(struct gate *gate)
{
	enum want want = WANT_VALUE;

	while (want != WANT__FAILED) {
		skip_blanks(gate);
		if (gate->at == gate->end)
			break;
		want = take_token(gate, want);
	}
	if (want == WANT_NOTHING)
		return 0;
	if (want != WANT__FAILED)
		complain_unexpected(gate);
	return -1;
}

int
json_gate_read(const char *text, size_t len,
    const struct json_gate_limits *limits, const struct json_reader *reader,
    struct err *err)
{
	struct gate gate;

	if (len > JSON_GATE_MAX_BYTES)
		return err_set_public(err, &ERR_INVALID, "too long");
	gate.start = gate.at = (const unsigned char *)text;
	gate.end = gate.start + len;
	gate.limits = limits;
	gate.reader = reader;
	gate.def = &ERR_INVALID;
	gate.max_depth = limits->max_depth < JSON_GATE_DEEPEST
			     ? limits->max_depth
			     : JSON_GATE_DEEPEST;
	gate.depth = 0;
	gate.objects = 0;
	json_key_set_init(&gate.keys);
	int failed = scan(&gate);
	json_key_set_release(&gate.keys);
	if (failed)
		return err_set_public(err, gate.def, "%s at byte %zu",
		    gate.complaint, (size_t)(gate.at - gate.start));
	return 0;
}

int
json_gate_check(const char *text, size_t len,
    const struct json_gate_limits *limits, struct err *err)
{
	return json_gate_read(text, len, limits, NULL, err);
}
