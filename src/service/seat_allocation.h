/*
 * Seats for the passengers of a new booking, inside its transaction (contract
 * section 2): named seats first, then the best free ones.
 *
 * No seat is ever sold twice: what is chosen here is sold by seat_repo_take,
 * which checks each row again, and a miss runs the transaction anew.
 */
#ifndef SERVICE_SEAT_ALLOCATION_H
#define SERVICE_SEAT_ALLOCATION_H

#include "db/db.h"
#include "model/booking.h"
#include "service/seat_hints.h"

struct seat_wishes {
	const char *const *preferences; /* upper case, distinct */
	size_t preference_count;
	bool allow_other_seats;
};

/* Sets the passengers' seats to what the hints guess, without asking the
 * database; `again` after a miss. False when there is nothing to guess by, and
 * when this booking is the one to look. */
bool seat_allocation_guess(struct seat_hints *hints, struct arena *arena,
    struct booking *booking, const struct seat_wishes *wishes, bool again);
/* Sets seat_position and seat_number of every passenger. may_guess: a look that
 * finds none below those that others are being given goes on by the hints.
 * SEAT_UNAVAILABLE names the seat; FLIGHT_UNAVAILABLE tells how many seats are
 * left. */
int seat_allocation_choose(struct db *db, struct seat_hints *hints,
    struct arena *arena, struct booking *booking,
    const struct seat_wishes *wishes, bool may_guess,
    struct err *err) MUST_CHECK;

#endif
