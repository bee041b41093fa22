/*
 * The seats of a flight and which of them are free (contract section 2).
 */
#ifndef SERVICE_SEAT_MAP_H
#define SERVICE_SEAT_MAP_H

#include "service/booking_service.h"

struct seat_map {
	const char *flight_id;
	const char *flight_number; /* "" when the Flight service told none */
	struct seat_place *seats;
	size_t total;
	/* What can be booked: the fewer of the seats that are free here and
	 * those that the Flight service still sells. */
	int64_t available;
};

/*
 * From the local inventory, or from the Flight service for a flight that
 * nobody booked yet: FLIGHT_UNAVAILABLE when there is no such flight. With an
 * inventory it answers without the Flight service.
 */
int seat_map_get(struct booking_service *service,
    const struct request_context *ctx, const char *flight_id,
    struct seat_map *map, struct err *err) MUST_CHECK;

#endif
