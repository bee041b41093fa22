#include "gateway/flight_gateway.h"

#include <string.h>

#include "core/text.h"
#include "gateway/flight_answer.h"
#include "model/booking_errors.h"
#include "rest/rest_url.h"

/* A flight as the cache holds it: no pointers, no seat names. */
struct cached_flight {
	int64_t departure_ms, arrival_ms, price_cents, available_seats,
	    seen_at_ms;
	uint32_t total_seats;
	uint32_t has_seat_names;
	char currency[4];
	/* flight_number, airline, origin, destination, status: texts in a
	 * row, each ended by NUL. */
	char texts[FLIGHT_CACHE_VALUE_BYTES - 5 * 8 - 2 * 4 - 4];
};

_Static_assert(sizeof(struct cached_flight) == FLIGHT_CACHE_VALUE_BYTES,
    "the cache's slots fit the value");

static const size_t TEXT_OFFSETS[] = {
	offsetof(struct flight, flight_number),
	offsetof(struct flight, airline),
	offsetof(struct flight, origin),
	offsetof(struct flight, destination),
	offsetof(struct flight, status),
};

static const char **
text_at(struct flight *flight, size_t index)
{
	return (const char **)(void *)((char *)flight + TEXT_OFFSETS[index]);
}

static bool
take_cached(struct flight_gateway *gateway, const struct request_context *ctx,
    struct flight_fetch *fetch)
{
	struct cached_flight cached;
	struct flight *flight = &fetch->flight;
	const char *text = cached.texts;

	if (gateway->cache == NULL || gateway->cache_ms <= 0 ||
	    shared_cache_get(gateway->cache, fetch->flight_id,
		strlen(fetch->flight_id), &cached,
		sizeof(cached)) != (int)sizeof(cached))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(TEXT_OFFSETS); i++) {
		*text_at(flight, i) = arena_strdup(ctx->arena, text);
		text += strlen(text) + 1;
	}
	flight->flight_id = fetch->flight_id;
	flight->departure_ms = cached.departure_ms;
	flight->arrival_ms = cached.arrival_ms;
	flight->price_cents = cached.price_cents;
	flight->available_seats = cached.available_seats;
	flight->seen_at_ms = cached.seen_at_ms;
	flight->total_seats = cached.total_seats;
	flight->currency = arena_strdup(ctx->arena, cached.currency);
	flight->seat_names = NULL;
	fetch->names_missing = cached.has_seat_names != 0;
	fetch->decided = true;
	return true;
}

static void
keep_cached(struct flight_gateway *gateway, struct flight *flight)
{
	struct cached_flight cached;
	size_t used = 0;

	if (gateway->cache == NULL)
		return;
	memset(&cached, 0, sizeof(cached));
	for (size_t i = 0; i < ARRAY_LEN(TEXT_OFFSETS); i++) {
		const char *text = *text_at(flight, i);
		size_t size = strlen(text) + 1;

		if (used + size > sizeof(cached.texts))
			return;
		memcpy(cached.texts + used, text, size);
		used += size;
	}
	cached.departure_ms = flight->departure_ms;
	cached.arrival_ms = flight->arrival_ms;
	cached.price_cents = flight->price_cents;
	cached.available_seats = flight->available_seats;
	cached.seen_at_ms = flight->seen_at_ms;
	cached.total_seats = flight->total_seats;
	cached.has_seat_names = flight->seat_names != NULL;
	text_copy(cached.currency, sizeof(cached.currency), flight->currency);
	shared_cache_put(gateway->cache, flight->flight_id,
	    strlen(flight->flight_id), &cached, sizeof(cached),
	    gateway->cache_ms);
}

void
flight_begin(struct flight_gateway *gateway, const struct request_context *ctx,
    const char *flight_id, bool fresh, struct flight_fetch *fetch)
{
	memset(fetch, 0, sizeof(*fetch));
	fetch->flight_id = flight_id;
	fetch->asked_at_ms = clock_wall_ms();
	if (!fresh && take_cached(gateway, ctx, fetch))
		return;
	fetch->headers[0] =
	    (struct rest_header){ "X-Request-Id", ctx->request_id };
	fetch->headers[1] =
	    (struct rest_header){ "traceparent", ctx->traceparent };
	fetch->call = (struct rest_call){
		.url = arena_printf(ctx->arena, "%s/flights/%s",
		    gateway->service_url,
		    rest_encode_segment(ctx->arena, flight_id)),
		.headers = fetch->headers,
		.header_count = ARRAY_LEN(fetch->headers),
		.timeout_ms = gateway->timeout_ms,
		.breaker = gateway->breaker,
	};
}

static int
unavailable(struct err *err, const char *why)
{
	return err_set(
	    err, &FLIGHT_SERVICE_UNAVAILABLE, "flight service: %s", why);
}

static int
no_such_flight(struct err *err, const char *flight_id)
{
	return err_set_public(
	    err, &FLIGHT_UNAVAILABLE, "Flight %s does not exist", flight_id);
}

static int
read_answer(const struct request_context *ctx, struct flight_fetch *fetch,
    struct flight *flight, struct err *err)
{
	const struct rest_call *call = &fetch->call;
	const struct json_value *root = NULL, *answer;
	const char *id;
	bool success;
	struct err why;

	if (call->status == 404)
		return no_such_flight(err, fetch->flight_id);
	if (call->status != 200)
		return err_set(err, &FLIGHT_SERVICE_UNAVAILABLE,
		    "flight service answered %d", call->status);
	if (json_parse(ctx->arena, call->body, call->body_len, &root, &why) !=
	    0)
		return unavailable(
		    err, arena_printf(ctx->arena, "answer is not JSON: %s",
			     why.details));
	if (json_bool(json_get(root, "success"), &success) != 0 || !success)
		return unavailable(err, "answer is not a success");
	answer = json_get(root, "data");
	if (json_type_of(answer) == JSON_NULL)
		return no_such_flight(err, fetch->flight_id);
	if (json_type_of(answer) != JSON_OBJECT)
		return unavailable(err, "`data` is not an object");
	id = flight_answer_id(answer);
	if (id != NULL && strcmp(id, fetch->flight_id) != 0)
		return no_such_flight(err, fetch->flight_id);
	return flight_answer_read(
	    ctx->arena, fetch->flight_id, answer, flight, err);
}

int
flight_finish(struct flight_gateway *gateway, const struct request_context *ctx,
    struct flight_fetch *fetch, struct flight *flight, struct err *err)
{
	if (fetch->decided) {
		*flight = fetch->flight;
		return 0;
	}
	if (fetch->call.outcome != 0)
		return unavailable(err, fetch->call.err.cause);
	if (read_answer(ctx, fetch, flight, err) != 0)
		return -1;
	flight->seen_at_ms = fetch->asked_at_ms;
	keep_cached(gateway, flight);
	return 0;
}
