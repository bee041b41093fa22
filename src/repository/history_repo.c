#include "repository/history_repo.h"

#include "repository/statements.h"

static const struct db_statement SQL[] = {
	{ "history.list",
	    "SELECT sequence, event_type, from_status + 0, to_status + 0, "
	    "actor, reason, occurred_at FROM booking_events "
	    "WHERE booking_id = ? ORDER BY sequence LIMIT ?" },
};

const struct db_statement_list HISTORY_STATEMENTS = { SQL, ARRAY_LEN(SQL) };

static int
cell_status(const struct db_cell *cell)
{
	return db_cell_is_null(cell) ? EVENT_NO_STATUS
				     : (int)db_cell_int(cell) - 1;
}

static int
read_event(
    const struct db_cell *cell, struct booking_event *event, struct err *err)
{
	event->sequence = (unsigned)db_cell_int(&cell[0]);
	if (event_type_parse(db_cell_text(&cell[1]), &event->type) != 0)
		return err_set(err, &ERR_INTERNAL, "unknown event type");
	event->from_status = cell_status(&cell[2]);
	event->to_status = cell_status(&cell[3]);
	event->actor = db_cell_text(&cell[4]);
	event->reason = db_cell_text(&cell[5]);
	event->occurred_at_ms = db_cell_time_ms(&cell[6]);
	return 0;
}

int
history_repo_list(struct db *db, struct arena *arena,
    const struct uuid *booking_id, struct booking_event **events, size_t *count,
    struct err *err)
{
	const struct db_value values[] = { db_uuid(booking_id),
		db_int(HISTORY_MAX) };
	struct db_rows rows;
	struct booking_event *found;

	if (db_query(
		db, arena, &SQL[0], values, ARRAY_LEN(values), &rows, err) != 0)
		return -1;
	found = arena_array(arena, rows.count, sizeof(*found));
	for (size_t i = 0; i < rows.count; i++) {
		if (read_event(db_cell(&rows, i, 0), &found[i], err) != 0)
			return -1;
	}
	*events = found;
	*count = rows.count;
	return 0;
}
