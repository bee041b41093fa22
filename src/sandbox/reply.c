#include "sandbox/reply.h"

void
reply_text(struct http_response *response, int status, const char *type,
    const char *body)
{
	response->status = status;
	http_set_header(response, "Content-Type", type);
	buf_text(&response->body, body);
}

void
reply_begin(struct http_response *response, int status, bool success,
    const char *message, struct json_out *out)
{
	response->status = status;
	http_set_header(response, "Content-Type", REPLY_JSON);
	json_out_init(out, &response->body);
	json_begin_object(out, NULL);
	json_put_bool(out, "success", success);
	json_put_text(out, "message", message);
}

void
reply_message(struct http_response *response, int status, bool success,
    const char *message)
{
	struct json_out out;

	reply_begin(response, status, success, message, &out);
	json_end_object(&out);
}
