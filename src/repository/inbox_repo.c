#include "repository/inbox_repo.h"

#include "repository/statements.h"

/* clang-format off */
enum { INSERT, HAS, SWEEP, STATEMENT__COUNT };

static const struct db_statement SQL[STATEMENT__COUNT] = {
	[INSERT] = { "inbox.insert",
	    "INSERT INTO inbox (message_key, source, received_at) "
	    "VALUES (?, ?, ?)" },
	[HAS] = { "inbox.has", "SELECT 1 FROM inbox WHERE message_key = ?" },
	[SWEEP] = { "inbox.sweep",
	    "DELETE FROM inbox WHERE received_at < ? "
	    "ORDER BY received_at LIMIT ?" },
};
/* clang-format on */

const struct db_statement_list INBOX_STATEMENTS = { SQL, STATEMENT__COUNT };

int
inbox_repo_insert(struct db *db, const struct digest *key, const char *source,
    int64_t now_ms, struct err *err)
{
	const struct db_value values[] = { db_bytes(key->bytes, DIGEST_BYTES),
		db_text(source), db_time(now_ms) };

	return db_execute(
	    db, &SQL[INSERT], values, ARRAY_LEN(values), NULL, err);
}

int
inbox_repo_has(struct db *db, struct arena *arena, const struct digest *key,
    bool *has, struct err *err)
{
	const struct db_value value = db_bytes(key->bytes, DIGEST_BYTES);
	struct db_rows rows;

	if (db_query(db, arena, &SQL[HAS], &value, 1, &rows, err) != 0)
		return -1;
	*has = rows.count > 0;
	return 0;
}

int
inbox_repo_sweep(struct db *db, int64_t before_ms, size_t limit,
    uint64_t *count, struct err *err)
{
	const struct db_value values[] = { db_time(before_ms),
		db_int((int64_t)limit) };

	return db_execute(
	    db, &SQL[SWEEP], values, ARRAY_LEN(values), count, err);
}
