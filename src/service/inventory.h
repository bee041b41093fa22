/*
 * The local inventory of a flight: its stored snapshot and its seats, made at
 * the flight's first booking, growing with the flight, never shrinking
 * (contract section 3).
 *
 * A pool remembers which snapshots one of its workers has seen stored, so that
 * an ordinary booking asks the database nothing.
 */
#ifndef SERVICE_INVENTORY_H
#define SERVICE_INVENTORY_H

#include "db/db.h"
#include "model/flight.h"
#include "model/request_context.h"

struct inventory;

/* Maps what is known, shared memory, before the fork; NULL when the kernel
 * refuses. */
struct inventory *inventory_create(void);

/* True when this very snapshot is known to be stored, seats included. */
bool inventory_is_stored(
    const struct inventory *inventory, const struct flight *flight);
/* Stores the snapshot, adds missing seats and carries what changed over to the
 * flight's bookings, in a transaction of its own; not in place of one that was
 * told later. The flight's seat names must be set if it has any. */
int inventory_store(struct inventory *inventory, struct db *db,
    const struct request_context *ctx, const struct flight *flight,
    struct err *err) MUST_CHECK;

#define INVENTORY_CATCH_UP_BATCH 20

/* Bookings made with a flight as it was before its last change, from a cache or
 * beside the change, get what it is now: of at most INVENTORY_CATCH_UP_BATCH
 * flights that changed since then. *flights: of how many. */
int inventory_catch_up(struct db *db, struct arena *arena, int64_t since_ms,
    size_t *flights, struct err *err) MUST_CHECK;

#endif
