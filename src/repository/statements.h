/*
 * Every SQL text of the service, in one list: the tests prepare each on a
 * database migrated from zero and refuse a plan that scans a growing table.
 */
#ifndef REPOSITORY_STATEMENTS_H
#define REPOSITORY_STATEMENTS_H

#include "db/db.h"

struct db_statement_list {
	const struct db_statement *statements;
	size_t count;
};

extern const struct db_statement_list BOOKING_STATEMENTS;
extern const struct db_statement_list LIST_STATEMENTS;
extern const struct db_statement_list HISTORY_STATEMENTS;
extern const struct db_statement_list REQUEST_KEY_STATEMENTS;
extern const struct db_statement_list SEAT_STATEMENTS;
extern const struct db_statement_list FLIGHT_STATEMENTS;
extern const struct db_statement_list EVENT_STATEMENTS;
extern const struct db_statement_list OUTBOX_STATEMENTS;
extern const struct db_statement_list LEASE_STATEMENTS;
extern const struct db_statement_list INBOX_STATEMENTS;
extern const struct db_statement_list HOLD_STATEMENTS;
extern const struct db_statement_list REFERENCE_STATEMENTS;

/* All lists; ended by NULL. */
extern const struct db_statement_list *const STATEMENT_LISTS[];

#endif
