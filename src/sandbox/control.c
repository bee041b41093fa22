#include "sandbox/control.h"

#include <string.h>

#include "core/clock.h"
#include "sandbox/flight_json.h"
#include "sandbox/reply.h"

/* The body as an object, or NULL after a 400. */
static const struct json_value *
body_of(const struct http_request *request, struct http_response *response)
{
	const struct json_value *root = NULL;
	struct err err;

	if (request->body_too_large || request->body_incomplete) {
		reply_message(response, 400, false, "body is not whole");
		return NULL;
	}
	if (json_parse(request->arena, request->body, request->body_len, &root,
		&err) != 0) {
		reply_message(response, 400, false, err.details);
		return NULL;
	}
	if (json_type_of(root) != JSON_OBJECT) {
		reply_message(response, 400, false, "body must be an object");
		return NULL;
	}
	return root;
}

/* The service that the path names. 0, or -1 after a 404. */
static int
service_of(const struct route_match *match, struct http_response *response,
    enum service *service)
{
	if (service_find(match->parameters[0], service) == 0)
		return 0;
	reply_message(response, 404, false, "services are auth and flight");
	return -1;
}

/* An optional integer. 0, or -1 when it is there and out of [0, max]. */
static int
optional_int(
    const struct json_value *body, const char *key, int64_t max, int64_t *value)
{
	const struct json_value *given = json_get(body, key);
	int64_t number;

	if (json_type_of(given) == JSON_NULL)
		return 0;
	if (json_integer(given, &number) != 0 || number < 0 || number > max)
		return -1;
	*value = number;
	return 0;
}

/* --- faults -----------------------------------------------------------------
 */

/* The message says what is wrong; NULL when nothing is. */
static const char *
read_fault(
    const struct json_value *body, enum service service, struct fault *fault)
{
	const char *mode = json_string(json_get(body, "mode"), NULL);
	int64_t delay_ms = 0;
	int64_t count = 0;

	if (mode == NULL || fault_find(mode, service, &fault->mode) != 0)
		return "mode: this service has no such fault";
	if (optional_int(body, "delay_ms", FAULT_MAX_DELAY_MS, &delay_ms) != 0)
		return "delay_ms: an integer from 0 to 60000";
	if (optional_int(body, "count", UINT32_MAX, &count) != 0)
		return "count: an integer from 0 to 4294967295";
	fault->delay_ms = (unsigned)delay_ms;
	fault->count = (uint32_t)count;
	return NULL;
}

void
control_put_fault(struct sandbox *sandbox, const struct http_request *request,
    const struct route_match *match, struct http_response *response)
{
	const struct json_value *body;
	const char *problem;
	enum service service;
	struct fault fault;

	if (service_of(match, response, &service) != 0)
		return;
	body = body_of(request, response);
	if (body == NULL)
		return;
	problem = read_fault(body, service, &fault);
	if (problem == NULL)
		state_set_fault(sandbox->state, service, &fault);
	reply_message(response, problem == NULL ? 200 : 400, problem == NULL,
	    problem == NULL ? fault_name(fault.mode) : problem);
}

void
control_clear_faults(struct sandbox *sandbox,
    const struct http_request *request, const struct route_match *match,
    struct http_response *response)
{
	static const struct fault NO_FAULT = { .mode = FAULT_NONE };

	(void)request;
	(void)match;
	for (unsigned i = 0; i < SERVICE__COUNT; i++)
		state_set_fault(sandbox->state, (enum service)i, &NO_FAULT);
	reply_message(response, 200, true, "no faults");
}

/* --- dialects ---------------------------------------------------------------
 */

#define NOT_GIVEN -1
#define BAD	  -2

static int
choice_in(const struct json_value *body, enum dialect_option option)
{
	const struct json_value *given =
	    json_get(body, DIALECT_ROWS[option].key);
	const char *name = json_string(given, NULL);
	int choice;

	if (json_type_of(given) == JSON_NULL)
		return NOT_GIVEN;
	choice = name == NULL ? -1 : dialect_choice(option, name);
	return choice < 0 ? BAD : choice;
}

/* How many options of the service are given; -1 when one is wrong. */
static int
read_dialect(const struct json_value *body, enum service service,
    int choices[DIALECT_OPTION__COUNT])
{
	int given = 0;

	for (unsigned i = 0; i < DIALECT_OPTION__COUNT; i++) {
		choices[i] = NOT_GIVEN;
		if (DIALECT_ROWS[i].service != service)
			continue;
		choices[i] = choice_in(body, (enum dialect_option)i);
		if (choices[i] == BAD)
			return -1;
		given += choices[i] != NOT_GIVEN;
	}
	return given;
}

void
control_put_dialect(struct sandbox *sandbox, const struct http_request *request,
    const struct route_match *match, struct http_response *response)
{
	const struct json_value *body;
	int choices[DIALECT_OPTION__COUNT];
	enum service service;

	if (service_of(match, response, &service) != 0)
		return;
	body = body_of(request, response);
	if (body == NULL)
		return;
	if (read_dialect(body, service, choices) <= 0) {
		reply_message(
		    response, 400, false, "this service has no such dialect");
		return;
	}
	for (unsigned i = 0; i < DIALECT_OPTION__COUNT; i++)
		if (choices[i] != NOT_GIVEN)
			state_set_dialect(
			    sandbox->state, (enum dialect_option)i, choices[i]);
	reply_message(response, 200, true, "dialect set");
}

