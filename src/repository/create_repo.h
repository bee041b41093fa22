/*
 * A new booking with all that belongs to it in one round trip, where the
 * server takes a whole transaction as one prepared statement (MariaDB).
 */
#ifndef REPOSITORY_CREATE_REPO_H
#define REPOSITORY_CREATE_REPO_H

#include "repository/booking_repo.h"
#include "repository/event_repo.h"

/* Whether the server can; false as long as it was never connected to. */
bool create_repo_is_able(const struct db *db);

/*
 * Writes booking, passengers and event, takes the seats that the passengers
 * have, and commits; or nothing remains. ERR_CONFLICT: a seat was not free, or
 * a lock was not to be had; ERR_DUPLICATE and ERR_UNKNOWN_OUTCOME as
 * db_transaction has them. key may be NULL.
 */
int create_repo_run(struct db *db, struct arena *arena,
    const struct booking *booking, const struct request_key *key,
    const struct booking_event *event, struct err *err) MUST_CHECK;

#endif
