/*
 * Creating a booking: one transaction of five statements, recognised when it
 * is repeated.
 *
 * A repeated request is not looked for beforehand. Its key is unique in the
 * bookings table, so the second insert fails, and only then, or when anything
 * else has refused the request, the earlier booking is looked up: an ordinary
 * booking pays nothing for it, and two that run at once cannot both succeed.
 */
#include <assert.h>
#include <string.h>

#include "core/log.h"
#include "core/money.h"
#include "db/transaction.h"
#include "model/booking_errors.h"
#include "model/phase.h"
#include "repository/create_repo.h"
#include "service/booking_service.h"
#include "service/hold_expiry.h"
#include "json/json_in.h"

#define MINUTE_MS (60 * 1000LL)

struct creation {
	struct booking_service *service;
	const struct request_context *ctx;
	const struct caller *caller;
	const struct booking_request *request;
	const struct flight *flight;
	struct request_key key;
	bool keyed; /* by a header, else by the body alone */
	struct booking *booking;
	struct seat_search seats;
	struct booking_event event;
};

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

/* Whether the request is recognised when it comes again. */
static bool
has_key(const struct creation *work)
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
check_flight(const struct creation *work, struct err *err)
{
	const struct flight *flight = work->flight;
	size_t wanted = work->request->passenger_count;

	if (!flight_is_operating(flight))
		return err_set_public(err, &FLIGHT_UNAVAILABLE,
		    "Flight %s is cancelled", flight->flight_id);
	if (flight->departure_ms <= clock_wall_ms())
		return err_set_public(err, &FLIGHT_UNAVAILABLE,
		    "Flight %s has departed", flight->flight_id);
	if (flight->available_seats >= 0 &&
	    (size_t)flight->available_seats < wanted)
		return err_set_public(err, &FLIGHT_UNAVAILABLE,
		    "Flight %s has only %lld seat%s available but %zu "
		    "passenger%s requested",
		    flight->flight_id, (long long)flight->available_seats,
		    flight->available_seats == 1 ? "" : "s", wanted,
		    wanted == 1 ? "" : "s");
	return 0;
}

/* The flight, fetched anew if its seats have names that the cache lacks. */
static int
obtain_flight(struct creation *work, struct flight_fetch *fetch,
    struct flight *flight, struct err *err)
{
	struct booking_service *service = work->service;
	struct rest_call *call = &fetch->call;

