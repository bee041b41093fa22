#include "repository/lease_repo.h"

#include <string.h>

#include "repository/statements.h"

#define LATER "UTC_TIMESTAMP(3) + INTERVAL ? * 1000 MICROSECOND"
#define HELD                                                                   \
	"SELECT shard, epoch FROM outbox_shards "                              \
	"WHERE relay_id = ? AND expires_at > UTC_TIMESTAMP(3)"

/* clang-format off */
enum { REGISTER, RELAYS, RENEW, TAKE, GIVE, HELD_NOW, HELD_LOCK, LEAVE, SWEEP,
	SHARES, STATEMENT__COUNT };

static const struct db_statement SQL[STATEMENT__COUNT] = {
	[REGISTER] = { "lease.register",
	    "INSERT INTO outbox_relays (id, host, expires_at) "
	    "VALUES (?, ?, " LATER ") "
	    "ON DUPLICATE KEY UPDATE expires_at = VALUES(expires_at)" },
	[RELAYS] = { "lease.relays",
	    "SELECT COUNT(*) FROM outbox_relays "
	    "WHERE expires_at > UTC_TIMESTAMP(3)" },
	[RENEW] = { "lease.renew",
	    "UPDATE outbox_shards SET expires_at = " LATER
	    " WHERE relay_id = ? AND expires_at > UTC_TIMESTAMP(3)" },
	[TAKE] = { "lease.take",
	    "UPDATE outbox_shards SET relay_id = ?, epoch = epoch + 1, "
	    "expires_at = " LATER
	    " WHERE relay_id IS NULL OR expires_at <= UTC_TIMESTAMP(3) "
	    "ORDER BY shard LIMIT ?" },
	[GIVE] = { "lease.give",
	    "UPDATE outbox_shards SET relay_id = NULL WHERE relay_id = ? "
	    "ORDER BY shard DESC LIMIT ?" },
	[HELD_NOW] = { "lease.held", HELD },
	[HELD_LOCK] = { "lease.lock", HELD " LOCK IN SHARE MODE" },
	[LEAVE] = { "lease.leave", "DELETE FROM outbox_relays WHERE id = ?" },
	[SWEEP] = { "lease.sweep",
	    "DELETE FROM outbox_relays "
	    "WHERE expires_at < UTC_TIMESTAMP(3) - INTERVAL 1 DAY" },
	[SHARES] = { "lease.shares",
	    "SELECT r.host, COUNT(s.shard) FROM outbox_relays r "
	    "LEFT JOIN outbox_shards s ON s.relay_id = r.id "
	    "AND s.expires_at > UTC_TIMESTAMP(3) "
	    "WHERE r.expires_at > UTC_TIMESTAMP(3) "
	    "GROUP BY r.id, r.host ORDER BY r.host" },
};
/* clang-format on */

const struct db_statement_list LEASE_STATEMENTS = { SQL, STATEMENT__COUNT };

int
lease_repo_register(struct db *db, const struct uuid *relay, const char *host,
    int64_t lease_ms, struct err *err)
{
	const struct db_value values[] = { db_uuid(relay), db_text(host),
		db_int(lease_ms) };

	return db_execute(
	    db, &SQL[REGISTER], values, ARRAY_LEN(values), NULL, err);
}

int
lease_repo_relays(
    struct db *db, struct arena *arena, unsigned *count, struct err *err)
{
	struct db_rows rows;

	if (db_query(db, arena, &SQL[RELAYS], NULL, 0, &rows, err) != 0)
		return -1;
	*count = (unsigned)db_cell_int(db_cell(&rows, 0, 0));
	return 0;
}

int
lease_repo_renew(
    struct db *db, const struct uuid *relay, int64_t lease_ms, struct err *err)
{
	const struct db_value values[] = { db_int(lease_ms), db_uuid(relay) };

	return db_execute(
	    db, &SQL[RENEW], values, ARRAY_LEN(values), NULL, err);
}

int
lease_repo_take(struct db *db, const struct uuid *relay, int64_t lease_ms,
    unsigned count, struct err *err)
{
	const struct db_value values[] = { db_uuid(relay), db_int(lease_ms),
		db_int(count) };

	return db_execute(db, &SQL[TAKE], values, ARRAY_LEN(values), NULL, err);
}

int
lease_repo_give(
    struct db *db, const struct uuid *relay, unsigned count, struct err *err)
{
	const struct db_value values[] = { db_uuid(relay), db_int(count) };

	return db_execute(db, &SQL[GIVE], values, ARRAY_LEN(values), NULL, err);
}

static int
read_leases(struct db *db, struct arena *arena,
    const struct db_statement *statement, const struct uuid *relay,
    struct shard_leases *leases, struct err *err)
{
	const struct db_value value = db_uuid(relay);
	struct db_rows rows;

	if (db_query(db, arena, statement, &value, 1, &rows, err) != 0)
		return -1;
	memset(leases, 0, sizeof(*leases));
	for (size_t i = 0; i < rows.count; i++) {
		int64_t shard = db_cell_int(db_cell(&rows, i, 0));

		if (shard < 0 || shard >= OUTBOX_SHARDS)
			continue;
		leases->held[shard] = true;
		leases->epoch[shard] =
		    (unsigned)db_cell_int(db_cell(&rows, i, 1));
		leases->count++;
	}
	return 0;
}

int
lease_repo_held(struct db *db, struct arena *arena, const struct uuid *relay,
    struct shard_leases *leases, struct err *err)
{
	return read_leases(db, arena, &SQL[HELD_NOW], relay, leases, err);
}

int
lease_repo_lock(struct db *db, struct arena *arena, const struct uuid *relay,
    struct shard_leases *leases, struct err *err)
{
	return read_leases(db, arena, &SQL[HELD_LOCK], relay, leases, err);
}

int
lease_repo_leave(struct db *db, const struct uuid *relay, struct err *err)
{
	const struct db_value value = db_uuid(relay);

	if (lease_repo_give(db, relay, OUTBOX_SHARDS, err) != 0)
		return -1;
	return db_execute(db, &SQL[LEAVE], &value, 1, NULL, err);
}

int
lease_repo_sweep(struct db *db, struct err *err)
{
	return db_execute(db, &SQL[SWEEP], NULL, 0, NULL, err);
}

int
lease_repo_shares(struct db *db, struct arena *arena,
    struct relay_share **shares, size_t *count, struct err *err)
{
	struct db_rows rows;

	if (db_query(db, arena, &SQL[SHARES], NULL, 0, &rows, err) != 0)
		return -1;
	*shares = arena_array(arena, rows.count, sizeof(**shares));
	*count = rows.count;
	for (size_t i = 0; i < rows.count; i++) {
		(*shares)[i].host = db_cell_text(db_cell(&rows, i, 0));
		(*shares)[i].shards =
		    (unsigned)db_cell_int(db_cell(&rows, i, 1));
	}
	return 0;
}
