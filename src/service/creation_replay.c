#include <string.h>

#include "core/money.h"
#include "model/booking_errors.h"
#include "service/creation.h"
#include "json/json_in.h"

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

int
creation_resolve_failure(struct creation *work, struct booking_result *result,
    bool *again, struct err *err)
{
	struct booking_service *service = work->service;
	struct earlier_booking earlier;
	struct err lookup;

	*again = false;
	err_clear(&lookup);
	if (!creation_has_key(work) ||
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
