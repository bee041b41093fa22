/*
 * Request keys that are too old to answer for (contract section 2).
 */
#ifndef REPOSITORY_REQUEST_KEY_REPO_H
#define REPOSITORY_REQUEST_KEY_REPO_H

#include "db/db.h"

/* The id of the booking that is `count` bookings behind `from`, if it was made
 * before `until`: else `until` itself. */
int request_key_repo_step(struct db *db, struct arena *arena,
    const struct uuid *from, const struct uuid *until, size_t count,
    struct uuid *upto, struct err *err) MUST_CHECK;
/* Forgets the keys of the bookings behind `from`, up to and with `upto`. */
int request_key_repo_forget(struct db *db, const struct uuid *from,
    const struct uuid *upto, uint64_t *forgotten, struct err *err) MUST_CHECK;

#endif
