/*
 * Identifiers: UUIDv7, request ids, W3C trace context, random bytes.
 */
#ifndef CORE_IDENT_H
#define CORE_IDENT_H

#include "core/base.h"

#define UUID_BYTES	 16
#define UUID_TEXT_SIZE	 37 /* 36 characters and NUL */
#define REQUEST_ID_SIZE	 65 /* up to 64 characters and NUL */
#define TRACEPARENT_SIZE 56 /* 55 characters and NUL */

struct uuid {
	uint8_t bytes[UUID_BYTES];
};

/* Fills from getrandom(2); never blocks after boot, never fails. Buffered per
 * process and refilled after a fork, so that a call is cheap. */
void random_bytes(void *out, size_t len);
/* Uniform in [0, bound). bound > 0. */
uint32_t random_below(uint32_t bound);

/* A new UUIDv7 (RFC 9562), strictly increasing within this process. */
struct uuid uuid_make(void);
/* The smallest UUIDv7 of a wall-clock millisecond: a bound for key ranges. */
struct uuid uuid_lowest_at(int64_t wall_ms);
/* The wall-clock millisecond that a UUIDv7 carries. */
int64_t uuid_time_ms(const struct uuid *uuid);
/* Lower-case text. Returns out. */
char *uuid_format(const struct uuid *uuid, char out[UUID_TEXT_SIZE]);
/* Accepts 36 characters, hexadecimal in either case. 0 or -1. */
int uuid_parse(const char *text, struct uuid *uuid) MUST_CHECK;
bool uuid_equal(const struct uuid *a, const struct uuid *b);

/* True for [A-Za-z0-9._-]{1,64}. */
bool request_id_valid(const char *text);
/* A new random request id (a UUIDv7's text). */
void request_id_make(char out[REQUEST_ID_SIZE]);
/* Continues a W3C traceparent: same trace id and flags, new span id. A missing
 * or malformed parent starts a new trace. */
void traceparent_continue(const char *parent, char out[TRACEPARENT_SIZE]);

#endif
