/*
 * Private to lib/db: what the numbers of the server and of the client library
 * mean for us. Knows no connection; one table decides.
 */
#ifndef DB_DB_ERROR_H
#define DB_DB_ERROR_H

#include "core/err.h"

/* One failed call, copied out of the client library, whose own copy goes when
 * the connection is closed. */
struct db_fault {
	const char *what; /* the statement's name, or the command */
	unsigned number;
	char message[512];
};

/* The class of an error; ERR_INTERNAL for what the table does not hold. */
const struct err_def *db__fault_class(const struct db_fault *fault);
/* The class of an error that COMMIT met: everything that does not prove the
 * opposite is ERR_UNKNOWN_OUTCOME. */
const struct err_def *db__fault_class_at_commit(const struct db_fault *fault);
/* The connection is gone or cannot be trusted any more. */
bool db__fault_is_loss(const struct db_fault *fault);
/* The server has forgotten or outdated the prepared statement. */
bool db__fault_is_stale(const struct db_fault *fault);
/* Sets err with a cause that holds no value of a row. Returns -1. */
int db__fault_report(
    const struct db_fault *fault, const struct err_def *def, struct err *err);

#endif
