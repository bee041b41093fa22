#include "sandbox/call.h"

#include "core/text.h"

static void
copy_header(const struct http_request *request, const char *name, char *out,
    size_t size)
{
	const char *value = http_header(request, name, NULL);

	text_copy(out, size, value == NULL ? "" : value);
}

static void
remember(struct state *state, enum service service,
    const struct http_request *request)
{
	struct state_call call = {
		.access_token =
		    http_header(request, "X-Access-Token", NULL) != NULL,
		.bearer = http_header(request, "Authorization", NULL) != NULL,
	};

	text_copy(call.path, sizeof(call.path), request->path);
	copy_header(
	    request, "X-Request-Id", call.request_id, sizeof(call.request_id));
	copy_header(
	    request, "Traceparent", call.traceparent, sizeof(call.traceparent));
	state_set_last_call(state, service, &call);
}

bool
call_begin(struct sandbox *sandbox, enum service service,
    const struct http_request *request, struct http_response *response,
    struct fault *fault)
{
	state_count(sandbox->state, service, TALLY_CALLS);
	remember(sandbox->state, service, request);
	*fault = state_take_fault(sandbox->state, service);
	if (fault->mode != FAULT_NONE)
		state_count(sandbox->state, service, TALLY_FAULTS);
	if (fault_answer(fault, request, response))
		return true;
	if (fault->mode == FAULT_CLOSE)
		sandbox->leave(sandbox->context);
	return false;
}
