#include "http/http.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

static const char *const method_names[HTTP_METHOD__COUNT] = {
	[HTTP_GET] = "GET",
	[HTTP_HEAD] = "HEAD",
	[HTTP_POST] = "POST",
	[HTTP_PUT] = "PUT",
	[HTTP_PATCH] = "PATCH",
	[HTTP_DELETE] = "DELETE",
	[HTTP_OPTIONS] = "OPTIONS",
	[HTTP_OTHER] = "OTHER",
};

const char *
http_method_name(enum http_method method)
{
	return method_names[method];
}

/* True when variable is how CGI (RFC 3875, 4.1.18) spells the header, prefix in
 * front. */
static bool
spells(const char *variable, const char *prefix, const char *header)
{
	for (; *prefix != '\0'; prefix++, variable++)
		if (*variable != *prefix)
			return false;
	for (; *header != '\0'; header++, variable++) {
		char c = *header == '-' ? '_' : *header;

		if (c >= 'a' && c <= 'z')
			c = (char)(c - 'a' + 'A');
		if (*variable != c)
			return false;
	}
	return *variable == '\0';
}

/* These two have no HTTP_ in front (RFC 3875, 4.1.2 and 4.1.3). */
static bool
is_entity_header(const char *name)
{
	return strcasecmp(name, "Content-Type") == 0 ||
	       strcasecmp(name, "Content-Length") == 0;
}

const char *
http_header(
    const struct http_request *request, const char *name, bool *repeated)
{
	const char *prefix = is_entity_header(name) ? "" : "HTTP_";
	const char *found = NULL;
	unsigned times = 0;

	for (size_t i = 0; i < request->variable_count; i++) {
		const struct http_variable *v = &request->variables[i];

		if (!spells(v->name, prefix, name))
			continue;
		if (times++ == 0)
			found = v->value;
	}
	if (repeated != NULL)
		*repeated = times > 1;
	return found;
}

const char *
http_variable(const struct http_request *request, const char *name)
{
	for (size_t i = 0; i < request->variable_count; i++)
		if (strcmp(request->variables[i].name, name) == 0)
			return request->variables[i].value;
	return NULL;
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

char *
http_decode(
    struct arena *arena, const char *text, size_t len, bool plus_is_blank)
{
	char *out = arena_alloc(arena, len + 1);
	size_t used = 0;

	for (size_t i = 0; i < len; i++) {
		char c = text[i];

		if (c == '+' && plus_is_blank) {
			c = ' ';
		} else if (c == '%') {
			int high = i + 2 < len ? hex_digit(text[i + 1]) : -1;
			int low = high >= 0 ? hex_digit(text[i + 2]) : -1;

			c = (char)(high * 16 + low);
			if (low < 0 || c == '\0')
				return NULL;
			i += 2;
		}
		out[used++] = c;
	}
	out[used] = '\0';
	return out;
}

static int
decode_field(struct arena *arena, const char *text, size_t len,
    struct http_query_field *field)
{
	const char *equals = memchr(text, '=', len);
	size_t name_len = equals != NULL ? (size_t)(equals - text) : len;
	const char *value = equals != NULL ? equals + 1 : text + len;

	field->name = http_decode(arena, text, name_len, true);
	field->value =
	    http_decode(arena, value, (size_t)(text + len - value), true);
	return field->name != NULL && field->value != NULL ? 0 : -1;
}

int
http_query(const struct http_request *request,
    const struct http_query_field **fields, size_t *count)
{
	const char *text = request->query;
	struct http_query_field *out;
	size_t most = 1;
	size_t used = 0;

	for (const char *c = text; *c != '\0'; c++)
		most += *c == '&';
	out = arena_array(request->arena, most, sizeof(*out));
	for (;;) {
		size_t len = strcspn(text, "&");

		if (len > 0 &&
		    decode_field(request->arena, text, len, &out[used++]) != 0)
			return -1;
		if (text[len] == '\0')
			break;
		text += len + 1;
	}
	*fields = out;
	*count = used;
	return 0;
}

static const char *
skip_blanks(const char *text)
{
	return text + strspn(text, " \t");
}

/* The end of a parameter's value, a quoted one included (RFC 9110, 5.6.6). */
static const char *
value_end(const char *value)
{
	if (*value != '"')
		return value + strcspn(value, "; \t");
	for (value++; *value != '\0' && *value != '"'; value++)
		if (*value == '\\' && value[1] != '\0')
			value++;
	return *value == '"' ? value + 1 : value;
}

static bool
is_utf8(const char *value, size_t len)
{
	if (len >= 2 && value[0] == '"' && value[len - 1] == '"') {
		value++;
		len -= 2;
	}
	return len == 5 && strncasecmp(value, "utf-8", 5) == 0;
}

bool
http_content_is_json(const struct http_request *request)
{
	static const char json[] = "application/json";
	static const char charset[] = "charset=";
	const char *text = http_header(request, "Content-Type", NULL);

	if (text == NULL || strncasecmp(text, json, sizeof(json) - 1) != 0)
		return false;
	text = skip_blanks(text + sizeof(json) - 1);
	while (*text == ';') {
		const char *value;
		const char *end;

		text = skip_blanks(text + 1);
		value = text + strcspn(text, "=;");
		value += *value == '=';
		end = value_end(value);
		if (strncasecmp(text, charset, sizeof(charset) - 1) == 0 &&
		    !is_utf8(value, (size_t)(end - value)))
			return false;
		text = skip_blanks(end);
	}
	return *text == '\0';
}

void
http_response_init(
    struct http_response *response, struct arena *arena, size_t max_body_bytes)
{
	response->status = 200;
	response->header_count = 0;
	buf_init(&response->body, arena, max_body_bytes);
}

void
http_set_header(
    struct http_response *response, const char *name, const char *value)
{
	size_t i = 0;

	if (strpbrk(value, "\r\n") != NULL)
		return;
	while (i < response->header_count &&
	       strcasecmp(response->headers[i].name, name) != 0)
		i++;
	assert(i < HTTP_MAX_HEADERS);
	response->headers[i].name = name;
	response->headers[i].value = value;
	if (i == response->header_count)
		response->header_count++;
}

const char *
http_reason(int status)
{
	static const struct {
		int status;
		const char *reason;
	} reasons[] = {
		{ 200, "OK" },
		{ 201, "Created" },
		{ 202, "Accepted" },
		{ 204, "No Content" },
		{ 301, "Moved Permanently" },
		{ 302, "Found" },
		{ 304, "Not Modified" },
		{ 400, "Bad Request" },
		{ 401, "Unauthorized" },
		{ 403, "Forbidden" },
		{ 404, "Not Found" },
		{ 405, "Method Not Allowed" },
		{ 408, "Request Timeout" },
		{ 409, "Conflict" },
		{ 412, "Precondition Failed" },
		{ 413, "Content Too Large" },
		{ 415, "Unsupported Media Type" },
		{ 422, "Unprocessable Content" },
		{ 429, "Too Many Requests" },
		{ 500, "Internal Server Error" },
		{ 502, "Bad Gateway" },
		{ 503, "Service Unavailable" },
		{ 504, "Gateway Timeout" },
	};

	for (size_t i = 0; i < ARRAY_LEN(reasons); i++)
		if (reasons[i].status == status)
			return reasons[i].reason;
	return "Unknown";
}
