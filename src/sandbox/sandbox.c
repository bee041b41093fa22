#include "sandbox/sandbox.h"

#include "sandbox/auth_service.h"
#include "sandbox/control.h"
#include "sandbox/flight_service.h"
#include "sandbox/reply.h"

/* What a route's target points to. */
struct row {
	sandbox_endpoint *endpoint;
	const char *meaning;
};

#define ROW(function, text)                                                    \
	&(const struct row)                                                    \
	{                                                                      \
		.endpoint = (function), .meaning = (text)                      \
	}

/* clang-format off */
static const struct route ROUTES[] = {
	{ HTTP_GET, "/api/v1/isAuthenticated", "auth",
	    ROW(auth_is_authenticated, "whose token is it?") },
	{ HTTP_GET, "/api/v1/flights/{id}", "flight",
	    ROW(flight_service_get, "one flight") },
	{ HTTP_PUT, "/sandbox/faults/{service}", "faults.put",
	    ROW(control_put_fault,
		"{\"mode\", \"delay_ms\"?, \"count\"?} of auth or flight") },
	{ HTTP_DELETE, "/sandbox/faults", "faults.clear",
	    ROW(control_clear_faults, "no faults") },
	{ HTTP_PUT, "/sandbox/dialect/{service}", "dialect.put",
	    ROW(control_put_dialect, "options of auth or flight") },
	{ HTTP_PUT, "/sandbox/flights/{id}", "flights.put",
	    ROW(control_put_flight, "any field, right or wrong; \"omit\"?") },
	{ HTTP_DELETE, "/sandbox/flights/{id}", "flights.drop",
	    ROW(control_drop_flight, "as its name says again") },
	{ HTTP_POST, "/sandbox/revoke", "revoke",
	    ROW(control_revoke, "{\"token\"}: Auth refuses it from now on") },
	{ HTTP_GET, "/sandbox/calls", "calls.show",
	    ROW(control_show_calls, "counters and the last call of each") },
	{ HTTP_DELETE, "/sandbox/calls", "calls.reset",
	    ROW(control_reset_calls, "counters to zero") },
	{ HTTP_DELETE, "/sandbox/state", "state.reset",
	    ROW(control_reset, "everything as at the start") },
};
/* clang-format on */

static void
answer_without_route(const struct http_request *request,
    const struct route_match *match, struct http_response *response)
{
	if (!match->path_known) {
		reply_message(response, 404, false, "no such path");
		return;
	}
	http_set_header(
	    response, "Allow", router_allow(request->arena, match->allowed));
	reply_message(response, 405, false, "no such method here");
}

void
sandbox_handle(
    void *context, struct http_request *request, struct http_response *response)
{
	struct sandbox *sandbox = context;
	struct route_match match;
	const struct row *row;

	router_match(ROUTES, ARRAY_LEN(ROUTES), request->arena, request->method,
	    request->path, &match);
	if (match.route == NULL) {
		answer_without_route(request, &match, response);
		return;
	}
	row = match.route->target;
	row->endpoint(sandbox, request, &match, response);
}

void
sandbox_print_reference(FILE *to)
{
	fputs("Paths:\n", to);
	for (size_t i = 0; i < ARRAY_LEN(ROUTES); i++) {
		const struct row *row = ROUTES[i].target;

		fprintf(to, "  %-6s %-26s %s\n",
		    http_method_name(ROUTES[i].method), ROUTES[i].pattern,
		    row->meaning);
	}
	fputc('\n', to);
	dialect_print(to);
	fputc('\n', to);
	fault_print(to);
	fputc('\n', to);
	flight_print_names(to);
}
