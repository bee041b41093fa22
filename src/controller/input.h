/*
 * Reading a request's fields: every wrong one is named, all at once.
 */
#ifndef CONTROLLER_INPUT_H
#define CONTROLLER_INPUT_H

#include "core/err.h"
#include "http/http.h"
#include "json/json_in.h"

#define INPUT_MAX_FIELDS 96 /* more than a request can have */

struct input {
	struct arena *arena;
	int64_t now_ms; /* wall time that dates are judged by */
	struct err_field fields[INPUT_MAX_FIELDS];
	size_t count; /* further ones are not listed */
};

/* Asks the clock once for the whole request. */
void input_init(struct input *input, struct arena *arena);
/* Notes that a field is wrong; path is formatted. */
void input_wrong(struct input *input, const char *message, const char *path,
    ...) PRINTF_LIKE(3, 4);
/* 0 when nothing was wrong, else -1 with VALIDATION_ERROR and the fields. */
int input_verdict(const struct input *input, struct err *err) MUST_CHECK;

/* The body as a JSON object: UNSUPPORTED_MEDIA_TYPE, PAYLOAD_TOO_LARGE,
 * INVALID_JSON. With `optional`, an absent body gives *body NULL. */
int input_body(const struct http_request *request, bool optional,
    const struct json_value **body, struct err *err) MUST_CHECK;

/* A query parameter; NULL when absent. One that is repeated is noted. */
const char *input_query(struct input *input,
    const struct http_query_field *fields, size_t count, const char *name);

#endif
