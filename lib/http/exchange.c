#include "http/exchange.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

#include "core/log.h"
#include "core/text.h"

#define MAX_HEAD_BYTES	 32768
#define BODY_CHUNK_BYTES 8192

/* --- variables ---------------------------------------------------------- */

static int
measure(char *const texts[], size_t max_bytes, size_t *count)
{
	size_t bytes = 0;
	size_t n = 0;

	for (; texts[n] != NULL; n++) {
		bytes += strlen(texts[n]);
		if (bytes > max_bytes)
			return -1;
	}
	*count = n;
	return 0;
}

static void
index_variables(struct http_request *request, char *const texts[], size_t count)
{
	struct http_variable *variables =
	    arena_array(request->arena, count, sizeof(*variables));

	for (size_t i = 0; i < count; i++) {
		char *name = arena_strdup(request->arena, texts[i]);
		char *equals = strchr(name, '=');

		variables[i].name = name;
		variables[i].value = "";
		if (equals == NULL)
			continue;
		*equals = '\0';
		variables[i].value = equals + 1;
	}
	request->variables = variables;
	request->variable_count = count;
}

static const char *
variable_or_empty(const struct http_request *request, const char *name)
{
	const char *value = http_variable(request, name);

	return value != NULL ? value : "";
}

/* --- method, path, query ------------------------------------------------ */

static enum http_method
parse_method(const char *name)
{
	enum http_method method = HTTP_GET;

	while (
	    method < HTTP_OTHER && strcmp(name, http_method_name(method)) != 0)
		method++;
	return method;
}

/* Past "http://host" of an absolute-form target (RFC 9112, 3.2.2). */
static const char *
strip_authority(const char *target)
{
	static const char *const schemes[] = { "http://", "https://" };

	for (size_t i = 0; i < ARRAY_LEN(schemes); i++) {
		size_t len = strlen(schemes[i]);

		if (strncasecmp(target, schemes[i], len) == 0)
			return target + len + strcspn(target + len, "/?");
	}
	return target;
}

/* SCRIPT_NAME and PATH_INFO come decoded: escaped again, so that a path is raw
 * wherever it came from. */
static void
append_escaped(struct buf *out, const char *path)
{
	for (; *path != '\0'; path++) {
		unsigned char c = (unsigned char)*path;

		if (c <= ' ' || c >= 0x7f || strchr("%?#\"<>\\^`{|}", c))
			buf_printf(out, "%%%02X", c);
		else
			buf_char(out, *path);
	}
}

static const char *
rebuild_target(struct http_request *request)
{
	struct buf target;

	buf_init(&target, request->arena, SIZE_MAX / 2);
	append_escaped(&target, variable_or_empty(request, "SCRIPT_NAME"));
	append_escaped(&target, variable_or_empty(request, "PATH_INFO"));
	buf_char(&target, '?');
	buf_text(&target, variable_or_empty(request, "QUERY_STRING"));
	return target.bytes;
}

static void
split_target(struct http_request *request)
{
	const char *target = variable_or_empty(request, "REQUEST_URI");
	size_t len;

	if (*target == '\0')
		target = rebuild_target(request);
	target = strip_authority(target);
	len = strcspn(target, "?");
	request->path = len > 0 ? arena_copy(request->arena, target, len) : "/";
	request->query = target[len] == '?' ? target + len + 1 : "";
}

/* --- identity and length ------------------------------------------------ */

static void
identify(struct http_request *request)
{
	bool repeated;
	const char *id = http_header(request, "X-Request-Id", &repeated);
	const char *parent;

	if (id != NULL && !repeated && request_id_valid(id))
		text_copy(request->request_id, sizeof(request->request_id), id);
	else
		request_id_make(request->request_id);
	parent = http_header(request, "traceparent", &repeated);
	traceparent_continue(repeated ? NULL : parent, request->traceparent);
}

/* What cannot be read as a length, or is announced twice, announces nothing
 * that could ever be complete. */
static void
read_length(struct http_request *request)
{
	bool repeated;
	const char *text = http_header(request, "Content-Length", &repeated);

	if (text == NULL || *text == '\0')
		return;
	if (repeated ||
	    text_parse_int(text, 0, INT64_MAX, &request->content_length) != 0)
		request->body_incomplete = true;
}

