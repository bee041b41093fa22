/*
 * Flights from the Flight service (contract section 3), with names in
 * snake_case or as the family's existing services spell them, and a cache of
 * their metadata that all workers share.
 *
 * A fetch is begun and finished apart, so that its call can travel beside
 * another one.
 */
#ifndef GATEWAY_FLIGHT_GATEWAY_H
#define GATEWAY_FLIGHT_GATEWAY_H

#include "cache/shared_cache.h"
#include "model/flight.h"
#include "model/request_context.h"
#include "rest/rest_client.h"

/* Cached values are at most this long. */
#define FLIGHT_CACHE_VALUE_BYTES 640

struct flight_gateway {
	const char *service_url;
	int64_t timeout_ms;
	int64_t cache_ms;	    /* 0: no cache */
	struct shared_cache *cache; /* NULL: none */
	struct breaker *breaker;    /* NULL: none */
};

struct flight_fetch {
	const char *flight_id;
	int64_t asked_at_ms;
	bool decided; /* from the cache: no call is needed */
	struct flight flight;
	bool names_missing;    /* the flight has seat names, the cache not */
	struct rest_call call; /* to be performed unless decided */
	struct rest_header headers[2];
};

/* fresh: pass the cache over. Never fails; texts live in request memory. */
void flight_begin(struct flight_gateway *gateway,
    const struct request_context *ctx, const char *flight_id, bool fresh,
    struct flight_fetch *fetch);
/* Interprets the performed call: FLIGHT_UNAVAILABLE when there is no such
 * flight, FLIGHT_SERVICE_UNAVAILABLE for anything but a usable answer. Whether
 * the flight can be booked is the caller's question. */
int flight_finish(struct flight_gateway *gateway,
    const struct request_context *ctx, struct flight_fetch *fetch,
    struct flight *flight, struct err *err) MUST_CHECK;

#endif
