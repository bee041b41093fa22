/*
 * The lifecycle as an edge table: CREATED -> CONFIRMED -> CANCELLED, and
 * CREATED -> CANCELLED (seed, "Managing Booking States").
 */
#ifndef MODEL_BOOKING_STATE_H
#define MODEL_BOOKING_STATE_H

#include "model/event.h"

struct booking_edge {
	enum booking_status from, to;
	enum event_type event;
};

/* The edge, or NULL when the lifecycle has none. */
const struct booking_edge *booking_edge(
    enum booking_status from, enum booking_status to);

#endif
