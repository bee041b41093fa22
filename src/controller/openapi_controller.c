#include "controller/openapi_controller.h"

#include "http/etag.h"

/* True when the caller has this description already. */
static bool
is_known(const struct http_request *request)
{
	const char *field = http_header(request, "If-None-Match", NULL);

	return field != NULL && etag_listed(field, OPENAPI_TAG);
}

static int
get(struct call *call, struct err *err)
{
	struct http_response *response = call->response;

	(void)err;
	http_set_header(response, "ETag",
	    arena_printf(call->ctx.arena, "\"%s\"", OPENAPI_TAG));
	/* Kept by the client, but asked about: an upgrade shows at once. */
	http_set_header(response, "Cache-Control", "no-cache");
	if (is_known(call->request)) {
		response->status = 304;
		return 0;
	}
	response->status = 200;
	http_set_header(
	    response, "Content-Type", "application/json; charset=utf-8");
	buf_append(&response->body, (const char *)OPENAPI, OPENAPI_LEN);
	return 0;
}

const struct action OPENAPI_GET = { ACCESS_PUBLIC, get };
