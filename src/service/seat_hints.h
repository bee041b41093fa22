/*
 * Where a flight's free seats begin, as far as this pool knows: in shared
 * memory, so that workers that sell the same flight take different seats
 * instead of looking for them, and do not wait for each other.
 *
 * A hint is a guess and never a promise: the sale checks each seat, and after a
 * miss the transaction starts anew. Seats that become free below a hint are
 * found because a cancellation and, every few seconds, the clock send the next
 * booking to look from the beginning, and it alone: the others go on. Should it
 * not book, it hands the look back by a doubt; the clock is for one that died.
 * While the others go on, a look keeps away from the last positions before the
 * hint: what is free there has been given to a booking that is about to lock
 * it, and that would then look in its turn and take what belongs to the next.
 */
#ifndef SERVICE_SEAT_HINTS_H
#define SERVICE_SEAT_HINTS_H

#include "model/flight.h"

struct seat_hints;

/* Maps shared memory, before the fork; NULL when the kernel refuses. */
struct seat_hints *seat_hints_create(void);

/* Around all that one booking does to get its seats: they tell whether others
 * are at work on the flight. hints may be NULL, here and below. */
void seat_hints_enter(struct seat_hints *hints, const char *flight_id);
void seat_hints_leave(struct seat_hints *hints, const char *flight_id);

/* Takes `count` neighbouring positions for this booking alone: true with the
 * first of them. False when there is no hint, when this booking is chosen to
 * look (*chosen, else untouched), or when the flight's end is near. */
bool seat_hints_take(struct seat_hints *hints, const struct flight *flight,
    unsigned count, unsigned *first, bool *chosen);
/* The same for one that has looked, or has missed once. */
bool seat_hints_go_on(struct seat_hints *hints, const struct flight *flight,
    unsigned count, unsigned *first);
/* A look finds seats that nobody else is about to lock below this position. */
unsigned seat_hints_settled(struct seat_hints *hints, const char *flight_id);
/* A look from the beginning found its seats at [first, last]. */
void seat_hints_found(struct seat_hints *hints, const char *flight_id,
    unsigned first, unsigned last);
/* A guess missed, a seat became free, or who was to look has not booked: look
 * next time. */
void seat_hints_doubt(struct seat_hints *hints, const char *flight_id);

#endif