/* --- flights ----------------------------------------------------------------
 */

static void
store_flight(struct sandbox *sandbox, const char *id,
    const struct json_value *body, struct arena *arena,
    struct http_response *response)
{
	static const struct flight_style STYLE = { .spelling = SPELLING_SNAKE };
	struct json_out out;
	struct flight flight;
	struct err err;

	if (!flight_by_name(id, clock_wall_ms(), &flight))
		flight_default(&flight);
	if (flight_override(arena, body, &flight, &err) != 0) {
		reply_message(response, 400, false, err.details);
		return;
	}
	if (state_put_flight(sandbox->state, id, &flight) != 0) {
		reply_message(response, 507, false, "no room for a flight");
		return;
	}
	reply_begin(response, 200, true, "flight put", &out);
	flight_write(&out, "data", id, &flight, &STYLE);
	json_end_object(&out);
}

void
control_put_flight(struct sandbox *sandbox, const struct http_request *request,
    const struct route_match *match, struct http_response *response)
{
	const char *id = match->parameters[0];
	const struct json_value *body;

	if (strlen(id) >= FLIGHT_ID_SIZE) {
		reply_message(response, 400, false, "id: at most 64 bytes");
		return;
	}
	body = body_of(request, response);
	if (body != NULL)
		store_flight(sandbox, id, body, request->arena, response);
}

void
control_drop_flight(struct sandbox *sandbox, const struct http_request *request,
    const struct route_match *match, struct http_response *response)
{
	bool dropped = state_drop_flight(sandbox->state, match->parameters[0]);

	(void)request;
	reply_message(response, dropped ? 200 : 404, dropped,
	    dropped ? "flight removed" : "no flight was put under this id");
}

/* --- tokens -----------------------------------------------------------------
 */

void
control_revoke(struct sandbox *sandbox, const struct http_request *request,
    const struct route_match *match, struct http_response *response)
{
	const struct json_value *body = body_of(request, response);
	struct digest digest;
	const char *token;
	size_t len;

	(void)match;
	if (body == NULL)
		return;
	token = json_string(json_get(body, "token"), &len);
	if (token == NULL || len == 0) {
		reply_message(response, 400, false, "token: a string");
		return;
	}
	digest = digest_of(token, len);
	if (state_revoke(sandbox->state, &digest) != 0)
		reply_message(response, 507, false, "no room for a token");
	else
		reply_message(response, 200, true, "token revoked");
}

/* --- calls ------------------------------------------------------------------
 */

static void
put_last_call(struct json_out *out, struct state *state, enum service service)
{
	struct state_call call;

	state_last_call(state, service, &call);
	json_begin_object(out, "last");
	json_put_text(out, "path", call.path);
	json_put_text(out, "request_id", call.request_id);
	json_put_text(out, "traceparent", call.traceparent);
	json_put_bool(out, "x_access_token", call.access_token);
	json_put_bool(out, "authorization", call.bearer);
	json_end_object(out);
}

static void
put_calls(struct json_out *out, struct state *state, enum service service)
{
	static const char *const KEYS[] = {
		[TALLY_CALLS] = "calls",
		[TALLY_POSITIVE] = "positive",
		[TALLY_NEGATIVE] = "negative",
		[TALLY_FAULTS] = "faults",
	};
	_Static_assert(ARRAY_LEN(KEYS) == TALLY__COUNT, "a key for each");

	json_begin_object(out, service_name(service));
	for (unsigned i = 0; i < TALLY__COUNT; i++)
		json_put_int(out, KEYS[i],
		    (int64_t)state_counted(state, service, (enum tally)i));
	json_put_text(
	    out, "fault", fault_name(state_fault(state, service).mode));
	put_last_call(out, state, service);
	json_end_object(out);
}

void
control_show_calls(struct sandbox *sandbox, const struct http_request *request,
    const struct route_match *match, struct http_response *response)
{
	struct json_out out;

	(void)request;
	(void)match;
	reply_begin(response, 200, true, "calls since the last reset", &out);
	json_begin_object(&out, "data");
	for (unsigned i = 0; i < SERVICE__COUNT; i++)
		put_calls(&out, sandbox->state, (enum service)i);
	json_end_object(&out);
	json_end_object(&out);
}

void
control_reset_calls(struct sandbox *sandbox, const struct http_request *request,
    const struct route_match *match, struct http_response *response)
{
	(void)request;
	(void)match;
	state_reset_calls(sandbox->state);
	reply_message(response, 200, true, "calls forgotten");
}

void
control_reset(struct sandbox *sandbox, const struct http_request *request,
    const struct route_match *match, struct http_response *response)
{
	(void)request;
	(void)match;
	state_reset(sandbox->state);
	reply_message(response, 200, true, "as at the start");
}
