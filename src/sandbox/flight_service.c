#include "sandbox/flight_service.h"

#include <string.h>

#include "core/clock.h"
#include "sandbox/call.h"
#include "sandbox/reply.h"

/* "1x" is 1 for a service that casts ids, and "x1" is nothing. */
static const char *
cast(struct arena *arena, const char *id)
{
	size_t digits = strspn(id, "0123456789");

	return digits == 0 ? id : arena_copy(arena, id, digits);
}

static bool
find(struct state *state, const char *id, struct flight *flight)
{
	return state_find_flight(state, id, flight) ||
	       flight_by_name(id, clock_wall_ms(), flight);
}

static void
present(struct state *state, const char *id, const struct flight *flight,
    struct http_response *response)
{
	struct flight_style style = {
		.spelling =
		    (enum flight_spelling)state_dialect(state, FLIGHT_DIALECT),
		.id_as_number = state_dialect(state, FLIGHT_IDS) == IDS_CAST,
		.price_as_text =
		    state_dialect(state, FLIGHT_PRICES) == PRICES_STRING,
	};
	struct json_out out;

	reply_begin(
	    response, 200, true, "Successfully fetched the flight", &out);
	flight_write(&out, "data", id, flight, &style);
	json_end_object(&out);
}

static void
present_unknown(struct state *state, struct http_response *response)
{
	bool is_404 = state_dialect(state, FLIGHT_UNKNOWN) == UNKNOWN_404;
	struct json_out out;

	reply_begin(response, is_404 ? 404 : 200, !is_404,
	    is_404 ? "Flight not found" : "Successfully fetched the flight",
	    &out);
	json_put_null(&out, "data");
	json_end_object(&out);
}

void
flight_service_get(struct sandbox *sandbox, const struct http_request *request,
    const struct route_match *match, struct http_response *response)
{
	struct state *state = sandbox->state;
	const char *id = match->parameters[0];
	struct fault fault;
	struct flight flight;

	if (call_begin(sandbox, SERVICE_FLIGHT, request, response, &fault))
		return;
	if (state_dialect(state, FLIGHT_IDS) == IDS_CAST)
		id = cast(request->arena, id);
	if (find(state, id, &flight)) {
		state_count(state, SERVICE_FLIGHT, TALLY_POSITIVE);
		fault_twist(&fault, &flight);
		present(state, id, &flight, response);
	} else {
		state_count(state, SERVICE_FLIGHT, TALLY_NEGATIVE);
		present_unknown(state, response);
	}
	fault_spoil(&fault, response);
}
