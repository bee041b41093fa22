#include "repository/request_key_repo.h"

#include "repository/statements.h"

/* clang-format off */
enum { STEP, FORGET, STATEMENT__COUNT };

/* The affected rows are found in the primary key's range, not among all keys,
 * whose order says nothing of their age. */
static const struct db_statement SQL[STATEMENT__COUNT] = {
	[STEP] = { "request_key.step",
	    "SELECT id FROM bookings WHERE id > ? AND id < ? "
	    "ORDER BY id LIMIT 1 OFFSET ?" },
	[FORGET] = { "request_key.forget",
	    "UPDATE bookings FORCE INDEX (PRIMARY) "
	    "SET request_key = NULL, request_fingerprint = NULL "
	    "WHERE id > ? AND id <= ? AND request_key IS NOT NULL" },
};
/* clang-format on */

const struct db_statement_list REQUEST_KEY_STATEMENTS = { SQL,
	STATEMENT__COUNT };

int
request_key_repo_step(struct db *db, struct arena *arena,
    const struct uuid *from, const struct uuid *until, size_t count,
    struct uuid *upto, struct err *err)
{
	const struct db_value values[] = { db_uuid(from), db_uuid(until),
		db_int((int64_t)count - 1) };
	struct db_rows rows;

	if (db_query(db, arena, &SQL[STEP], values, ARRAY_LEN(values), &rows,
		err) != 0)
		return -1;
	*upto = rows.count == 0 ? *until : db_cell_uuid(db_cell(&rows, 0, 0));
	return 0;
}

int
request_key_repo_forget(struct db *db, const struct uuid *from,
    const struct uuid *upto, uint64_t *forgotten, struct err *err)
{
	const struct db_value values[] = { db_uuid(from), db_uuid(upto) };

	return db_execute(
	    db, &SQL[FORGET], values, ARRAY_LEN(values), forgotten, err);
}
