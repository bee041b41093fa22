#include <assert.h>

#include "db/db_private.h"

struct call {
	const struct db_statement *statement;
	const struct db_value *params;
	size_t param_count;
	struct arena *arena; /* NULL: no rows are expected */
	struct db_rows *rows;
	uint64_t *affected;
};

/* The library's binds are not const, though it only reads parameters. */
static void *
unconst(const void *pointer)
{
	union {
		const void *in;
		void *out;
	} same = { .in = pointer };

	return same.out;
}

static void
bind_time(const struct db_value *value, MYSQL_BIND *bind, MYSQL_TIME *time)
{
	struct clock_fields fields;
	bool date = value->type == DB_DATE;

	clock_split(value->integer, &fields);
	*time = (MYSQL_TIME){ .year = (unsigned)fields.year,
		.month = (unsigned)fields.month,
		.day = (unsigned)fields.day,
		.time_type =
		    date ? MYSQL_TIMESTAMP_DATE : MYSQL_TIMESTAMP_DATETIME };
	if (!date) {
		time->hour = (unsigned)fields.hour;
		time->minute = (unsigned)fields.minute;
		time->second = (unsigned)fields.second;
		time->second_part = (unsigned long)fields.millisecond * 1000;
	}
	bind->buffer_type = date ? MYSQL_TYPE_DATE : MYSQL_TYPE_DATETIME;
	bind->buffer = time;
}

static void
bind_param(const struct db_value *value, MYSQL_BIND *bind, MYSQL_TIME *time)
{
	*bind = (MYSQL_BIND){ .buffer_type = MYSQL_TYPE_NULL };
	switch (value->type) {
	case DB_NULL:
		break;
	case DB_INT:
		bind->buffer_type = MYSQL_TYPE_LONGLONG;
		bind->buffer = unconst(&value->integer);
		break;
	case DB_TEXT:
	case DB_BYTES:
		bind->buffer_type = value->type == DB_TEXT ? MYSQL_TYPE_STRING
							   : MYSQL_TYPE_BLOB;
		bind->buffer = unconst(value->bytes);
		bind->buffer_length = value->len;
		break;
	case DB_TIME:
	case DB_DATE:
		bind_time(value, bind, time);
		break;
	}
}

static int
execute(struct db *db, struct prepared *prepared, const struct call *call,
    struct db_fault *fault)
{
	MYSQL_STMT *handle = prepared->handle;

	assert(call->param_count == prepared->param_count);
	assert((call->rows != NULL) == (prepared->column_count > 0));
	for (size_t i = 0; i < call->param_count; i++)
		bind_param(&call->params[i], &prepared->params[i],
		    &prepared->param_times[i]);
	if (mysql_stmt_bind_param(handle, prepared->params) ||
	    mysql_stmt_execute(handle) != 0) {
		db__fault_of_statement(db, prepared, fault);
		return -1;
	}
	if (call->rows == NULL) {
		db->last_insert_id = mysql_stmt_insert_id(handle);
		if (call->affected != NULL)
			*call->affected = mysql_stmt_affected_rows(handle);
		return 0;
	}
	int rc = db__fetch(db, prepared, call->arena, call->rows, fault);
	mysql_stmt_free_result(handle);
	return rc;
}

/*
 * Once more? In a transaction never after a loss: that is db_transaction's to
 * decide. Outside of one a query may always be repeated; another statement only
 * when it cannot have reached the server (2006: the sending failed).
 */
static bool
may_repeat(const struct db *db, const struct call *call, bool sent,
    bool hung_up, const struct db_fault *fault)
{
	if (db__fault_is_stale(fault))
		return true;
	if (!hung_up || db->pinned)
		return false;
	return !sent || call->rows != NULL ||
	       fault->number == CR_SERVER_GONE_ERROR;
}

/* A statement on its own commits itself: when the answer is missing, so is the
 * knowledge whether it did. */
static const struct err_def *
class_of(const struct db *db, const struct call *call, bool sent,
    const struct db_fault *fault)
{
	bool commits = sent && !db->pinned && call->rows == NULL;

	if (commits && db__fault_is_loss(fault) &&
	    db__fault_class(fault) == &ERR_UNAVAILABLE &&
	    fault->number != CR_SERVER_GONE_ERROR)
		return &ERR_UNKNOWN_OUTCOME;
	return db__fault_class(fault);
}

static int
run(struct db *db, const struct call *call, struct err *err)
{
	for (int repeats = 0;; repeats++) {
		struct db_fault fault;
		struct prepared *prepared;

		if (db__ensure(db, err) != 0)
			return -1;
		db->last_used_ms = clock_monotonic_ms();
		prepared = db__prepared(db, call->statement, &fault);
		if (prepared != NULL &&
		    execute(db, prepared, call, &fault) == 0) {
			db->answered++;
			return 0;
		}
		bool sent = prepared != NULL;
		if (sent && db__fault_is_stale(&fault))
			db__prepared_forget(db, prepared);
		bool hung_up = db__suffer(db, &fault);
		if (repeats == 0 && may_repeat(db, call, sent, hung_up, &fault))
			continue;
		return db__fault_report(
		    &fault, class_of(db, call, sent, &fault), err);
	}
}

int
db_execute(struct db *db, const struct db_statement *statement,
    const struct db_value params[], size_t param_count, uint64_t *affected,
    struct err *err)
{
	struct call call = { .statement = statement,
		.params = params,
		.param_count = param_count,
		.affected = affected };

	return run(db, &call, err);
}

int
db_query(struct db *db, struct arena *arena,
    const struct db_statement *statement, const struct db_value params[],
    size_t param_count, struct db_rows *rows, struct err *err)
{
	struct call call = { .statement = statement,
		.params = params,
		.param_count = param_count,
		.arena = arena,
		.rows = rows };

	return run(db, &call, err);
}
