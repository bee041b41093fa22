/*
 * What came in from other services and was acted on: a message handled twice
 * acts once, because its row is part of the act's own transaction.
 */
#ifndef REPOSITORY_INBOX_REPO_H
#define REPOSITORY_INBOX_REPO_H

#include "core/digest.h"
#include "db/db.h"

/* ERR_DUPLICATE when the message was handled before; waits for a transaction
 * that is handling it now. */
int inbox_repo_insert(struct db *db, const struct digest *key,
    const char *source, int64_t now_ms, struct err *err) MUST_CHECK;
int inbox_repo_has(struct db *db, struct arena *arena, const struct digest *key,
    bool *has, struct err *err) MUST_CHECK;
/* Forgets up to `limit` messages received before `before_ms`. */
int inbox_repo_sweep(struct db *db, int64_t before_ms, size_t limit,
    uint64_t *count, struct err *err) MUST_CHECK;

#endif
