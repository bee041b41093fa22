/*
 * Entity tags and the lists of them in If-Match and If-None-Match (RFC 9110,
 * sections 8.8.3, 13.1.1 and 13.1.2).
 */
#ifndef HTTP_ETAG_H
#define HTTP_ETAG_H

#include "core/base.h"

struct etag {
	bool weak;
	const char *text; /* between the quotes, in the list; not ended */
	size_t len;
};

/* True for a field that is "*": any representation. */
bool etag_is_any(const char *field);
/* Takes the next tag off the list: 1 and the tag, 0 at the end, -1 when what
 * follows is not an entity tag. Empty elements are passed over. */
int etag_next(const char **list, struct etag *tag) MUST_CHECK;
/* True when an If-None-Match field holds the tag (its text without quotes) by
 * weak comparison, or is "*". A field that is no list of tags holds nothing
 * behind its first fault. */
bool etag_listed(const char *field, const char *text);

#endif
