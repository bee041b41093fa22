/*
 * What a handler sees of HTTP: a request that has been read whole, and a
 * response that is built whole before its first byte is sent. How they
 * travelled (FastCGI or plain CGI) is not visible here.
 */
#ifndef HTTP_HTTP_H
#define HTTP_HTTP_H

#include "core/arena.h"
#include "core/buf.h"
#include "core/clock.h"
#include "core/err.h"
#include "core/ident.h"

enum http_method {
	HTTP_GET,
	HTTP_HEAD,
	HTTP_POST,
	HTTP_PUT,
	HTTP_PATCH,
	HTTP_DELETE,
	HTTP_OPTIONS,
	HTTP_OTHER,
	HTTP_METHOD__COUNT
};

struct http_variable {
	const char *name; /* CGI name: HTTP_IF_MATCH, REQUEST_URI, ... */
	const char *value;
};

struct http_query_field {
	const char *name; /* percent-decoded, + is a blank */
	const char *value;
};

/* Everything lives in `arena`, until the reply has been sent. */
struct http_request {
	struct arena *arena;
	enum http_method method;
	const char *path;  /* raw, from REQUEST_URI, without the query */
	const char *query; /* raw, may be "" */
	const struct http_variable *variables;
	size_t variable_count;
	const char *body; /* NUL-terminated, up to the server's limit */
	size_t body_len;
	int64_t content_length; /* as announced; 0 without one */
	bool body_too_large;	/* more than the limit was sent: body is "" */
	/* What arrived is not what Content-Length announced, or that is twice
	 * there or no number. */
	bool body_incomplete;
	const char *client_address; /* REMOTE_ADDR or "" */
	char request_id[REQUEST_ID_SIZE];
	char traceparent[TRACEPARENT_SIZE];
	struct deadline deadline;
	int64_t started_us; /* monotonic */
	int64_t queued_ms;  /* it waited at least this long for a worker */
};

#define HTTP_MAX_HEADERS 24

struct http_response {
	int status;
	struct {
		const char *name;
		const char *value;
	} headers[HTTP_MAX_HEADERS];
	size_t header_count;
	struct buf body;
};

/* "GET" and so on; "OTHER" for HTTP_OTHER. */
const char *http_method_name(enum http_method method);
/* A header by its HTTP name ("If-Match"), case-insensitive; NULL if absent.
 * *repeated (may be NULL) tells that it came more than once. */
const char *http_header(
    const struct http_request *request, const char *name, bool *repeated);
/* A CGI variable; NULL if absent. */
const char *http_variable(const struct http_request *request, const char *name);
/* Splits and decodes the query. 0 or -1 (bad percent-encoding). */
int http_query(const struct http_request *request,
    const struct http_query_field **fields, size_t *count) MUST_CHECK;
/* Percent-decodes into the arena; NULL for a bad escape or %00. */
char *http_decode(
    struct arena *arena, const char *text, size_t len, bool plus_is_blank);
/* True when Content-Type is application/json, parameters aside (a charset
 * other than utf-8 is not). */
bool http_content_is_json(const struct http_request *request);

void http_response_init(
    struct http_response *response, struct arena *arena, size_t max_body_bytes);
/* Sets a header, replacing an earlier one. Both texts are lent until the reply
 * is sent. A value with CR, LF or NUL is a defect and is dropped. */
void http_set_header(
    struct http_response *response, const char *name, const char *value);
const char *http_reason(int status);

/* What a server loop calls. */
struct http_handler {
	void *context;
	/* Fills response; never fails. From here until replied returned, log
	 * lines carry the request's id. */
	void (*handle)(void *context, struct http_request *request,
	    struct http_response *response);
	/* After the reply was sent (sent false: the peer had gone). May be
	 * NULL. Work that the client need not wait for belongs here. */
	void (*replied)(void *context, const struct http_request *request,
	    const struct http_response *response, bool sent);
	/* When nothing is waiting: 50 ms after a reply, then each second as
	 * long as it returns true. May be NULL. */
	bool (*idle)(void *context);
};

struct http_limits {
	size_t max_body_bytes; /* kept; the rest is read and thrown away */
	size_t max_variables_bytes;
	int64_t read_timeout_ms;    /* for the whole request to arrive, and
				     * again for the reply to be taken */
	int64_t request_timeout_ms; /* request->deadline, from when the request
				     * had arrived */
	size_t arena_bytes;	    /* soft cap of request memory */
	size_t max_response_bytes;  /* a larger one becomes an empty 500 */
};

#endif