	if (flight_finish(service->flights, work->ctx, fetch, flight, err) != 0)
		return -1;
	work->flight = flight;
	if (check_flight(work, err) != 0)
		return -1;
	if (inventory_is_stored(service->inventory, flight))
		return 0;
	if (fetch->decided && fetch->names_missing) {
		flight_begin(
		    service->flights, work->ctx, fetch->flight_id, true, fetch);
		rest_perform(service->rest, work->ctx->arena, call, 1,
		    work->ctx->deadline);
		if (flight_finish(
			service->flights, work->ctx, fetch, flight, err) != 0)
			return -1;
	}
	scoreboard_phase(service->slot, PHASE_DB);
	return inventory_store(
	    service->inventory, service->db, work->ctx, flight, err);
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

static void
prepare_event(struct creation *work)
{
	const struct booking *booking = work->booking;

	assert(booking != NULL);
	work->event = (struct booking_event){
		.id = uuid_make(),
		.booking_id = booking->id,
		.sequence = booking->version,
		.type = EVENT_CREATED,
		.from_status = EVENT_NO_STATUS,
		.to_status = BOOKING_CREATED,
		.actor = work->caller->user_id,
		.request_id = work->ctx->request_id,
		.traceparent = work->ctx->traceparent,
		.occurred_at_ms = booking->created_at_ms,
	};
	event_write_payload(work->ctx->arena, &work->event, booking, NULL);
}

/* After the insert, so that of two that are made at once each waits for the
 * other and one of them counts both. */
static int
check_open_holds(const struct creation *work, struct db *db, struct err *err)
{
	int64_t most = work->service->rules->max_open_holds;
	unsigned open = 0;

	if (most == 0)
		return 0;
	if (hold_repo_count_open(db, work->ctx->arena, work->caller->user_id,
		work->booking->created_at_ms, &open, err) != 0)
		return -1;
	if (open > most)
		return err_set_public(err, &TOO_MANY_HOLDS,
		    "A user may have %lld unpaid booking%s at a time",
		    (long long)most, most == 1 ? "" : "s");
	return 0;
}

static int
create_in_transaction(struct db *db, void *context, struct err *err)
{
	struct creation *work = context;
	struct arena *arena = work->ctx->arena;
	struct booking *booking = work->booking;

	if (seat_search_next(&work->seats, db, err) != 0 ||
	    booking_repo_insert(db, arena, booking,
		has_key(work) ? &work->key : NULL, err) != 0 ||
	    booking_repo_insert_passengers(db, booking, err) != 0 ||
	    seat_repo_take(db, booking, err) != 0 ||
	    check_open_holds(work, db, err) != 0)
		return -1;
	prepare_event(work);
	return event_repo_insert(db, &work->event, err);
}

/* All of it in one round trip, when there is a guess and the server can; its
 * conflict means that the seats have to be looked for. */
static int
create_at_once(struct creation *work, bool *tried, struct err *err)
{
	struct booking_service *service = work->service;
	struct arena *arena = work->ctx->arena;

	*tried = false;
	if (service->rules->max_open_holds > 0 ||
	    !create_repo_is_able(service->db) ||
	    !seat_search_guess(&work->seats))
		return -1;
	*tried = true;
	prepare_event(work);
	return create_repo_run(service->db, arena, work->booking,
	    has_key(work) ? &work->key : NULL, &work->event, err);
}

/* Whether a booking whose COMMIT is in doubt is there after all. */
static int
look_up(const struct creation *work, bool *exists)
{
	struct err failure;

	err_clear(&failure);
	return booking_repo_lock(work->service->db, work->ctx->arena,
	    &work->booking->id, exists, &failure);
}

/* What ended the one round trip unseen did nothing if the booking is not
 * there; should it come later all the same, the two have one id. */
static int
commit_booking(struct creation *work, struct err *err)
{
	struct db *db = work->service->db;
	bool tried, exists = false;

	scoreboard_phase(work->service->slot, PHASE_DB);
	if (create_at_once(work, &tried, err) == 0)
		return 0;
	if (tried && err_is(err, &ERR_UNKNOWN_OUTCOME)) {
		if (look_up(work, &exists) != 0)
			return -1;
		if (exists)
			return 0;
	} else if (tried && !err_is(err, &ERR_CONFLICT)) {
		return -1;
	}
	err_clear(err);
	if (db_transaction(
		db, work->ctx->deadline, create_in_transaction, work, err) == 0)
		return 0;
	if (!err_is(err, &ERR_UNKNOWN_OUTCOME) || look_up(work, &exists) != 0 ||
	    !exists)
		return -1;
	return 0;
}

static bool
lacks_seats(const struct err *err)
{
	return err_is(err, &SEAT_UNAVAILABLE) ||
	       err_is(err, &FLIGHT_UNAVAILABLE);
}

/* A hold that has run out counts as free, whether it was swept or not: when
 * seats are missing, such holds are ended and the seats looked for again. */
static int
commit_reclaiming(struct creation *work, struct err *err)
{
	const struct booking_request *request = work->request;

	while (commit_booking(work, err) != 0) {
		size_t expired = 0;
		struct err failure;

		err_clear(&failure);
		if (!lacks_seats(err) ||
		    hold_reclaim(work->service, work->ctx, request->flight_id,
			&request->wishes, &expired, &failure) != 0 ||
		    expired == 0)
			return -1;
		err_clear(err);
	}
	return 0;
}

static int
attempt(struct creation *work, struct flight_fetch *fetch, struct err *err)
{
	struct flight *flight = arena_alloc(work->ctx->arena, sizeof(*flight));
	int rc;

	if (obtain_flight(work, fetch, flight, err) != 0 ||
	    prepare_booking(work, err) != 0)
		return -1;
	seat_search_begin(&work->seats, work->service->hints, work->ctx->arena,
	    work->booking, &work->request->wishes, !fetch->names_missing);
	rc = commit_reclaiming(work, err);
	seat_search_settle(&work->seats, rc == 0);
	return rc;
}

/* The seats as the first answer told them. */
static void
read_seats(struct arena *arena, const struct json_value *payload,
    struct booking *booking)
{
	const struct json_value *seats = json_get(payload, "seats");

