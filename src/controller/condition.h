/*
 * Conditional requests (RFC 9110, section 13).
 */
#ifndef CONTROLLER_CONDITION_H
#define CONTROLLER_CONDITION_H

#include "http/http.h"

/* True when If-None-Match lists the entity tag (weak comparison) or is "*":
 * the caller holds what it asks for. `etag` comes with its quotes. */
bool condition_none_match(const struct http_request *request, const char *etag);

#endif
