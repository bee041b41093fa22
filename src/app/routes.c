#include "app/routes.h"

#include "controller/booking_controller.h"
#include "controller/change_controller.h"
#include "controller/health_controller.h"
#include "controller/list_controller.h"
#include "controller/openapi_controller.h"
#include "controller/seat_controller.h"

#define BOOKINGS "/api/v1/bookings"

/* clang-format off */
const struct route ROUTES[] = {
	{ HTTP_POST, BOOKINGS, "booking.create", &BOOKING_CREATE },
	{ HTTP_GET, BOOKINGS, "booking.list", &LIST_ALL },
	{ HTTP_GET, BOOKINGS "/user/{userId}", "booking.list_user",
	    &LIST_USER },
	{ HTTP_GET, BOOKINGS "/seats/{flightId}", "seat.list", &SEAT_LIST },
	{ HTTP_GET, BOOKINGS "/{id}", "booking.get", &BOOKING_GET },
	{ HTTP_DELETE, BOOKINGS "/{id}", "booking.cancel", &BOOKING_CANCEL },
	{ HTTP_POST, BOOKINGS "/{id}/confirm", "booking.confirm",
	    &BOOKING_CONFIRM },
	{ HTTP_POST, BOOKINGS "/{id}/extend", "booking.extend",
	    &BOOKING_EXTEND },
	{ HTTP_GET, BOOKINGS "/{id}/history", "booking.history",
	    &BOOKING_HISTORY },
	{ HTTP_PATCH, BOOKINGS "/{id}/passengers/{passengerId}",
	    "passenger.edit", &PASSENGER_EDIT },
	{ HTTP_GET, "/api/v1/openapi.json", "openapi", &OPENAPI_GET },
	{ HTTP_GET, "/health", "health", &HEALTH_LIVE },
	{ HTTP_GET, "/health/live", "health.live", &HEALTH_LIVE },
	{ HTTP_GET, "/health/ready", "health.ready", &HEALTH_READY },
	{ HTTP_GET, "/metrics", "metrics", &METRICS },
};
/* clang-format on */

const size_t ROUTE_COUNT = ARRAY_LEN(ROUTES);