	booking->passenger_count = json_length(seats);
	booking->passengers = arena_array(
	    arena, booking->passenger_count, sizeof(*booking->passengers));
	for (size_t i = 0; i < booking->passenger_count; i++)
		booking->passengers[i].seat_number =
		    json_string(json_at(seats, i), NULL);
}

static int64_t
read_time(const struct json_value *payload, const char *key)
{
	const char *text = json_string(json_get(payload, key), NULL);
	int64_t wall_ms;

	return text != NULL && clock_parse(text, &wall_ms) == 0 ? wall_ms : -1;
}

/* The booking as it was created, from its first event: the same answer again,
 * whatever has become of the booking since. */
static int
restore_created(struct creation *work, const struct earlier_booking *earlier,
    struct booking_result *result, struct err *err)
{
	struct arena *arena = work->ctx->arena;
	struct booking *booking = arena_alloc(arena, sizeof(*booking));
	const struct json_value *payload = NULL;
	const char *text, *price;

	if (event_repo_created_payload(
		work->service->db, arena, &earlier->id, &text, err) != 0)
		return -1;
	if (text == NULL ||
	    json_parse(arena, text, strlen(text), &payload, err) != 0)
		return err_set(
		    err, &ERR_INTERNAL, "a booking lacks its first event");
	price = json_number_text(json_get(payload, "total_price"));
	if (price == NULL ||
	    money_parse(price, strlen(price), &booking->total_cents) != 0)
		return err_set(
		    err, &ERR_INTERNAL, "a first event lacks its price");
	booking->id = earlier->id;
	booking->reference =
	    json_string(json_get(payload, "booking_reference"), NULL);
	booking->user_id = json_string(json_get(payload, "user_id"), NULL);
	booking->flight_id = json_string(json_get(payload, "flight_id"), NULL);
	booking->currency = json_string(json_get(payload, "currency"), NULL);
	booking->status = BOOKING_CREATED;
	booking->version = 1;
	booking->flight_changed_at_ms = -1;
	booking->created_at_ms = read_time(payload, "created_at");
	booking->expires_at_ms = read_time(payload, "expires_at");
	read_seats(arena, payload, booking);
	result->booking = booking;
	result->notice_sent = !earlier->notice_deferred;
	result->replayed = true;
	return 0;
}

/* Whether the earlier booking still answers for its key. */
static bool
is_current(const struct creation *work, const struct earlier_booking *earlier)
{
	int64_t age_ms = clock_wall_ms() - earlier->created_at_ms;

	if (work->keyed)
		return age_ms < IDEMPOTENCY_KEY_MS;
	return earlier->status != BOOKING_CANCELLED &&
	       age_ms < work->service->rules->duplicate_window_s * 1000;
}

/*
 * What became of a failed attempt: 0 with *result when an earlier request had
 * made the booking; -1 with the error to answer. *again is set when the key
 * belonged to a booking that no longer counts and is free now.
 */
static int
resolve_failure(struct creation *work, struct booking_result *result,
    bool *again, struct err *err)
{
	struct booking_service *service = work->service;
	struct earlier_booking earlier;
	struct err lookup;

	*again = false;
	err_clear(&lookup);
	if (!has_key(work) ||
	    booking_repo_find_earlier(service->db, work->ctx->arena, &work->key,
		&earlier, &lookup) != 0 ||
	    !earlier.found)
		return -1;
	if (!is_current(work, &earlier)) {
		if (!err_is(err, &ERR_DUPLICATE))
			return -1;
		*again = true;
		return booking_repo_release_key(
		    service->db, &work->key, &earlier.id, err);
	}
	if (memcmp(earlier.fingerprint, work->key.fingerprint,
		REQUEST_KEY_BYTES) != 0)
		return err_set(err, &IDEMPOTENCY_KEY_REUSED,
		    "the key belongs to another body");
	return restore_created(work, &earlier, result, err);
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
	if (result->notice_sent || !has_key(work))
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
		if (resolve_failure(&work, result, &again, err) != 0)
			return -1;
		if (!again)
			return 0;
		if (attempt(&work, fetch, err) != 0)
			return -1;
	}
	publish(&work, result);
	return 0;
}
