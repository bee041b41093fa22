#include "controller/call.h"

#include <strings.h>

#include "model/booking_errors.h"

/* Authorization twice is as bad as none. */
static const char *
bearer_token(const struct call *call)
{
	bool repeated = false;
	const char *value =
	    http_header(call->request, "Authorization", &repeated);

	return repeated ? NULL : auth_bearer_token(call->ctx.arena, value);
}

/* A bad token counts against the address it came from; past the limit that is
 * what the caller is told. */
static int
refuse(struct call *call, struct err *err)
{
	struct err over;

	if (err_is(err, &UNAUTHORIZED) &&
	    admission_stranger(call->api->admission,
		call->request->client_address, &over) != 0)
		*err = over;
	return -1;
}

void
call_challenge(const struct call *call)
{
	static const char SCHEME[] = "Bearer ";
	const char *value = http_header(call->request, "Authorization", NULL);

	if (call->response->status == 401 && value != NULL &&
	    strncasecmp(value, SCHEME, sizeof(SCHEME) - 1) == 0)
		http_set_header(call->response, "WWW-Authenticate",
		    "Bearer error=\"invalid_token\"");
}

int
call_begin_token(struct call *call, struct err *err)
{
	if (auth_begin(call->api->auth, &call->ctx, bearer_token(call),
		&call->check, err) != 0)
		return refuse(call, err);
	return 0;
}

int
call_finish_token(struct call *call, struct err *err)
{
	if (auth_finish(call->api->auth, &call->ctx, &call->check,
		&call->caller, err) != 0)
		return refuse(call, err);
	return admission_user(call->api->admission, &call->caller, err);
}
