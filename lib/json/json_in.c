#include "json/json_in.h"

/* json-c's names for two types are also ours. */
#define json_bool json_c_bool
#define json_type json_c_type
#include <json-c/json.h>
#undef json_bool
#undef json_type

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "json/json_gate.h"

/*
 * A struct json_value is json-c's object under another name; null is NULL in
 * both. json-c clamps integers beyond 64 bits and forgets the sign of -0, so
 * every number carries its source text as its user data.
 */
static struct json_object *
tree_of(const struct json_value *value)
{
	return (struct json_object *)(uintptr_t)value;
}

static const struct json_value *
value_of(const struct json_object *tree)
{
	return (const struct json_value *)(const void *)tree;
}

/* --- the source text of numbers --------------------------------------- */

struct source {
	struct arena *arena;
	const char *at, *end;
};

/* From the opening quote past the closing one. */
static void
skip_string(struct source *source)
{
	for (source->at++; *source->at != '"'; source->at++)
		if (*source->at == '\\')
			source->at++;
	source->at++;
}

/* The next number of the text, which has one. */
static char *
take_number(struct source *source)
{
	static const char numeric[] = "+-.0123456789Ee";
	const char *start;

	while (*source->at != '-' && (*source->at < '0' || *source->at > '9')) {
		if (*source->at == '"')
			skip_string(source);
		else
			source->at++;
	}
	start = source->at;
	while (source->at < source->end &&
	       memchr(numeric, *source->at, sizeof(numeric) - 1))
		source->at++;
	return arena_copy(source->arena, start, (size_t)(source->at - start));
}

/* Members and elements come in the order of the text: json-c keeps it, and the
 * gate has refused the duplicate keys that would disturb it. */
static void
attach_numbers(struct json_object *tree, struct source *source)
{
	struct json_object_iter member;

	switch (json_object_get_type(tree)) {
	case json_type_int:
	case json_type_double:
		json_object_set_userdata(tree, take_number(source), NULL);
		break;
	case json_type_array:
		for (size_t i = 0; i < json_object_array_length(tree); i++)
			attach_numbers(
			    json_object_array_get_idx(tree, i), source);
		break;
	case json_type_object:
		json_object_object_foreachC(tree, member)
		    attach_numbers(member.val, source);
		break;
	case json_type_null:
	case json_type_boolean:
	case json_type_string:
		break;
	}
}

/* --- parsing ---------------------------------------------------------- */

static void
release_tree(void *tree)
{
	json_object_put(tree);
}

/* The gate has seen to everything but what json-c itself runs out of. Strict,
 * newer versions of json-c would refuse integers beyond 64 bits. */
static int
parse_checked(
    const char *text, size_t len, struct json_object **tree, struct err *err)
{
	struct json_tokener *tokener = json_tokener_new_ex(JSON_MAX_DEPTH + 2);
	enum json_tokener_error outcome;

	if (!tokener)
		return err_set(err, &ERR_INTERNAL, "no memory for a parser");
	*tree = json_tokener_parse_ex(tokener, text, (int)len);
	outcome = json_tokener_get_error(tokener);
	if (outcome == json_tokener_continue) {
		/* A number at the top ends with the text. */
		*tree = json_tokener_parse_ex(tokener, "", 1);
		outcome = json_tokener_get_error(tokener);
	}
	json_tokener_free(tokener);
	if (outcome != json_tokener_success)
		return err_set(err, &ERR_INTERNAL, "json-c: %s",
		    json_tokener_error_desc(outcome));
	return 0;
}

int
json_parse(struct arena *arena, const char *text, size_t len,
    const struct json_value **root, struct err *err)
{
	static const struct json_gate_limits limits = {
		.max_depth = JSON_MAX_DEPTH,
	};
	struct source source = { arena, text, text + len };
	struct json_object *tree = NULL;

	if (json_gate_check(text, len, &limits, err) ||
	    parse_checked(text, len, &tree, err))
		return -1;
	arena_on_reset(arena, release_tree, tree);
	attach_numbers(tree, &source);
	*root = value_of(tree);
	return 0;
}

/* --- reading ---------------------------------------------------------- */

static int
parse_int64(const char *text, int64_t *out)
{
	char *end;

	errno = 0;
	long long value = strtoll(text, &end, 10);
	if (errno || *end)
		return -1;
	*out = value;
	return 0;
}

enum json_type
json_type_of(const struct json_value *value)
{
	int64_t ignored;

	switch (json_object_get_type(tree_of(value))) {
	case json_type_null:
		return JSON_NULL;
	case json_type_boolean:
		return JSON_BOOL;
	case json_type_string:
		return JSON_STRING;
	case json_type_array:
		return JSON_ARRAY;
	case json_type_object:
		return JSON_OBJECT;
	case json_type_int:
	case json_type_double:
		break;
	}
	return parse_int64(json_number_text(value), &ignored) ? JSON_NUMBER
							      : JSON_INTEGER;
}