int
exchange_open(struct http_request *request, struct arena *arena,
    char *const texts[], const struct http_limits *limits, int64_t started_us)
{
	size_t count;

	if (measure(texts, limits->max_variables_bytes, &count) != 0)
		return -1;
	*request = (struct http_request){
		.arena = arena,
		.body = "",
		.started_us = started_us,
	};
	index_variables(request, texts, count);
	request->method =
	    parse_method(variable_or_empty(request, "REQUEST_METHOD"));
	split_target(request);
	request->client_address = variable_or_empty(request, "REMOTE_ADDR");
	identify(request);
	read_length(request);
	return 0;
}

/* --- body --------------------------------------------------------------- */

/* Bytes that may have to be kept: the announced ones when they are known. */
static size_t
body_room(const struct http_request *request, const struct http_limits *limits)
{
	if (request->content_length > 0 &&
	    (uint64_t)request->content_length < limits->max_body_bytes)
		return (size_t)request->content_length;
	return limits->max_body_bytes;
}

int
exchange_read_body(struct http_request *request,
    const struct http_limits *limits, const struct body_source *source)
{
	char chunk[BODY_CHUNK_BYTES];
	size_t room = body_room(request, limits);
	char *kept = NULL;
	uint64_t total = 0;
	ssize_t got;

	while (
	    (got = source->read(source->context, chunk, sizeof(chunk))) > 0) {
		size_t n = (size_t)got;

		if (kept == NULL)
			kept = arena_alloc(request->arena, room + 1);
		if (total < room)
			memcpy(kept + total, chunk,
			    n < room - total ? n : (size_t)(room - total));
		total += n;
	}
	if (got < 0)
		return -1;
	if (request->content_length > 0 &&
	    total != (uint64_t)request->content_length)
		request->body_incomplete = true;
	request->body_too_large = total > limits->max_body_bytes;
	if (kept != NULL && !request->body_too_large && total <= room) {
		request->body = kept;
		request->body_len = (size_t)total;
	}
	return 0;
}

/* --- reply -------------------------------------------------------------- */

static bool
has_content(const struct http_response *response)
{
	return response->status != 204 && response->status != 304;
}

bool
exchange_sends_body(
    const struct http_request *request, const struct http_response *response)
{
	return request->method != HTTP_HEAD && has_content(response);
}

static void
put_head(const struct http_response *response, struct buf *head)
{
	buf_text(head, "Status: ");
	buf_int(head, response->status);
	buf_char(head, ' ');
	buf_text(head, http_reason(response->status));
	buf_text(head, "\r\n");
	for (size_t i = 0; i < response->header_count; i++) {
		buf_text(head, response->headers[i].name);
		buf_text(head, ": ");
		buf_text(head, response->headers[i].value);
		buf_text(head, "\r\n");
	}
	if (has_content(response)) {
		buf_text(head, "Content-Length: ");
		buf_int(head, (int64_t)response->body.len);
		buf_text(head, "\r\n");
	}
	buf_text(head, "\r\n");
}

/* What does not fit is never sent cut. */
static void
check_sizes(struct http_request *request, const struct http_limits *limits,
    struct http_response *response, struct buf *head)
{
	if (arena_overflowed(request->arena))
		log_write(LOG_WARN, "request_memory_over_cap",
		    LOG_FIELDS(
			LOG_NUM("bytes", arena_used_bytes(request->arena))));
	if (!response->body.failed && !head->failed)
		return;
	log_write(LOG_ERROR, "response_too_large",
	    LOG_FIELDS(LOG_NUM("status", response->status),
		LOG_NUM("limit_bytes", limits->max_response_bytes)));
	http_response_init(
	    response, request->arena, limits->max_response_bytes);
	response->status = 500;
	buf_init(head, request->arena, MAX_HEAD_BYTES);
	put_head(response, head);
}

void
exchange_handle(const struct http_handler *handler,
    struct http_request *request, const struct http_limits *limits,
    struct http_response *response, struct buf *head)
{
	log_set_request(request->request_id);
	request->deadline = deadline_in(limits->request_timeout_ms);
	http_response_init(
	    response, request->arena, limits->max_response_bytes);
	handler->handle(handler->context, request, response);
	buf_init(head, request->arena, MAX_HEAD_BYTES);
	put_head(response, head);
	check_sizes(request, limits, response, head);
}

void
exchange_close(const struct http_handler *handler,
    const struct http_request *request, const struct http_response *response,
    bool sent)
{
	if (handler->replied != NULL)
		handler->replied(handler->context, request, response, sent);
	log_set_request(NULL);
}
