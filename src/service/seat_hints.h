/*
 * Where a flight's free seats begin, as far as this pool knows: in shared
 * memory, so that workers that sell the same flight take different seats
 * instead of looking for them, and do not wait for each other.
 *
 * A hint is a guess and never a promise: the sale checks each seat, and a miss
 * makes the transaction start anew with a look at the table. Seats that become
 * free below a hint are found because a cancellation and, every few seconds,
 * the clock send the next booking to look from the beginning.
 */
#ifndef SERVICE_SEAT_HINTS_H
#define SERVICE_SEAT_HINTS_H

#include "model/flight.h"

struct seat_hints;

/* Maps shared memory, before the fork; NULL when the kernel refuses. */
struct seat_hints *seat_hints_create(void);

/* Takes `count` neighbouring positions for this booking alone: true with the
 * first of them. False when there is no hint, when it is time to look, or when
 * the flight's end is near. hints may be NULL. */
bool seat_hints_take(struct seat_hints *hints, const struct flight *flight,
    unsigned count, unsigned *first);
/* A look from the beginning found its seats at [first, last]. */
void seat_hints_found(struct seat_hints *hints, const char *flight_id,
    unsigned first, unsigned last);
/* A guess missed, or a seat became free: look next time. */
void seat_hints_doubt(struct seat_hints *hints, const char *flight_id);

#endif
