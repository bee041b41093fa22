#include "controller/list_controller.h"

#include "controller/list_input.h"
#include "controller/present.h"

static void
put_item(struct json_out *out, const struct booking *booking, bool with_user)
{
	char id[UUID_TEXT_SIZE];

	json_begin_object(out, NULL);
	json_put_text(out, "booking_id", uuid_format(&booking->id, id));
	json_put_text(out, "booking_reference", booking->reference);
	if (with_user)
		json_put_text(out, "user_id", booking->user_id);
	json_put_text(out, "flight_id", booking->flight_id);
	present_told(out, "flight_number", booking->flight.flight_number);
	json_put_text(out, "status", booking_status_name(booking->status));
	json_put_cents(out, "total_price", booking->total_cents);
	json_put_text(out, "currency", booking->currency);
	json_put_time(out, "departure", booking->departure_ms);
	json_put_time(out, "created_at", booking->created_at_ms);
	json_end_object(out);
}

static void
answer(struct call *call, const struct booking_query *query,
    const struct booking_page *page, bool with_user)
{
	const char *next = page->more ? booking_cursor_format(call->ctx.arena,
					    &page->next, &query->filter)
				      : NULL;
	struct json_out out;

	present_begin(call->response, 200, &out);
	json_begin_array(&out, "bookings");
	for (size_t i = 0; i < page->count; i++)
		put_item(&out, &page->bookings[i], with_user);
	json_end_array(&out);
	json_begin_object(&out, "pagination");
	json_put_int(&out, "total", page->total);
	json_put_int(&out, "page", page->page);
	json_put_int(&out, "limit", query->limit);
	json_put_int(&out, "pages", page->pages);
	json_put_text(&out, "next_cursor", next);
	json_end_object(&out);
	present_end(&out, NULL);
}

static int
read_query(
    struct call *call, bool all, struct booking_query *query, struct err *err)
{
	struct input input;

	input_init(&input, call->ctx.arena);
	list_input_read(&input, call->request, all, query);
	return input_verdict(&input, err);
}

static int
list_user(struct call *call, struct err *err)
{
	struct booking_query query = {
		.filter.user_id = call_parameter(call, 0),
	};
	struct booking_page page;

	if (read_query(call, false, &query, err) != 0 ||
	    booking_list_user(call->api->bookings, &call->ctx, &call->caller,
		&query, &page, err) != 0)
		return -1;
	answer(call, &query, &page, false);
	return 0;
}

static int
list_all(struct call *call, struct err *err)
{
	struct booking_query query = { .filter.user_id = NULL };
	struct booking_page page;

	if (read_query(call, true, &query, err) != 0 ||
	    booking_list_all(call->api->bookings, &call->ctx, &call->caller,
		&query, &page, err) != 0)
		return -1;
	answer(call, &query, &page, true);
	return 0;
}

const struct action LIST_USER = { ACCESS_SIGNED_IN, list_user };
const struct action LIST_ALL = { ACCESS_SIGNED_IN, list_all };
