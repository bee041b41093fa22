#include "repository/event_repo.h"

#include "repository/new_booking.h"
#include "repository/statements.h"

#define KEY	  "(booking_id = ? AND sequence = ?)"
#define FOUR_KEYS KEY " OR " KEY " OR " KEY " OR " KEY

/* clang-format off */
enum { INSERT, EARLIER_WAITS, MARK_ONE, MARK_PUBLISHED, CREATED_PAYLOAD,
	FIND_ID,
	STATEMENT__COUNT };

static const struct db_statement SQL[STATEMENT__COUNT] = {
	[INSERT] = { "event.insert", INSERT_EVENT },
	[EARLIER_WAITS] = { "event.earlier_waits",
	    "SELECT sequence FROM booking_events WHERE booking_id = ? "
	    "AND sequence < ? AND outbox_shard IS NOT NULL" },
	[MARK_ONE] = { "event.mark_one",
	    "UPDATE booking_events SET outbox_shard = NULL, published_at = ? "
	    "WHERE " KEY },
	[MARK_PUBLISHED] = { "event.mark_published",
	    "UPDATE booking_events SET outbox_shard = NULL, published_at = ? "
	    "WHERE " FOUR_KEYS " OR " FOUR_KEYS " OR " FOUR_KEYS " OR "
	    FOUR_KEYS },
	[CREATED_PAYLOAD] = { "event.created_payload",
	    "SELECT payload FROM booking_events "
	    "WHERE booking_id = ? AND sequence = 1" },
	[FIND_ID] = { "event.find_id",
	    "SELECT id FROM booking_events "
	    "WHERE booking_id = ? AND sequence = ? FOR UPDATE" },
};
/* clang-format on */

const struct db_statement_list EVENT_STATEMENTS = { SQL, STATEMENT__COUNT };

static struct db_value
status_value(int status)
{
	return status == EVENT_NO_STATUS ? db_null() : db_int(status + 1);
}

struct db_value *
put_event_values(struct db_value *out, const struct booking_event *event)
{
	*out++ = db_uuid(&event->booking_id);
	*out++ = db_int(event->sequence);
	*out++ = db_uuid(&event->id);
	*out++ = db_text(event_type_name(event->type));
	*out++ = status_value(event->from_status);
	*out++ = status_value(event->to_status);
	*out++ = db_text(event->actor);
	*out++ = db_text(event->reason);
	*out++ = db_text(event->comments);
	*out++ = db_text(event->payload);
	*out++ = db_text(event->request_id);
	*out++ = db_text(event->traceparent);
	*out++ = db_time(event->occurred_at_ms);
	*out++ = db_int(event_shard(&event->booking_id));
	return out;
}

int
event_repo_insert(
    struct db *db, const struct booking_event *event, struct err *err)
{
	struct db_value values[EVENT_VALUES];

	put_event_values(values, event);
	return db_execute(
	    db, &SQL[INSERT], values, ARRAY_LEN(values), NULL, err);
}

int
event_repo_earlier_waiting(struct db *db, struct arena *arena,
    const struct event_key *key, unsigned **sequences, size_t *count,
    struct err *err)
{
	const struct db_value values[] = { db_uuid(&key->booking_id),
		db_int(key->sequence) };
	struct db_rows rows;

	if (db_query(db, arena, &SQL[EARLIER_WAITS], values, ARRAY_LEN(values),
		&rows, err) != 0)
		return -1;
	*sequences = arena_array(arena, rows.count, sizeof(**sequences));
	*count = rows.count;
	for (size_t i = 0; i < rows.count; i++)
		(*sequences)[i] = (unsigned)db_cell_int(db_cell(&rows, i, 0));
	return 0;
}

int
event_repo_mark_published(struct db *db, const struct event_key keys[],
    size_t count, int64_t now_ms, struct err *err)
{
	struct db_value values[1 + 2 * EVENT_MARK_MAX];
	size_t places = count == 1 ? 1 : EVENT_MARK_MAX;

	values[0] = db_time(now_ms);
	for (size_t i = 0; i < places; i++) {
		const struct event_key *key = &keys[i < count ? i : count - 1];

		values[1 + 2 * i] = db_uuid(&key->booking_id);
		values[2 + 2 * i] = db_int(key->sequence);
	}
	return db_execute(db, &SQL[count == 1 ? MARK_ONE : MARK_PUBLISHED],
	    values, 1 + 2 * places, NULL, err);
}

int
event_repo_created_payload(struct db *db, struct arena *arena,
    const struct uuid *booking_id, const char **payload, struct err *err)
{
	const struct db_value key = db_uuid(booking_id);
	struct db_rows rows;

	if (db_query(db, arena, &SQL[CREATED_PAYLOAD], &key, 1, &rows, err) !=
	    0)
		return -1;
	*payload = rows.count == 0 ? NULL : db_cell_text(db_cell(&rows, 0, 0));
	return 0;
}

int
event_repo_is_stored(struct db *db, struct arena *arena,
    const struct booking_event *event, bool *stored, struct err *err)
{
	const struct db_value values[] = { db_uuid(&event->booking_id),
		db_int(event->sequence) };
	struct db_rows rows;
	struct uuid id;

	if (db_query(db, arena, &SQL[FIND_ID], values, ARRAY_LEN(values), &rows,
		err) != 0)
		return -1;
	*stored = false;
	if (rows.count == 0)
		return 0;
	id = db_cell_uuid(db_cell(&rows, 0, 0));
	*stored = uuid_equal(&id, &event->id);
	return 0;
}
