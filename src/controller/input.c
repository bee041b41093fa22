#include "controller/input.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/clock.h"
#include "model/booking_errors.h"

#define PATH_MAX_BYTES 128

void
input_init(struct input *input, struct arena *arena)
{
	input->arena = arena;
	input->now_ms = clock_wall_ms();
	input->count = 0;
}

void
input_wrong(struct input *input, const char *message, const char *path, ...)
{
	char text[PATH_MAX_BYTES];
	va_list args;

	if (input->count == INPUT_MAX_FIELDS)
		return;
	va_start(args, path);
	vsnprintf(text, sizeof(text), path, args);
	va_end(args);
	input->fields[input->count++] = (struct err_field){
		.field = arena_strdup(input->arena, text),
		.message = message,
	};
}

int
input_verdict(const struct input *input, struct err *err)
{
	struct err_field *fields;

	if (input->count == 0)
		return 0;
	err_set(err, &VALIDATION_ERROR, "%zu wrong fields", input->count);
	fields = arena_array(input->arena, input->count, sizeof(*fields));
	memcpy(fields, input->fields, input->count * sizeof(*fields));
	err->fields = fields;
	err->field_count = input->count;
	return -1;
}

int
input_body(const struct http_request *request, bool optional,
    const struct json_value **body, struct err *err)
{
	struct err why;

	*body = NULL;
	if (optional && request->content_length == 0 && request->body_len == 0)
		return 0;
	if (!http_content_is_json(request))
		return err_set(err, &UNSUPPORTED_MEDIA_TYPE, "not JSON");
	if (request->body_too_large)
		return err_set(err, &PAYLOAD_TOO_LARGE, "body over the limit");
	if (request->body_incomplete)
		return err_set_public(err, &INVALID_JSON,
		    "The body is shorter than its announced length");
	if (json_parse(request->arena, request->body, request->body_len, body,
		&why) != 0)
		return err_set_public(err, &INVALID_JSON, "%s", why.details);
	if (json_type_of(*body) != JSON_OBJECT)
		return err_set_public(
		    err, &INVALID_JSON, "The body is not a JSON object");
	return 0;
}

const char *
input_query(struct input *input, const struct http_query_field *fields,
    size_t count, const char *name)
{
	const char *value = NULL;
	bool seen = false;

	for (size_t i = 0; i < count; i++) {
		if (strcmp(fields[i].name, name) != 0)
			continue;
		if (seen) {
			input_wrong(
			    input, "must not be given twice", "%s", name);
			return NULL;
		}
		value = fields[i].value;
		seen = true;
	}
	return value;
}
