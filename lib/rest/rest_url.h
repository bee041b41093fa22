/*
 * URLs: making a part of one, and naming one in messages.
 */
#ifndef REST_REST_URL_H
#define REST_REST_URL_H

#include "core/arena.h"

/* Percent-encodes one path segment (RFC 3986 unreserved kept, but for "." and
 * ".." as a whole, so that a segment never climbs). */
char *rest_encode_segment(struct arena *arena, const char *segment);
/* "host:port" of a URL, without user and password. */
char *rest_url_authority(struct arena *arena, const char *url);

#endif
