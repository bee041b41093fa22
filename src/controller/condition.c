#include "controller/condition.h"

#include <string.h>

/* Quotes only ever delimit tags, so a quoted tag is found as a text. */
bool
condition_none_match(const struct http_request *request, const char *etag)
{
	const char *list = http_header(request, "If-None-Match", NULL);

	return list != NULL &&
	       (strcmp(list, "*") == 0 || strstr(list, etag) != NULL);
}
