/*
 * Which events the pool's workers have published lately, in shared memory:
 * they are marked in the database a little later, in batches, and until then a
 * following event of the same booking must not be held back by them.
 *
 * Forgetting is harmless: the relay then sends what still waits, in order.
 * Only what the broker has confirmed is ever noted.
 */
#ifndef SERVICE_PUBLISHED_BOARD_H
#define SERVICE_PUBLISHED_BOARD_H

#include "repository/event_repo.h"

struct published_board;

/* Maps shared memory, before the fork; NULL when the kernel refuses. */
struct published_board *published_board_create(void);
/* Both accept board NULL: nothing is known. */
void published_board_note(
    struct published_board *board, const struct event_key *key);
bool published_board_has(
    const struct published_board *board, const struct event_key *key);

#endif
