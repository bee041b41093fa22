#include "model/booking_errors.h"
#include "model/phase.h"
#include "service/creation.h"

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

int
creation_obtain_flight(struct creation *work, struct flight_fetch *fetch,
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
