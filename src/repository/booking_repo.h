/*
 * Bookings and their passengers in the database. Every function runs one
 * statement on the given connection (inside the caller's transaction, if there
 * is one), blocks at most the connection's time-out, and passes lib/db's
 * errors on unchanged.
 */
#ifndef REPOSITORY_BOOKING_REPO_H
#define REPOSITORY_BOOKING_REPO_H

#include "db/db.h"
#include "model/booking.h"

#define REQUEST_KEY_BYTES 16

/* The unique key whose violation means: this request was booked before. */
#define BOOKING_REQUEST_KEY_NAME "uq_bookings_request"

/* What makes a repeated request recognisable. */
struct request_key {
	uint8_t key[REQUEST_KEY_BYTES];		/* who and which request */
	uint8_t fingerprint[REQUEST_KEY_BYTES]; /* what it asked for */
};

/* A booking that was made by an earlier request with the same key. */
struct earlier_booking {
	bool found;
	struct uuid id;
	enum booking_status status;
	uint8_t fingerprint[REQUEST_KEY_BYTES];
	int64_t created_at_ms;
	bool notice_deferred;
};

/* Inserts the booking row with its flight's number; ERR_DUPLICATE names the key
 * that was taken. key may be NULL. */
int booking_repo_insert(struct db *db, struct arena *arena,
    const struct booking *booking, const struct request_key *key,
    struct err *err) MUST_CHECK;
/* Inserts all passengers with their seats in one statement. */
int booking_repo_insert_passengers(
    struct db *db, const struct booking *booking, struct err *err) MUST_CHECK;

/* Loads a booking with its passengers and its flight's snapshot in one round
 * trip. *booking is NULL when there is none. */
int booking_repo_find(struct db *db, struct arena *arena, const struct uuid *id,
    struct booking **booking, struct err *err) MUST_CHECK;
int booking_repo_find_by_reference(struct db *db, struct arena *arena,
    const char *reference, struct booking **booking,
    struct err *err) MUST_CHECK;
/* Waits for a transaction that still holds the row, then holds it to the end of
 * this one. Says whether the row is there: the definite answer after a COMMIT
 * whose outcome was lost. */
int booking_repo_lock(struct db *db, struct arena *arena, const struct uuid *id,
    bool *exists, struct err *err) MUST_CHECK;

int booking_repo_find_earlier(struct db *db, struct arena *arena,
    const struct request_key *key, struct earlier_booking *earlier,
    struct err *err) MUST_CHECK;
/* Lets the key be used again, if it still belongs to that booking. */
int booking_repo_release_key(struct db *db, const struct request_key *key,
    const struct uuid *id, struct err *err) MUST_CHECK;
/* Remembers that the answer promised a later notice. */
int booking_repo_defer_notice(
    struct db *db, const struct uuid *id, struct err *err) MUST_CHECK;

/*
 * Writes the status, version and times of `changed`, provided that the row
 * still has the status and version of `before`. ERR_CONFLICT when another
 * change came first.
 */
int booking_repo_update_state(struct db *db, const struct booking *before,
    const struct booking *changed, struct err *err) MUST_CHECK;
/* Writes one passenger's fields; the booking's version is moved on by
 * booking_repo_update_state. */
int booking_repo_update_passenger(struct db *db, const struct booking *booking,
    const struct passenger *passenger, struct err *err) MUST_CHECK;

#endif
