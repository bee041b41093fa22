#include "controller/openapi_controller.h"

#include "controller/condition.h"

static int
get(struct call *call, struct err *err)
{
	struct http_response *response = call->response;

	(void)err;
	http_set_header(response, "ETag", OPENAPI_ETAG);
	/* Kept by the client, but asked about: an upgrade shows at once. */
	http_set_header(response, "Cache-Control", "no-cache");
	if (condition_none_match(call->request, OPENAPI_ETAG)) {
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
