#include "model/booking_state.h"

static const struct booking_edge EDGES[] = {
	{ BOOKING_CREATED, BOOKING_CONFIRMED, EVENT_CONFIRMED },
	{ BOOKING_CREATED, BOOKING_CANCELLED, EVENT_CANCELLED },
	{ BOOKING_CONFIRMED, BOOKING_CANCELLED, EVENT_CANCELLED },
};

const struct booking_edge *
booking_edge(enum booking_status from, enum booking_status to)
{
	for (size_t i = 0; i < ARRAY_LEN(EDGES); i++) {
		if (EDGES[i].from == from && EDGES[i].to == to)
			return &EDGES[i];
	}
	return NULL;
}
