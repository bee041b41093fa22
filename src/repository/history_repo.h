/*
 * What happened to a booking, from the event log.
 */
#ifndef REPOSITORY_HISTORY_REPO_H
#define REPOSITORY_HISTORY_REPO_H

#include "db/db.h"
#include "model/event.h"

/* More of one booking are not told. */
#define HISTORY_MAX 10000

/* The booking's events, oldest first, without payloads and tracing. */
int history_repo_list(struct db *db, struct arena *arena,
    const struct uuid *booking_id, struct booking_event **events, size_t *count,
    struct err *err) MUST_CHECK;

#endif
