#include "controller/change_controller.h"

#include "controller/change_input.h"
#include "controller/present.h"
#include "model/phase.h"

#define NOTICE_CANCELLED                                                       \
	"Booking cancelled successfully. Refund will be processed shortly."
#define REFUND_TIME "5-7 business days"

/* What all changes share: the booking in the path, If-Match, and a body. */
static int
begin(struct call *call, bool body_is_optional, struct input *input,
    const struct json_value **body, struct booking_change *change,
    struct err *err)
{
	scoreboard_phase(call->api->bookings->slot, PHASE_PARSE);
	*change = (struct booking_change){
		.id_or_reference = call_parameter(call, 0),
		.caller = &call->caller,
	};
	if (input_body(call->request, body_is_optional, body, err) != 0)
		return -1;
	input_init(input, call->ctx.arena);
	change->expected = change_input_if_match(input, call->request);
	return 0;
}

static void
set_etag(struct call *call, const struct booking *booking)
{
	http_set_header(
	    call->response, "ETag", present_etag(call->ctx.arena, booking));
}

static int
cancel(struct call *call, struct err *err)
{
	const struct json_value *body;
	struct booking_change change;
	struct booking *booking;
	struct input input;
	struct json_out out;

	if (begin(call, true, &input, &body, &change, err) != 0)
		return -1;
	change_input_cancel(&input, body, &change);
	if (input_verdict(&input, err) != 0 ||
	    booking_cancel(
		call->api->bookings, &call->ctx, &change, &booking, err) != 0)
		return -1;
	set_etag(call, booking);
	present_begin(call->response, 200, &out);
	present_state(&out, booking);
	json_put_time(&out, "cancelled_at", booking->cancelled_at_ms);
	json_put_text(&out, "refund_status", "INITIATED");
	json_put_cents(&out, "estimated_refund_amount", booking->total_cents);
	json_put_text(&out, "refund_processing_time", REFUND_TIME);
	present_end(&out, NOTICE_CANCELLED);
	return 0;
}

/* The body, if there is one, has no field that counts. */
static int
confirm(struct call *call, struct err *err)
{
	const struct json_value *body;
	struct booking_change change;
	struct booking *booking;
	struct input input;
	struct json_out out;

	if (begin(call, true, &input, &body, &change, err) != 0 ||
	    input_verdict(&input, err) != 0 ||
	    booking_confirm(
		call->api->bookings, &call->ctx, &change, &booking, err) != 0)
		return -1;
	set_etag(call, booking);
	present_begin(call->response, 200, &out);
	present_state(&out, booking);
	json_put_time(&out, "confirmed_at", booking->confirmed_at_ms);
	present_end(&out, NULL);
	return 0;
}

static int
edit(struct call *call, struct err *err)
{
	const struct json_value *body;
	struct booking_change change;
	struct passenger fields, *passenger;
	struct booking *booking;
	struct input input;
	struct json_out out;

	if (begin(call, false, &input, &body, &change, err) != 0)
		return -1;
	change_input_passenger(&input, body, &fields);
	if (input_verdict(&input, err) != 0 ||
	    booking_edit_passenger(call->api->bookings, &call->ctx, &change,
		call_parameter(call, 1), &fields, &booking, &passenger,
		err) != 0)
		return -1;
	set_etag(call, booking);
	present_begin(call->response, 200, &out);
	present_passenger(call->ctx.arena, &out, passenger);
	json_put_time(&out, "updated_at", passenger->updated_at_ms);
	present_end(&out, NULL);
	return 0;
}

static int
extend(struct call *call, struct err *err)
{
	const struct json_value *body;
	struct booking_change change;
	struct booking *booking;
	struct input input;
	struct json_out out;

	if (begin(call, true, &input, &body, &change, err) != 0 ||
	    input_verdict(&input, err) != 0 ||
	    booking_extend(
		call->api->bookings, &call->ctx, &change, &booking, err) != 0)
		return -1;
	set_etag(call, booking);
	present_begin(call->response, 200, &out);
	present_state(&out, booking);
	json_put_time(&out, "expires_at", booking->expires_at_ms);
	present_end(&out, NULL);
	return 0;
}

const struct action BOOKING_CANCEL = { ACCESS_SIGNED_IN, cancel };
const struct action BOOKING_CONFIRM = { ACCESS_SIGNED_IN, confirm };
const struct action BOOKING_EXTEND = { ACCESS_SIGNED_IN, extend };
const struct action PASSENGER_EDIT = { ACCESS_SIGNED_IN, edit };
