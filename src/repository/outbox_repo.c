#include "repository/outbox_repo.h"

#include <string.h>

#include "repository/statements.h"

#define KEY	 "(booking_id = ? AND sequence = ?)"
#define KEYS_4	 KEY " OR " KEY " OR " KEY " OR " KEY
#define KEYS_16	 KEYS_4 " OR " KEYS_4 " OR " KEYS_4 " OR " KEYS_4
#define KEYS_64	 KEYS_16 " OR " KEYS_16 " OR " KEYS_16 " OR " KEYS_16
#define FEW_KEYS 16
#define MARK                                                                   \
	"UPDATE booking_events SET outbox_shard = NULL, "                      \
	"published_at = ? WHERE "

/* The columns of a waiting event, and read_event's order. */
#define COLUMNS                                                                \
	"e.booking_id, e.sequence, e.id, e.event_type, e.payload, "            \
	"e.request_id, e.traceparent, e.occurred_at, e.outbox_shard, "         \
	"e.attempts, e.next_attempt_at, e.last_error"
#define IS_DUE                                                                 \
	" AND e.attempts < ? AND e.occurred_at <= ? "                          \
	"AND (e.next_attempt_at IS NULL OR e.next_attempt_at <= ?)"

/* clang-format off */
enum { SHARDS, HEADS, HEAD_OF, MARK_FEW, MARK_MANY, POSTPONE, FIGURES, LIST,
	REVIVE, RESEND, COUNT, SWEEP_FIND, SWEEP, STATEMENT__COUNT };

static const struct db_statement SQL[STATEMENT__COUNT] = {
	[SHARDS] = { "outbox.shards",
	    "SELECT DISTINCT outbox_shard FROM booking_events "
	    "FORCE INDEX (ix_booking_events_outbox) "
	    "WHERE outbox_shard IS NOT NULL" },
	[HEADS] = { "outbox.heads",
	    "SELECT " COLUMNS " FROM booking_events e "
	    "FORCE INDEX (ix_booking_events_outbox) "
	    "WHERE e.outbox_shard = ? AND e.booking_id > ?" IS_DUE
	    " AND NOT EXISTS (SELECT 1 FROM booking_events p "
	    "WHERE p.booking_id = e.booking_id AND p.sequence < e.sequence "
	    "AND p.outbox_shard IS NOT NULL) "
	    "ORDER BY e.booking_id, e.sequence LIMIT ?" },
	[HEAD_OF] = { "outbox.head_of",
	    "SELECT " COLUMNS " FROM booking_events e "
	    "WHERE e.booking_id = ? AND e.outbox_shard IS NOT NULL" IS_DUE
	    " AND NOT EXISTS (SELECT 1 FROM booking_events p "
	    "WHERE p.booking_id = e.booking_id AND p.sequence < e.sequence "
	    "AND p.outbox_shard IS NOT NULL)" },
	[MARK_FEW] = { "outbox.mark_few", MARK KEYS_16 },
	[MARK_MANY] = { "outbox.mark_many", MARK KEYS_64 " OR " KEYS_16 " OR " KEYS_16 },
	[POSTPONE] = { "outbox.postpone",
	    "UPDATE booking_events SET attempts = attempts + 1, "
	    "next_attempt_at = ?, last_error = ? WHERE " KEY
	    " AND outbox_shard IS NOT NULL" },
	[FIGURES] = { "outbox.figures",
	    "SELECT COUNT(*), MIN(occurred_at), "
	    "CAST(COALESCE(SUM(attempts > 0), 0) AS SIGNED), "
	    "CAST(COALESCE(SUM(attempts >= ?), 0) AS SIGNED) "
	    "FROM booking_events FORCE INDEX (ix_booking_events_outbox) "
	    "WHERE outbox_shard IS NOT NULL" },
	[LIST] = { "outbox.list",
	    "SELECT " COLUMNS " FROM booking_events e "
	    "FORCE INDEX (ix_booking_events_outbox) "
	    "WHERE e.outbox_shard IS NOT NULL AND e.attempts >= ? "
	    "ORDER BY e.booking_id, e.sequence LIMIT ?" },
	[REVIVE] = { "outbox.revive",
	    "UPDATE booking_events FORCE INDEX (ix_booking_events_outbox) "
	    "SET attempts = 0, next_attempt_at = NULL "
	    "WHERE outbox_shard IS NOT NULL AND attempts >= ?" },
	[RESEND] = { "outbox.resend",
	    "UPDATE booking_events SET outbox_shard = ?, attempts = 0, "
	    "next_attempt_at = NULL WHERE " KEY " AND payload <> ''" },
	[COUNT] = { "outbox.count",
	    "SELECT COUNT(*) FROM booking_events WHERE booking_id = ?" },
	[SWEEP_FIND] = { "outbox.sweep_find",
	    "SELECT booking_id FROM booking_events WHERE booking_id > ? "
	    "AND booking_id < ? ORDER BY booking_id LIMIT ?" },
	[SWEEP] = { "outbox.sweep",
	    "UPDATE booking_events SET payload = '' WHERE booking_id > ? "
	    "AND booking_id <= ? AND outbox_shard IS NULL "
	    "AND published_at < ? AND payload <> ''" },
};
/* clang-format on */

