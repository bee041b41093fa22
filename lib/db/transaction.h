/*
 * Transactions as one call: begin, body, commit, and the whole again on a
 * conflict.
 */
#ifndef DB_TRANSACTION_H
#define DB_TRANSACTION_H

#include "db/db.h"

/* Returns 0 to commit, -1 with err to roll back. May run several times, so it
 * must have no effect outside of the database and its own out parameters. */
typedef int db_transaction_body(struct db *db, void *context, struct err *err);

/*
 * Runs body in one transaction. On ERR_CONFLICT everything is rolled back and
 * run again, at most four times, after a jittered 1-20 ms, within the
 * deadline. A connection found dead before anything was written is replaced
 * and the body run once more. Returns 0 after a confirmed COMMIT; -1 with the
 * body's error after a rollback; -1 with ERR_UNKNOWN_OUTCOME when the
 * connection was lost during COMMIT: the caller looks the outcome up.
 *
 * A conflict or a loss ends the transaction even if the body overlooks it:
 * every further statement fails, and nothing is committed. Not to be nested.
 */
int db_transaction(struct db *db, struct deadline deadline,
    db_transaction_body *body, void *context, struct err *err) MUST_CHECK;

/*
 * Runs a statement that is a whole transaction by itself: MariaDB's BEGIN NOT
 * ATOMIC with START TRANSACTION, a handler that rolls back and resignals, and
 * COMMIT. One round trip. After an error other than ERR_UNKNOWN_OUTCOME
 * nothing of it remains; that one covers, beside a lost connection, whatever
 * ended it from outside (a time limit, a KILL), because it may have been
 * committed by then. A conflict is the caller's to act on.
 */
int db_transaction_at_once(struct db *db, const struct db_statement *statement,
    const struct db_value params[], size_t param_count,
    struct err *err) MUST_CHECK;
/* Conflicts that were retried by this process, for the metrics. */
uint64_t db_transaction_retries(void);

#endif