const struct json_value *
json_get(const struct json_value *object, const char *key)
{
	struct json_object *member = NULL;

	if (json_object_is_type(tree_of(object), json_type_object))
		json_object_object_get_ex(tree_of(object), key, &member);
	return value_of(member);
}

bool
json_has(const struct json_value *object, const char *key)
{
	return json_object_is_type(tree_of(object), json_type_object) &&
	       json_object_object_get_ex(tree_of(object), key, NULL);
}

const char *
json_string(const struct json_value *value, size_t *len)
{
	struct json_object *tree = tree_of(value);

	if (!json_object_is_type(tree, json_type_string))
		return NULL;
	if (len)
		*len = (size_t)json_object_get_string_len(tree);
	return json_object_get_string(tree);
}

int
json_integer(const struct json_value *value, int64_t *out)
{
	const char *text = json_number_text(value);

	return text ? parse_int64(text, out) : -1;
}

int
json_bool(const struct json_value *value, bool *out)
{
	if (!json_object_is_type(tree_of(value), json_type_boolean))
		return -1;
	*out = json_object_get_boolean(tree_of(value));
	return 0;
}

const char *
json_number_text(const struct json_value *value)
{
	struct json_object *tree = tree_of(value);

	if (!json_object_is_type(tree, json_type_int) &&
	    !json_object_is_type(tree, json_type_double))
		return NULL;
	return json_object_get_userdata(tree);
}

size_t
json_length(const struct json_value *array)
{
	if (!json_object_is_type(tree_of(array), json_type_array))
		return 0;
	return json_object_array_length(tree_of(array));
}

const struct json_value *
json_at(const struct json_value *array, size_t index)
{
	if (index >= json_length(array))
		return NULL;
	return value_of(json_object_array_get_idx(tree_of(array), index));
}

/* --- the canonical form ----------------------------------------------- */

/* Ends in NUL, which no text of a checked document holds: as exact as escapes,
 * and shorter. */
static void
append_text(struct buf *buf, const char *text, size_t len)
{
	buf_append(buf, text, len + 1);
}

static int
compare_keys(const void *a, const void *b)
{
	const char *const *left = a, *const *right = b;

	return strcmp(*left, *right);
}

static const char **
sorted_keys(struct arena *arena, struct json_object *object, size_t count)
{
	const char **keys = arena_array(arena, count, sizeof(*keys));
	struct json_object_iter member;
	size_t i = 0;

	json_object_object_foreachC(object, member) keys[i++] = member.key;
	qsort(keys, count, sizeof(*keys), compare_keys);
	return keys;
}

static void append_canonical(struct buf *buf, struct json_object *tree);

static void
append_object(struct buf *buf, struct json_object *object)
{
	size_t count = (size_t)json_object_object_length(object);
	const char **keys = sorted_keys(buf->arena, object, count);

	buf_char(buf, '{');
	for (size_t i = 0; i < count; i++) {
		append_text(buf, keys[i], strlen(keys[i]));
		append_canonical(buf, json_object_object_get(object, keys[i]));
		buf_char(buf, ',');
	}
	buf_char(buf, '}');
}

static void
append_array(struct buf *buf, struct json_object *array)
{
	buf_char(buf, '[');
	for (size_t i = 0; i < json_object_array_length(array); i++) {
		append_canonical(buf, json_object_array_get_idx(array, i));
		buf_char(buf, ',');
	}
	buf_char(buf, ']');
}

static void
append_canonical(struct buf *buf, struct json_object *tree)
{
	switch (json_object_get_type(tree)) {
	case json_type_null:
		buf_text(buf, "null");
		break;
	case json_type_boolean:
		buf_text(buf, json_object_get_boolean(tree) ? "true" : "false");
		break;
	case json_type_int:
	case json_type_double:
		buf_text(buf, json_object_get_userdata(tree));
		break;
	case json_type_string:
		buf_char(buf, '"');
		append_text(buf, json_object_get_string(tree),
		    (size_t)json_object_get_string_len(tree));
		break;
	case json_type_array:
		append_array(buf, tree);
		break;
	case json_type_object:
		append_object(buf, tree);
		break;
	}
}

struct digest
json_canonical_digest(struct arena *arena, const struct json_value *root)
{
	struct buf canonical;

	buf_init(&canonical, arena, SIZE_MAX);
	append_canonical(&canonical, tree_of(root));
	return digest_of(canonical.bytes, canonical.len);
}