const struct db_statement_list OUTBOX_STATEMENTS = { SQL, STATEMENT__COUNT };

int
outbox_repo_shards(struct db *db, struct arena *arena,
    bool waiting[OUTBOX_SHARDS], struct err *err)
{
	struct db_rows rows;

	if (db_query(db, arena, &SQL[SHARDS], NULL, 0, &rows, err) != 0)
		return -1;
	memset(waiting, 0, OUTBOX_SHARDS * sizeof(*waiting));
	for (size_t i = 0; i < rows.count; i++) {
		int64_t shard = db_cell_int(db_cell(&rows, i, 0));

		if (shard >= 0 && shard < OUTBOX_SHARDS)
			waiting[shard] = true;
	}
	return 0;
}

static int
read_event(
    const struct db_cell *cell, struct waiting_event *waiting, struct err *err)
{
	struct booking_event *event = &waiting->event;

	event->booking_id = db_cell_uuid(&cell[0]);
	event->sequence = (unsigned)db_cell_int(&cell[1]);
	event->id = db_cell_uuid(&cell[2]);
	if (event_type_parse(db_cell_text(&cell[3]), &event->type) != 0)
		return err_set(err, &ERR_INTERNAL, "unknown event type %s",
		    db_cell_text(&cell[3]));
	event->payload = cell[4].bytes;
	event->payload_len = cell[4].len;
	event->request_id = db_cell_text(&cell[5]);
	event->traceparent = db_cell_text(&cell[6]);
	event->occurred_at_ms = db_cell_time_ms(&cell[7]);
	waiting->shard = (unsigned)db_cell_int(&cell[8]);
	waiting->attempts = (unsigned)db_cell_int(&cell[9]);
	waiting->next_attempt_at_ms = db_cell_time_ms(&cell[10]);
	waiting->last_error = db_cell_text(&cell[11]);
	return 0;
}

static int
read_events(struct db *db, struct arena *arena,
    const struct db_statement *statement, const struct db_value values[],
    size_t value_count, struct waiting_events *list, struct err *err)
{
	struct waiting_event *found;
	struct db_rows rows;

	if (db_query(db, arena, statement, values, value_count, &rows, err) !=
	    0)
		return -1;
	found = arena_array(arena, rows.count, sizeof(*found));
	for (size_t i = 0; i < rows.count; i++) {
		if (read_event(db_cell(&rows, i, 0), &found[i], err) != 0)
			return -1;
	}
	list->events = found;
	list->count = rows.count;
	return 0;
}

int
outbox_repo_heads(struct db *db, struct arena *arena, unsigned shard,
    const struct uuid *after, const struct outbox_due *due, size_t limit,
    struct waiting_events *list, struct err *err)
{
	const struct db_value values[] = { db_int(shard), db_uuid(after),
		db_int(due->max_attempts), db_time(due->before_ms),
		db_time(due->now_ms), db_int((int64_t)limit) };

	return read_events(
	    db, arena, &SQL[HEADS], values, ARRAY_LEN(values), list, err);
}

int
outbox_repo_head_of(struct db *db, struct arena *arena,
    const struct uuid *booking_id, const struct outbox_due *due,
    struct waiting_event **event, struct err *err)
{
	const struct db_value values[] = { db_uuid(booking_id),
		db_int(due->max_attempts), db_time(due->before_ms),
		db_time(due->now_ms) };
	struct waiting_events found;

	if (read_events(db, arena, &SQL[HEAD_OF], values, ARRAY_LEN(values),
		&found, err) != 0)
		return -1;
	*event = found.count == 0 ? NULL : &found.events[0];
	return 0;
}

