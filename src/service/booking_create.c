/*
 * Creating a booking: one transaction of five statements, recognised when it
 * is repeated.
 *
 * A repeated request is not looked for beforehand. Its key is unique in the
 * bookings table, so the second insert fails, and only then, or when anything
 * else has refused the request, the earlier booking is looked up: an ordinary
 * booking pays nothing for it, and two that run at once cannot both succeed.
 */
#include <string.h>

#include "core/log.h"
#include "core/money.h"
#include "model/booking_errors.h"
#include "model/phase.h"
#include "service/creation.h"

#define MINUTE_MS (60 * 1000LL)

static void
copy_digest(uint8_t out[REQUEST_KEY_BYTES], const struct digest *digest)
{
	memcpy(out, digest->bytes, REQUEST_KEY_BYTES);
}

/* The key is the user's and the header's, or the user's and the body's. */
static void
make_request_key(struct creation *work)
{
	const struct booking_request *request = work->request;
	const char *kind = work->keyed ? "key" : "body";
	const struct digest_part parts[] = {
		{ kind, strlen(kind) },
		{ work->caller->user_id, strlen(work->caller->user_id) },
		{ work->keyed ? (const void *)request->idempotency_key
			      : request->canonical_body.bytes,
		    work->keyed ? strlen(request->idempotency_key)
				: DIGEST_BYTES },
	};
	struct digest key = digest_of_parts(parts, ARRAY_LEN(parts));

	copy_digest(work->key.key, &key);
	copy_digest(work->key.fingerprint, &request->canonical_body);
}

bool
creation_has_key(const struct creation *work)
{
	return work->keyed || work->service->rules->duplicate_window_s > 0;
}

int
booking_claim(struct booking_service *service, const char *sender,
    const struct booking_request *request, struct err *err)
{
	const char *key = request->idempotency_key;
	struct digest_part parts[2];
	struct digest digest;
	uint64_t claim;

	if (key == NULL)
		return 0;
	parts[0] = (struct digest_part){ sender, strlen(sender) };
	parts[1] = (struct digest_part){ key, strlen(key) };
	digest = digest_of_parts(parts, ARRAY_LEN(parts));
	memcpy(&claim, digest.bytes, sizeof(claim));
	if (!scoreboard_claim(service->board, service->slot, claim | 1))
		return err_set(
		    err, &REQUEST_IN_PROGRESS, "claimed by another worker");
	return 0;
}

static int
prepare_booking(struct creation *work, struct err *err)
{
	const struct booking_request *request = work->request;
	struct booking_service *service = work->service;
	struct arena *arena = work->ctx->arena;
	int64_t hold = service->rules->hold_minutes;
	/* Ids sort by the time at which bookings were created. */
	struct uuid id = uuid_make();
	int64_t now_ms = uuid_time_ms(&id);
	struct booking *booking = arena_alloc(arena, sizeof(*booking));
	char *reference = arena_alloc(arena, REFERENCE_SIZE);

	if (reference_repo_next(
		service->db, &service->references, now_ms, reference, err) != 0)
		return -1;
	*booking = (struct booking){
		.id = id,
		.reference = reference,
		.user_id = work->caller->user_id,
		.flight_id = request->flight_id,
		.status = BOOKING_CREATED,
		.version = 1,
		.currency = work->flight->currency,
		.special_requests = request->special_requests,
		.departure_ms = work->flight->departure_ms,
		.created_at_ms = now_ms,
		.updated_at_ms = now_ms,
		.confirmed_at_ms = -1,
		.cancelled_at_ms = -1,
		.expires_at_ms = hold > 0 ? now_ms + hold * MINUTE_MS : -1,
		.flight = *work->flight,
		.flight_changed_at_ms = -1,
		.passengers = request->passengers,
		.passenger_count = request->passenger_count,
	};
	if (money_multiply(work->flight->price_cents,
		(unsigned)request->passenger_count, &booking->total_cents) != 0)
		return err_set(err, &FLIGHT_SERVICE_UNAVAILABLE,
		    "price times passengers is out of range");
	for (size_t i = 0; i < booking->passenger_count; i++)
		booking->passengers[i].id = uuid_make();
	work->booking = booking;
	return 0;
}

static int
attempt(struct creation *work, struct flight_fetch *fetch, struct err *err)
{
	struct flight *flight = arena_alloc(work->ctx->arena, sizeof(*flight));
	int rc;

	if (creation_obtain_flight(work, fetch, flight, err) != 0 ||
	    prepare_booking(work, err) != 0)
		return -1;
	seat_search_begin(&work->seats, work->service->hints, work->ctx->arena,
	    work->booking, &work->request->wishes, !fetch->names_missing);
	rc = creation_commit(work, err);
	seat_search_settle(&work->seats, rc == 0);
	return rc;
}

static void
publish(struct creation *work, struct booking_result *result)
{
	struct booking_service *service = work->service;
	struct err err;

	result->booking = work->booking;
	result->replayed = false;
	result->notice_sent =
	    outbox_send(service->outbox, work->ctx, &work->event, true);
	if (result->notice_sent || !creation_has_key(work))
		return;
	err_clear(&err);
	scoreboard_phase(service->slot, PHASE_DB);
	if (booking_repo_defer_notice(service->db, &work->booking->id, &err) !=
	    0)
		log_err("notice_not_remembered", &err);
}

int
booking_create(struct booking_service *service,
    const struct request_context *ctx, const struct caller *caller,
    const struct booking_request *request, struct flight_fetch *fetch,
    struct booking_result *result, struct err *err)
{
	struct creation work = {
		.service = service,
		.ctx = ctx,
		.caller = caller,
		.request = request,
		.keyed = request->idempotency_key != NULL,
	};
	bool again = false;

	make_request_key(&work);
	if (attempt(&work, fetch, err) != 0) {
		if (creation_resolve_failure(&work, result, &again, err) != 0)
			return -1;
		if (!again)
			return 0;
		if (attempt(&work, fetch, err) != 0)
			return -1;
	}
	publish(&work, result);
	return 0;
}
