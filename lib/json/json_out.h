/*
 * Writing JSON into a buf: commas and escapes are done here, and text that is
 * not valid UTF-8 is replaced by U+FFFD, so that an answer is always JSON.
 * Keys are literals and not escaped. Errors are the buf's sticky mark.
 */
#ifndef JSON_JSON_OUT_H
#define JSON_JSON_OUT_H

#include "core/buf.h"

struct json_out {
	struct buf *buf;
	bool need_comma;
};

void json_out_init(struct json_out *out, struct buf *buf);
/* key is NULL inside an array and for the top-level value. */
void json_begin_object(struct json_out *out, const char *key);
void json_end_object(struct json_out *out);
void json_begin_array(struct json_out *out, const char *key);
void json_end_array(struct json_out *out);
/* NULL text writes null. */
void json_put_text(struct json_out *out, const char *key, const char *text);
void json_put_text_len(
    struct json_out *out, const char *key, const char *text, size_t len);
void json_put_int(struct json_out *out, const char *key, int64_t value);
void json_put_bool(struct json_out *out, const char *key, bool value);
void json_put_null(struct json_out *out, const char *key);
/* Money: a number with exactly two decimals. */
void json_put_cents(struct json_out *out, const char *key, int64_t cents);
/* RFC 3339 seconds with Z; negative writes null. */
void json_put_time(struct json_out *out, const char *key, int64_t wall_ms);
/* Copies a value that is JSON already. */
void json_put_raw(struct json_out *out, const char *key, const char *json);

#endif
