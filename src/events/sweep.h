/*
 * What has to be done from time to time: cancelling unpaid bookings whose hold
 * has run out, showing them their flights as these are now, and forgetting what
 * nobody needs any more. In small batches; any number of sweepers may run.
 */
#ifndef EVENTS_SWEEP_H
#define EVENTS_SWEEP_H

#include "events/pace.h"
#include "service/booking_service.h"
#include "service/idempotency_sweep.h"

struct sweep_settings {
	int64_t retention_ms; /* 0: for ever */
	/* Bookings may be made with a flight that changed so long ago. */
	int64_t flight_age_ms;
};

struct sweep {
	const struct sweep_settings *settings;
	struct booking_service *service;
	struct arena *arena;	   /* reset by each step */
	int64_t next_retention_ms; /* monotonic */
	int64_t next_keys_ms;	   /* the same */
	int64_t next_flights_ms;   /* the same */
	struct uuid cursor;	   /* where the retention sweep has come to */
	struct idempotency_sweep keys;
	bool lost; /* the database, when last tried */
};

/* One batch of each kind that is due. */
void sweep_step(struct sweep *sweep, struct pace *pace);

#endif
