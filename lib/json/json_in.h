/*
 * Reading JSON (json-c's one home together with json_gate): a checked document
 * as a tree that dies with its arena.
 */
#ifndef JSON_JSON_IN_H
#define JSON_JSON_IN_H

#include "core/arena.h"
#include "core/digest.h"
#include "core/err.h"

struct json_value; /* lent by the document; valid until the arena is reset */

enum json_type {
	JSON_NULL,
	JSON_BOOL,
	JSON_INTEGER, /* written without fraction and exponent, within int64 */
	JSON_NUMBER,  /* any other number, 1e999 included */
	JSON_STRING,
	JSON_ARRAY,
	JSON_OBJECT
};

#define JSON_MAX_DEPTH 16
/* A tree takes more than its text: 3 bytes that say {} take up 800. */
#define JSON_MAX_TREE_BYTES ((size_t)128 * 1024 * 1024)

/* Gate (depth 16) and parse. 0; or -1 with ERR_INVALID and public details, also
 * for more values than JSON_MAX_TREE_BYTES hold.
 * Any top-level value is taken; callers that need an object check the type. */
int json_parse(struct arena *arena, const char *text, size_t len,
    const struct json_value **root, struct err *err) MUST_CHECK;

/* NULL counts as JSON_NULL, so that an absent field reads as null. */
enum json_type json_type_of(const struct json_value *value);
/* A field of an object; NULL when absent or when `object` is none. */
const struct json_value *json_get(
    const struct json_value *object, const char *key);
/* True when the object has the field, be it null. */
bool json_has(const struct json_value *object, const char *key);
/* String bytes, NUL-terminated; NULL when not a string. len may be NULL. */
const char *json_string(const struct json_value *value, size_t *len);
/* 0 and the value for JSON_INTEGER, else -1. */
int json_integer(const struct json_value *value, int64_t *out) MUST_CHECK;
/* 0 and the value for JSON_BOOL, else -1. */
int json_bool(const struct json_value *value, bool *out) MUST_CHECK;
/* The number exactly as it was written ("299.90"), for money; NULL when not a
 * number. Lives as long as the document. */
const char *json_number_text(const struct json_value *value);
/* 0 for anything but an array. */
size_t json_length(const struct json_value *array);
const struct json_value *json_at(const struct json_value *array, size_t index);

/* SHA-256 of the canonical form: keys sorted by bytes, no white space, strings
 * by their decoded content, numbers as written. */
struct digest json_canonical_digest(
    struct arena *arena, const struct json_value *root);

#endif
