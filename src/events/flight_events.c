#include "events/flight_events.h"

#include <string.h>

#include "core/log.h"
#include "db/transaction.h"
#include "model/booking_errors.h"
#include "repository/hold_repo.h"
#include "json/json_in.h"

#define REASON_CANCELLED "flight_cancelled"
#define PAGE		 100
#define BOOKING_MS	 5000
#define BOOKING_BYTES	 (1024 * 1024)

struct flight_work {
	const struct flight_events *events;
	const struct request_context *ctx;
	const char *flight_id;
	struct arena *arena; /* of one booking */
	unsigned cancelled;
};

static int
read_flight_id(struct flight_work *work, const struct mq_delivery *delivery,
    struct err *err)
{
	const struct json_value *body = NULL, *id;
	struct err wrong;

	err_clear(&wrong);
	if (json_parse(work->ctx->arena, delivery->body, delivery->body_len,
		&body, &wrong) != 0 ||
	    json_type_of(body) != JSON_OBJECT)
		return err_set_public(
		    err, &MESSAGE_UNUSABLE, "the body is not one JSON object");
	id = json_get(body, "flight_id");
	work->flight_id = json_type_of(id) == JSON_INTEGER
			      ? json_number_text(id)
			      : json_string(id, NULL);
	if (work->flight_id == NULL || work->flight_id[0] == '\0' ||
	    strlen(work->flight_id) > FLIGHT_ID_MAX)
		return err_set_public(
		    err, &MESSAGE_UNUSABLE, "flight_id must be a text");
	return 0;
}

/* One that is cancelled already is as good. */
static int
cancel_one(struct flight_work *work, const struct uuid *id, struct err *err)
{
	char text[UUID_TEXT_SIZE];
	const struct booking_change change = {
		.id_or_reference = uuid_format(id, text),
		.reason = REASON_CANCELLED,
	};
	struct request_context ctx = *work->ctx;
	struct booking *booking;
	int result;

	ctx.arena = work->arena;
	ctx.deadline = deadline_in(BOOKING_MS);
	result =
	    booking_cancel(work->events->service, &ctx, &change, &booking, err);
	work->cancelled += result == 0;
	if (result != 0 && err_is(err, &CANNOT_CANCEL_BOOKING)) {
		err_clear(err);
		result = 0;
	}
	arena_reset(work->arena);
	if (work->events->alive != NULL)
		work->events->alive(work->events->alive_context);
	return result;
}

static int
cancel_status(
    struct flight_work *work, enum booking_status status, struct err *err)
{
	struct booking_versions page;
	struct uuid after = { { 0 } };

	do {
		if (hold_repo_on_flight(work->events->service->db,
			work->ctx->arena, work->flight_id, status, &after, PAGE,
			&page, err) != 0)
			return -1;
		for (size_t i = 0; i < page.count; i++) {
			if (cancel_one(work, &page.items[i].id, err) != 0)
				return -1;
			after = page.items[i].id;
		}
	} while (page.count == PAGE);
	return 0;
}

int
flight_events_handle(void *context, const struct request_context *ctx,
    struct message *message, struct err *err)
{
	struct flight_work work = { .events = context, .ctx = ctx };
	int result = -1;

	if (read_flight_id(&work, message->delivery, err) != 0)
		return -1;
	work.arena = arena_create(BOOKING_BYTES);
	/* What is created and then confirmed meanwhile is met as confirmed. */
	if (cancel_status(&work, BOOKING_CREATED, err) != 0 ||
	    cancel_status(&work, BOOKING_CONFIRMED, err) != 0)
		goto out;
	log_write(LOG_INFO, "flight_cancelled",
	    LOG_FIELDS(LOG_TEXT("flight_id", work.flight_id),
		LOG_NUM("bookings", work.cancelled)));
	result = db_transaction(work.events->service->db,
	    deadline_in(BOOKING_MS), message_note, message, err);
out:
	arena_free(work.arena);
	return result;
}
