/*
 * Seats for the passengers of a new booking (contract section 2): named seats
 * first, then the best free ones.
 *
 * No seat is ever sold twice: what is chosen here is sold by seat_repo_take,
 * which checks each row again, and a miss runs the transaction anew. Each run
 * asks its search for seats: two guesses by the hints, the second after a miss,
 * then looks at the table; a booking that the hints choose for a look, or know
 * nothing for, looks at once.
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

/* One booking's search, from before its first try to sell seats to after its
 * last. */
struct seat_search {
	struct seat_hints *hints; /* NULL: none */
	struct arena *arena;
	struct booking *booking;
	const struct seat_wishes *wishes;
	unsigned guesses; /* left */
	bool is_to_look;  /* instead of a guess */
	bool is_tried;	  /* what it has set was not sold */
	bool owes_look;	  /* the flight's, if nothing is sold */
};

/* All pointers outlive the search; every begun search is settled. may_guess:
 * the flight's seats can be named without the table. */
void seat_search_begin(struct seat_search *search, struct seat_hints *hints,
    struct arena *arena, struct booking *booking,
    const struct seat_wishes *wishes, bool may_guess);
/* Sets seat_position and seat_number of every passenger without asking the
 * database; false when this booking has to look. */
bool seat_search_guess(struct seat_search *search);
/* The same in any case, inside the transaction that is to sell them, which
 * comes anew after a miss. SEAT_UNAVAILABLE names the seat; FLIGHT_UNAVAILABLE
 * tells how many seats are left. */
int seat_search_next(
    struct seat_search *search, struct db *db, struct err *err) MUST_CHECK;
/* A look of a booking that was not sold goes to the flight's next one. */
void seat_search_settle(struct seat_search *search, bool is_sold);

#endif
