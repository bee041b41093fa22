#include <string.h>

#include "model/booking_errors.h"
#include "model/passenger_rules.h"
#include "service/booking_change.h"

static struct passenger *
find_passenger(struct booking *booking, const char *passenger_id)
{
	struct uuid id;

	if (uuid_parse(passenger_id, &id) != 0)
		return NULL;
	for (size_t i = 0; i < booking->passenger_count; i++) {
		if (uuid_equal(&booking->passengers[i].id, &id))
			return &booking->passengers[i];
	}
	return NULL;
}

static void
overwrite(struct passenger *passenger, const struct passenger *fields)
{
	struct passenger given = *fields;

	for (size_t i = 0; i < PASSENGER_FIELD__COUNT; i++) {
		const char *text =
		    *passenger_field_of(&given, &PASSENGER_FIELDS[i]);

		if (text != NULL)
			*passenger_field_of(passenger, &PASSENGER_FIELDS[i]) =
			    text;
	}
}

static int
plan(struct change_work *work, struct err *err)
{
	struct passenger *passenger =
	    find_passenger(work->changed, work->passenger_id);

	if (passenger == NULL)
		return err_set_public(err, &PASSENGER_NOT_FOUND,
		    "Passenger with ID %.64s not found", work->passenger_id);
	if (work->before->status != BOOKING_CREATED)
		return err_set_public(err, &BOOKING_NOT_MODIFIABLE,
		    "Passengers can be changed only while the booking is "
		    "CREATED; it is %s",
		    booking_status_name(work->before->status));
	overwrite(passenger, work->fields);
	passenger->updated_at_ms = work->now_ms;
	work->edited = passenger;
	work->event_type = EVENT_UPDATED;
	return 0;
}

int
booking_edit_passenger(struct booking_service *service,
    const struct request_context *ctx, const struct booking_change *change,
    const char *passenger_id, const struct passenger *fields,
    struct booking **booking, struct passenger **edited, struct err *err)
{
	struct change_work work = {
		.service = service,
		.ctx = ctx,
		.change = change,
		.action = ACTION_CHANGE,
		.plan = plan,
		.passenger_id = passenger_id,
		.fields = fields,
	};

	if (booking_change_run(&work, err) != 0)
		return -1;
	*booking = work.changed;
	*edited = find_passenger(work.changed, passenger_id);
	return 0;
}
