#include "controller/seat_controller.h"

#include <string.h>

#include "controller/present.h"
#include "model/booking_errors.h"
#include "service/seat_map.h"

/* A name that no flight can have is a flight that there is not. */
static int
list_seats(struct call *call, struct err *err)
{
	const char *flight_id = call_parameter(call, 0);
	struct seat_map map;
	struct json_out out;

	if (!flight_id_valid(flight_id, strlen(flight_id)))
		return err_set_public(err, &FLIGHT_UNAVAILABLE,
		    "Flight %.64s does not exist", flight_id);
	if (seat_map_get(
		call->api->bookings, &call->ctx, flight_id, &map, err) != 0)
		return -1;
	present_begin(call->response, 200, &out);
	json_put_text(&out, "flight_id", map.flight_id);
	present_told(&out, "flight_number", map.flight_number);
	json_put_int(&out, "total", (int64_t)map.total);
	json_put_int(&out, "available", map.available);
	json_begin_array(&out, "seats");
	for (size_t i = 0; i < map.total; i++) {
		json_begin_object(&out, NULL);
		json_put_text(&out, "seat_number", map.seats[i].number);
		json_put_bool(&out, "is_available", map.seats[i].is_available);
		json_end_object(&out);
	}
	json_end_array(&out);
	present_end(&out, NULL);
	return 0;
}

const struct action SEAT_LIST = { ACCESS_SIGNED_IN, list_seats };
