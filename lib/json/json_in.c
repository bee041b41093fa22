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
#include "json/json_unescape.h"

/*
 * A struct json_value is json-c's object under another name; null is NULL in
 * both. The gate reads every byte already, so the trees are built from its
 * tokens: json-c's own parser would read them all again, for longer. json-c
 * clamps integers beyond 64 bits and forgets the sign of -0, so a number is its
 * text: the user data of an integer whose own value means nothing.
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

/* --- building --------------------------------------------------------- */

struct builder {
	struct arena *arena;
	struct json_object *root;
	struct json_object *open[JSON_MAX_DEPTH]; /* each holds the next */
	unsigned depth;
	const char *key; /* of the next member */
	size_t tree_bytes;
};

/* About what json-c 0.16 takes for each, with its place in what holds it; more
 * for what also takes request memory. */
#define ESCAPED_COST 100
static const size_t COSTS[] = {
	[JSON_TOKEN_NULL] = 24,
	[JSON_TOKEN_FALSE] = 88,
	[JSON_TOKEN_TRUE] = 88,
	[JSON_TOKEN_NUMBER] = 200,
	[JSON_TOKEN_STRING] = 104,
	[JSON_TOKEN_ARRAY] = 400,
	[JSON_TOKEN_OBJECT] = 800,
	[JSON_TOKEN_KEY] = 200,
	[JSON_TOKEN_END] = 0,
};

static char *
decode_text(struct arena *arena, const struct json_token *token, size_t *len)
{
	struct json_cursor cursor = json_cursor_of(token->bytes, token->len);
	char *text = arena_alloc(arena, token->len + 1);
	int c;

	*len = 0;
	while ((c = json_cursor_take(&cursor)) >= 0)
		text[(*len)++] = (char)c;
	return text;
}

static char *
copy_text(struct arena *arena, const struct json_token *token)
{
	size_t len;

	if (token->escaped)
		return decode_text(arena, token, &len);
	return arena_copy(arena, (const char *)token->bytes, token->len);
}

static struct json_object *
new_string(struct arena *arena, const struct json_token *token)
{
	const char *text = (const char *)token->bytes;
	size_t len = token->len;

	if (token->escaped)
		text = decode_text(arena, token, &len);
	return json_object_new_string_len(text, (int)len);
}

static struct json_object *
new_number(struct arena *arena, const struct json_token *token)
{
	struct json_object *number = json_object_new_int64(0);

	if (number)
		json_object_set_userdata(number, copy_text(arena, token), NULL);
	return number;
}

/* Takes the value over. The gate has refused duplicate keys, and the key lives
 * as long as the tree. */
static int
place(struct builder *builder, struct json_object *value)
{
	struct json_object *parent =
	    builder->depth ? builder->open[builder->depth - 1] : NULL;
	int failed = 0;

	if (!parent)
		builder->root = value;
	else if (json_object_is_type(parent, json_type_array))
		failed = json_object_array_add(parent, value);
	else
		failed = json_object_object_add_ex(parent, builder->key, value,
		    JSON_C_OBJECT_ADD_KEY_IS_NEW |
			JSON_C_OBJECT_ADD_CONSTANT_KEY);
	if (failed)
		json_object_put(value);
	return failed ? -1 : 0;
}

static int
place_new(struct builder *builder, struct json_object *value)
{
	return value ? place(builder, value) : -1;
}

static int
open_new(struct builder *builder, struct json_object *container)
{
	if (place_new(builder, container))
		return -1;
	builder->open[builder->depth++] = container;
	return 0;
}

static int
take_token(void *context, const struct json_token *token)
{
	struct builder *builder = context;

	builder->tree_bytes += COSTS[token->kind] + token->len;
	if (token->escaped)
		builder->tree_bytes += ESCAPED_COST;
	if (builder->tree_bytes > JSON_MAX_TREE_BYTES)
		return -1;
	switch (token->kind) {
	case JSON_TOKEN_NULL:
		return place(builder, NULL);
	case JSON_TOKEN_FALSE:
	case JSON_TOKEN_TRUE:
		return place_new(builder,
		    json_object_new_boolean(token->kind == JSON_TOKEN_TRUE));
	case JSON_TOKEN_NUMBER:
		return place_new(builder, new_number(builder->arena, token));
	case JSON_TOKEN_STRING:
		return place_new(builder, new_string(builder->arena, token));
	case JSON_TOKEN_ARRAY:
		return open_new(builder, json_object_new_array());
	case JSON_TOKEN_OBJECT:
		return open_new(builder, json_object_new_object());
	case JSON_TOKEN_KEY:
		builder->key = copy_text(builder->arena, token);
		break;
	case JSON_TOKEN_END:
		builder->depth--;
		break;
	}
	return 0;
}

static void
release_tree(void *tree)
{
	json_object_put(tree);
}

int
json_parse(struct arena *arena, const char *text, size_t len,
    const struct json_value **root, struct err *err)
{
	static const struct json_gate_limits limits = {
		.max_depth = JSON_MAX_DEPTH,
	};
	struct builder builder = { .arena = arena };
	const struct json_reader reader = { take_token, &builder };

	if (json_gate_read(text, len, &limits, &reader, err)) {
		json_object_put(builder.root);
		if (builder.tree_bytes > JSON_MAX_TREE_BYTES)
			return err_set_public(
			    err, &ERR_INVALID, "too many values");
		return -1;
	}
	arena_on_reset(arena, release_tree, builder.root);
	*root = value_of(builder.root);
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
