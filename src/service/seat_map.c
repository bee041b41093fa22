#include "service/seat_map.h"

#include <string.h>

#include "model/booking_errors.h"
#include "model/phase.h"
#include "repository/flight_repo.h"

static int64_t
fewer(int64_t free_here, int64_t sold_there)
{
	return sold_there >= 0 && sold_there < free_here ? sold_there
							 : free_here;
}

/* The flight as the Flight service tells it; seat names if it has any. */
static int
fetch(struct booking_service *service, const struct request_context *ctx,
    const char *flight_id, bool with_names, struct flight *flight,
    struct err *err)
{
	struct flight_fetch begun;

	scoreboard_phase(service->slot, PHASE_FLIGHT);
	flight_begin(service->flights, ctx, flight_id, false, &begun);
	if (begun.decided && begun.names_missing && with_names)
		flight_begin(service->flights, ctx, flight_id, true, &begun);
	if (!begun.decided)
		rest_perform(
		    service->rest, ctx->arena, &begun.call, 1, ctx->deadline);
	return flight_finish(service->flights, ctx, &begun, flight, err);
}

static void
fill_from_flight(
    struct arena *arena, const struct flight *flight, struct seat_map *map)
{
	char *number;

	map->flight_number = flight->flight_number;
	map->total = flight->total_seats;
	map->seats = arena_array(arena, map->total, sizeof(*map->seats));
	number = arena_array(arena, map->total, SEAT_NUMBER_SIZE);
	for (unsigned i = 0; i < flight->total_seats; i++) {
		map->seats[i].number = flight_seat_number(flight, i, number);
		number += SEAT_NUMBER_SIZE;
		map->seats[i].is_available = true;
	}
	map->available = fewer(flight->total_seats, flight->available_seats);
}

static int
read_inventory(struct booking_service *service,
    const struct request_context *ctx, const struct flight *stored,
    struct seat_map *map, struct err *err)
{
	map->flight_number = stored->flight_number;
	if (seat_repo_all(service->db, ctx->arena, stored->flight_id,
		&map->seats, &map->total, err) != 0)
		return -1;
	for (size_t i = 0; i < map->total; i++)
		map->available += map->seats[i].is_available;
	return 0;
}

int
seat_map_get(struct booking_service *service, const struct request_context *ctx,
    const char *flight_id, struct seat_map *map, struct err *err)
{
	struct flight *stored = NULL;
	struct flight flight;
	struct err why;

	*map = (struct seat_map){ .flight_id = flight_id };
	scoreboard_phase(service->slot, PHASE_DB);
	if (flight_repo_find(
		service->db, ctx->arena, flight_id, &stored, err) != 0)
		return -1;
	if (stored == NULL) {
		if (fetch(service, ctx, flight_id, true, &flight, err) != 0)
			return -1;
		fill_from_flight(ctx->arena, &flight, map);
		return 0;
	}
	if (read_inventory(service, ctx, stored, map, err) != 0)
		return -1;
	err_clear(&why);
	if (fetch(service, ctx, flight_id, false, &flight, &why) == 0)
		map->available = fewer(map->available, flight.available_seats);
	return 0;
}