/* The list is padded with its last key. */
int
outbox_repo_mark(struct db *db, const struct event_key keys[], size_t count,
    int64_t now_ms, struct err *err)
{
	struct db_value values[1 + 2 * OUTBOX_MARK_MAX];
	bool few = count <= FEW_KEYS;
	size_t places = few ? FEW_KEYS : OUTBOX_MARK_MAX;

	values[0] = db_time(now_ms);
	for (size_t i = 0; i < places; i++) {
		const struct event_key *key = &keys[i < count ? i : count - 1];

		values[1 + 2 * i] = db_uuid(&key->booking_id);
		values[2 + 2 * i] = db_int(key->sequence);
	}
	return db_execute(db, &SQL[few ? MARK_FEW : MARK_MANY], values,
	    1 + 2 * places, NULL, err);
}

int
outbox_repo_postpone(struct db *db, const struct event_key *key,
    int64_t next_ms, const char *why, struct err *err)
{
	const struct db_value values[] = { db_time(next_ms), db_text(why),
		db_uuid(&key->booking_id), db_int(key->sequence) };

	return db_execute(
	    db, &SQL[POSTPONE], values, ARRAY_LEN(values), NULL, err);
}

int
outbox_repo_figures(struct db *db, struct arena *arena, unsigned max_attempts,
    struct outbox_figures *figures, struct err *err)
{
	const struct db_value value = db_int(max_attempts);
	const struct db_cell *cell;
	struct db_rows rows;

	if (db_query(db, arena, &SQL[FIGURES], &value, 1, &rows, err) != 0)
		return -1;
	cell = db_cell(&rows, 0, 0);
	figures->unsent = db_cell_int(&cell[0]);
	figures->oldest_ms = db_cell_time_ms(&cell[1]);
	figures->returned = db_cell_int(&cell[2]);
	figures->dead = db_cell_int(&cell[3]);
	return 0;
}

int
outbox_repo_list(struct db *db, struct arena *arena, unsigned attempts,
    size_t limit, struct waiting_events *list, struct err *err)
{
	const struct db_value values[] = { db_int(attempts),
		db_int((int64_t)limit) };

	return read_events(
	    db, arena, &SQL[LIST], values, ARRAY_LEN(values), list, err);
}

int
outbox_repo_revive(
    struct db *db, unsigned attempts, uint64_t *count, struct err *err)
{
	const struct db_value value = db_int(attempts);

	return db_execute(db, &SQL[REVIVE], &value, 1, count, err);
}

int
outbox_repo_resend(
    struct db *db, const struct event_key *key, bool *found, struct err *err)
{
	const struct db_value values[] = { db_int(
					       event_shard(&key->booking_id)),
		db_uuid(&key->booking_id), db_int(key->sequence) };
	uint64_t affected = 0;

	if (db_execute(db, &SQL[RESEND], values, ARRAY_LEN(values), &affected,
		err) != 0)
		return -1;
	*found = affected > 0;
	return 0;
}

int
outbox_repo_count(struct db *db, struct arena *arena,
    const struct uuid *booking_id, unsigned *count, struct err *err)
{
	const struct db_value value = db_uuid(booking_id);
	struct db_rows rows;

	if (db_query(db, arena, &SQL[COUNT], &value, 1, &rows, err) != 0)
		return -1;
	*count = (unsigned)db_cell_int(db_cell(&rows, 0, 0));
	return 0;
}

static int
empty_payloads(struct db *db, const struct uuid *after, const struct uuid *upto,
    int64_t before_ms, uint64_t *emptied, struct err *err)
{
	const struct db_value values[] = { db_uuid(after), db_uuid(upto),
		db_time(before_ms) };

	return db_execute(
	    db, &SQL[SWEEP], values, ARRAY_LEN(values), emptied, err);
}

int
outbox_repo_sweep(struct db *db, struct arena *arena, int64_t before_ms,
    size_t limit, struct uuid *cursor, bool *more, uint64_t *emptied,
    struct err *err)
{
	struct uuid end = uuid_lowest_at(before_ms), last;
	const struct db_value values[] = { db_uuid(cursor), db_uuid(&end),
		db_int((int64_t)limit) };
	struct db_rows rows;

	if (db_query(db, arena, &SQL[SWEEP_FIND], values, ARRAY_LEN(values),
		&rows, err) != 0)
		return -1;
	*more = rows.count == limit;
	*emptied = 0;
	if (rows.count == 0)
		return 0;
	last = db_cell_uuid(db_cell(&rows, rows.count - 1, 0));
	if (empty_payloads(db, cursor, &last, before_ms, emptied, err) != 0)
		return -1;
	*cursor = last;
	return 0;
}
