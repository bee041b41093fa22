/*
 * What the two server loops share: a request made from CGI variables (RFC
 * 3875), its body, and the text of a reply. Internal to lib/http.
 */
#ifndef HTTP_EXCHANGE_H
#define HTTP_EXCHANGE_H

#include <sys/types.h>

#include "http/http.h"

/* Where a body comes from. `read` gives up to size bytes: at least one, 0 at
 * the end, -1 when the source broke. */
struct body_source {
	void *context;
	ssize_t (*read)(void *context, char *out, size_t size);
};

/* Makes a request of "NAME=value" texts, which are copied. -1, with nothing
 * made, when they are longer than the limit. */
int exchange_open(struct http_request *request, struct arena *arena,
    char *const texts[], const struct http_limits *limits,
    int64_t started_us) MUST_CHECK;
/* Reads the body to its end. -1 when the source broke. */
int exchange_read_body(struct http_request *request,
    const struct http_limits *limits,
    const struct body_source *source) MUST_CHECK;
/* Starts the deadline, calls the handler, and puts the reply's head into
 * *head. Log lines in between carry the request's id, and go on doing so until
 * exchange_close. */
void exchange_handle(const struct http_handler *handler,
    struct http_request *request, const struct http_limits *limits,
    struct http_response *response, struct buf *head);
/* True when the body belongs behind the head. */
bool exchange_sends_body(
    const struct http_request *request, const struct http_response *response);
/* Tells the handler how it went and ends the request. */
void exchange_close(const struct http_handler *handler,
    const struct http_request *request, const struct http_response *response,
    bool sent);

#endif
