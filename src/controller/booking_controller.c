#include "controller/booking_controller.h"

#include "controller/booking_input.h"
#include "controller/present.h"
#include "http/etag.h"
#include "model/phase.h"
#include "service/booking_history.h"

#define NOTICE_SENT "Booking created successfully. Confirmation email sent."
#define NOTICE_WAITS                                                           \
	"Booking created successfully. Confirmation email will follow."

/* Reads and checks the body without an answer yet: the token's verdict comes
 * first in the order of checks (contract section 1). */
static int
read_create(struct call *call, struct booking_request *booking, struct err *err)
{
	const struct json_value *body;
	struct input input;

	scoreboard_phase(call->api->bookings->slot, PHASE_PARSE);
	if (input_body(call->request, false, &body, err) != 0)
		return -1;
	input_init(&input, call->ctx.arena);
	booking_input_create(&input, call->request, body, booking);
	return input_verdict(&input, err);
}

/* Performs the calls that are needed, side by side. The flight is only asked
 * for beside the token check when the token was verified here: a stranger must
 * not make us call the Flight service. */
static int
authenticate_beside_fetch(
    struct call *call, struct flight_fetch *fetch, struct err *err)
{
	struct api *api = call->api;
	struct rest_call calls[2], *auth = NULL, *flight = NULL;
	size_t count = 0;

	if (!call->check.decided) {
		auth = &calls[count];
		calls[count++] = call->check.call;
	}
	if (fetch != NULL && !fetch->decided &&
	    (call->check.decided || call->check.verified)) {
		flight = &calls[count];
		calls[count++] = fetch->call;
	}
	scoreboard_phase(
	    api->bookings->slot, auth != NULL ? PHASE_AUTH : PHASE_FLIGHT);
	if (count > 0)
		rest_perform(api->rest, call->ctx.arena, calls, count,
		    call->ctx.deadline);
	if (auth != NULL)
		call->check.call = *auth;
	if (call_finish_token(call, err) != 0)
		return -1;
	if (flight != NULL)
		fetch->call = *flight;
	else if (fetch != NULL && !fetch->decided)
		rest_perform(api->rest, call->ctx.arena, &fetch->call, 1,
		    call->ctx.deadline);
	return 0;
}

static void
answer_created(struct call *call, const struct booking_result *result)
{
	struct json_out out;
	char id[UUID_TEXT_SIZE];

	http_set_header(call->response, "Location",
	    arena_printf(call->ctx.arena, "/api/v1/bookings/%s",
		uuid_format(&result->booking->id, id)));
	http_set_header(call->response, "ETag",
	    present_etag(call->ctx.arena, result->booking));
	if (result->replayed)
		http_set_header(call->response, "Idempotent-Replayed", "true");
	present_begin(call->response, 201, &out);
	present_created(&out, result->booking);
	present_end(&out, result->notice_sent ? NOTICE_SENT : NOTICE_WAITS);
}

static int
create(struct call *call, struct err *err)
{
	struct api *api = call->api;
	struct booking_request request;
	struct booking_result result;
	struct flight_fetch fetch;
	struct err wrong;
	bool ready;

	err_clear(&wrong);
	ready = read_create(call, &request, &wrong) == 0 &&
		booking_claim(
		    api->bookings, call->check.token, &request, &wrong) == 0;
	if (ready)
		flight_begin(api->bookings->flights, &call->ctx,
		    request.flight_id, false, &fetch);
	if (authenticate_beside_fetch(call, ready ? &fetch : NULL, err) != 0)
		return -1;
	if (!ready) {
		*err = wrong;
		return -1;
	}
	if (booking_create(api->bookings, &call->ctx, &call->caller, &request,
		&fetch, &result, err) != 0)
		return -1;
	answer_created(call, &result);
	return 0;
}

/* True when the caller has this version already. */
static bool
is_known(const struct call *call, const struct booking *booking)
{
	const char *field = http_header(call->request, "If-None-Match", NULL);

	return field != NULL &&
	       etag_listed(field, present_tag(call->ctx.arena, booking));
}

static int
get(struct call *call, struct err *err)
{
	struct booking *booking = NULL;
	struct json_out out;

	if (booking_get(call->api->bookings, &call->ctx, &call->caller,
		call_parameter(call, 0), &booking, err) != 0)
		return -1;
	http_set_header(
	    call->response, "ETag", present_etag(call->ctx.arena, booking));
	if (is_known(call, booking)) {
		call->response->status = 304;
		return 0;
	}
	present_begin(call->response, 200, &out);
	present_booking(call->ctx.arena, &out, booking);
	present_end(&out, NULL);
	return 0;
}

static void
put_status(struct json_out *out, const char *key, int status)
{
	json_put_text(out, key,
	    status == EVENT_NO_STATUS
		? NULL
		: booking_status_name((enum booking_status)status));
}

static void
put_event(struct json_out *out, const struct booking_event *event)
{
	json_begin_object(out, NULL);
	json_put_int(out, "sequence", event->sequence);
	json_put_text(out, "event_type", event_type_name(event->type));
	put_status(out, "from_status", event->from_status);
	put_status(out, "to_status", event->to_status);
	json_put_text(out, "actor", event->actor);
	json_put_text(out, "reason", event->reason);
	json_put_time(out, "occurred_at", event->occurred_at_ms);
	json_end_object(out);
}

static int
history(struct call *call, struct err *err)
{
	struct booking *booking;
	struct booking_event *events;
	struct json_out out;
	size_t count;

	if (booking_history(call->api->bookings, &call->ctx, &call->caller,
		call_parameter(call, 0), &booking, &events, &count, err) != 0)
		return -1;
	present_begin(call->response, 200, &out);
	present_state(&out, booking);
	json_begin_array(&out, "history");
	for (size_t i = 0; i < count; i++)
		put_event(&out, &events[i]);
	json_end_array(&out);
	present_end(&out, NULL);
	return 0;
}

const struct action BOOKING_CREATE = { ACCESS_JOINS, create };
const struct action BOOKING_GET = { ACCESS_SIGNED_IN, get };
const struct action BOOKING_HISTORY = { ACCESS_SIGNED_IN, history };
