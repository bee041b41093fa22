#include "db/transaction.h"

#include <time.h>

#include "db/db_private.h"

enum { MAX_RETRIES = 4, MAX_PAUSE_MS = 20 };

static uint64_t retries;

uint64_t
db_transaction_retries(void)
{
	return retries;
}

static int
begin(struct db *db, struct err *err)
{
	static const char SQL[] = "START TRANSACTION";
	struct db_fault fault;

	if (db__command(db, SQL, sizeof SQL - 1, SQL, &fault) == 0)
		return 0;
	db__suffer(db, &fault);
	return db__fault_report(&fault, db__fault_class(&fault), err);
}

/* Whatever is left of the transaction goes, if need be with the connection. */
static void
roll_back(struct db *db)
{
	static const char SQL[] = "ROLLBACK";
	struct db_fault fault;

	if (db->link != NULL &&
	    db__command(db, SQL, sizeof SQL - 1, SQL, &fault) != 0)
		db__close(db);
}

static int
commit(struct db *db, struct err *err)
{
	static const char SQL[] = "COMMIT";
	struct db_fault fault;
	const struct err_def *def;

	if (db__command(db, SQL, sizeof SQL - 1, SQL, &fault) == 0)
		return 0;
	def = db__fault_class_at_commit(&fault);
	if (def == &ERR_UNKNOWN_OUTCOME)
		db__close(db);
	return db__fault_report(&fault, def, err);
}

/* The body may have overlooked an error that ended the transaction: whatever
 * it did afterwards must not be taken for done. */
static int
run_body(
    struct db *db, db_transaction_body *body, void *context, struct err *err)
{
	if (body(db, context, err) != 0)
		return -1;
	return db__ensure(db, err);
}

static int
attempt(
    struct db *db, db_transaction_body *body, void *context, struct err *err)
{
	int rc = -1;

	db__pin(db);
	if (begin(db, err) == 0 && run_body(db, body, context, err) == 0)
		rc = commit(db, err);
	if (rc != 0)
		roll_back(db);
	db__unpin(db);
	return rc;
}

/* False when the deadline leaves no time for it. */
static bool
pause_briefly(struct deadline deadline)
{
	long pause_ms = 1 + (long)random_below(MAX_PAUSE_MS);
	struct timespec pause = { .tv_nsec = pause_ms * 1000000 };

	if (deadline_left_ms(deadline) <= pause_ms)
		return false;
	nanosleep(&pause, NULL);
	return true;
}

int
db_transaction(struct db *db, struct deadline deadline,
    db_transaction_body *body, void *context, struct err *err)
{
	bool replaced = false;
	int conflicts = 0;

	for (;;) {
		if (db__ensure(db, err) != 0)
			return -1;
		if (attempt(db, body, context, err) == 0)
			return 0;
		if (db->dropped && db->answered == 0 && !replaced &&
		    deadline_left_ms(deadline) > 0) {
			replaced = true;
			continue;
		}
		if (!err_is(err, &ERR_CONFLICT) || conflicts == MAX_RETRIES ||
		    !pause_briefly(deadline))
			return -1;
		conflicts++;
		retries++;
	}
}

/* Whether the server runs the handler for what ends a statement from outside
 * (a time limit, KILL) is its own matter: nothing may be left open. */
int
db_transaction_at_once(struct db *db, const struct db_statement *statement,
    const struct db_value params[], size_t param_count, struct err *err)
{
	bool connected;

	if (db_execute(db, statement, params, param_count, NULL, err) == 0)
		return 0;
	connected = db->link != NULL;
	roll_back(db);
	if (connected &&
	    (err_is(err, &ERR_TIMEOUT) || err_is(err, &ERR_UNAVAILABLE)))
		return err_set(err, &ERR_UNKNOWN_OUTCOME,
		    "%s ended from outside", statement->name);
	return -1;
}
