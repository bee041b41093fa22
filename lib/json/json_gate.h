/*
 * The gate in front of libjson-c: exactly RFC 8259, nothing more.
 *
 * json-c's own parser, strict mode included, lets through single quotes, NaN,
 * raw control bytes, overlong UTF-8, duplicate keys and trailing bytes. This
 * scan refuses them, and also lone surrogate escapes, \u0000 in any string, and
 * nesting deeper than max_depth. Duplicate keys are compared after decoding
 * their escapes. Linear in len (duplicates: hashed), no recursion.
 */
#ifndef JSON_JSON_GATE_H
#define JSON_JSON_GATE_H

#include "core/err.h"

#define JSON_GATE_DEEPEST   1024      /* more than this is never taken */
#define JSON_GATE_MAX_BYTES (1 << 30) /* nor a longer text */

struct json_gate_limits {
	unsigned max_depth;	   /* open containers; the contract's 16 */
	bool allow_duplicate_keys; /* only for RFC conformance tests */
	bool allow_nul;		   /* only for RFC conformance tests */
};

enum json_token_kind {
	JSON_TOKEN_NULL,
	JSON_TOKEN_FALSE,
	JSON_TOKEN_TRUE,
	JSON_TOKEN_NUMBER,
	JSON_TOKEN_STRING,
	JSON_TOKEN_ARRAY,  /* opens */
	JSON_TOKEN_OBJECT, /* opens */
	JSON_TOKEN_KEY,	   /* of the value that follows */
	JSON_TOKEN_END	   /* of the innermost array or object */
};

struct json_token {
	enum json_token_kind kind;
	const unsigned char *bytes; /* as in the text; without the quotes */
	size_t len;
	bool escaped; /* a string or key with a backslash */
};

/* Takes the tokens in their order, each when it is known to be right; what
 * comes after it may still be refused. 0, or -1 without memory. */
struct json_reader {
	int (*take)(void *context, const struct json_token *token);
	void *context;
};

/* 0, or -1 with ERR_INVALID and public details ("duplicate key at byte 17",
 * counted from 0).
 * `text` need not be NUL-terminated; nothing is allocated that outlives it. */
int json_gate_check(const char *text, size_t len,
    const struct json_gate_limits *limits, struct err *err) MUST_CHECK;
/* As json_gate_check, and shows the tokens to `reader`; ERR_INTERNAL when that
 * has no memory. */
int json_gate_read(const char *text, size_t len,
    const struct json_gate_limits *limits, const struct json_reader *reader,
    struct err *err) MUST_CHECK;

#endif
