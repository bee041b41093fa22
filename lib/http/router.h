/*
 * A route table as data: method, pattern, and whatever the application adds.
 *
 * Patterns are paths with {name} for one whole segment. Literal segments win
 * over {names}. Matching works on the raw path, segment by segment, and only
 * then decodes the parameters, so that %2F never makes a segment. A trailing
 * slash or an empty segment matches nothing.
 */
#ifndef HTTP_ROUTER_H
#define HTTP_ROUTER_H

#include "http/http.h"

#define ROUTER_MAX_PARAMETERS 4

struct route {
	enum http_method method;
	const char *pattern;
	const char *name;   /* for logs and metrics: "booking.create" */
	const void *target; /* the application's own row */
};

struct route_match {
	const struct route *route; /* NULL unless found */
	bool path_known;	   /* the path exists, perhaps not the method */
	unsigned allowed;	   /* bit (1 << method) for each that exists */
	const char *parameters[ROUTER_MAX_PARAMETERS]; /* decoded, in order */
	size_t parameter_count;
};

/* HEAD matches GET's row; *match is always filled. */
void router_match(const struct route routes[], size_t count,
    struct arena *arena, enum http_method method, const char *path,
    struct route_match *match);
/* "GET, HEAD, OPTIONS, POST" for an `allowed` mask (HEAD follows from GET,
 * OPTIONS is always there). */
const char *router_allow(struct arena *arena, unsigned allowed);

#endif
