#include "db/db.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db/db_private.h"
#include "db/sql_script.h"

/* A connection that was idle for longer is asked whether it is alive. */
enum { IDLE_MS = 1000 };
/* A call that failed this close to the time-out failed because of it. */
enum { TIMER_SLACK_MS = 50 };

struct db *
db_create(const struct db_settings *settings)
{
	struct db *db = calloc(1, sizeof *db);

	if (db == NULL)
		abort();
	db->settings = settings;
	return db;
}

void
db_free(struct db *db)
{
	if (db == NULL)
		return;
	db__close(db);
	free(db->slots);
	free(db);
}

/* The connection goes first: its statements then need no word with the server,
 * which may be frozen. */
void
db__close(struct db *db)
{
	if (db->link == NULL)
		return;
	mysql_close(db->link);
	db->link = NULL;
	db__prepared_clear(db);
}

void
db__fault_of_link(MYSQL *link, const char *what, struct db_fault *fault)
{
	fault->what = what;
	fault->number = mysql_errno(link);
	snprintf(
	    fault->message, sizeof fault->message, "%s", mysql_error(link));
}

/* Silence, not a closed connection: who waits for it again waits as long. */
static bool
was_silent(const struct db *db)
{
	int64_t waited_ms = clock_monotonic_ms() - db->last_used_ms;

	return waited_ms >=
	       (int64_t)db->settings->timeout_s * 1000 - TIMER_SLACK_MS;
}

bool
db__suffer(struct db *db, const struct db_fault *fault)
{
	bool loss = db__fault_is_loss(fault);
	bool hung_up = loss && !was_silent(db);

	if (loss)
		db__close(db);
	if (!db->pinned)
		return hung_up;
	if (loss) {
		db->doom = &ERR_UNAVAILABLE;
		db->dropped = hung_up;
	} else if (db__fault_class(fault) == &ERR_CONFLICT) {
		db->doom = &ERR_CONFLICT;
	}
	return hung_up;
}

void
db__pin(struct db *db)
{
	assert(!db->pinned);
	db->pinned = true;
	db->doom = NULL;
	db->answered = 0;
	db->dropped = false;
}

void
db__unpin(struct db *db)
{
	assert(db->pinned);
	db->pinned = false;
	db->doom = NULL;
}

static int
ping(struct db *db, struct err *err)
{
	struct db_fault fault;

	db->last_used_ms = clock_monotonic_ms();
	if (mysql_ping(db->link) == 0)
		return 0;
	db__fault_of_link(db->link, "ping", &fault);
	bool hung_up = db__suffer(db, &fault);
	db__close(db);
	if (!hung_up)
		return db__fault_report(&fault, &ERR_UNAVAILABLE, err);
	return db__connect(db, err);
}

int
db__ensure(struct db *db, struct err *err)
{
	if (db->pinned) {
		if (db->doom != NULL)
			return err_set(err, db->doom,
			    "the transaction was lost by an earlier error");
		assert(db->link != NULL);
		return 0;
	}
	if (db->link == NULL)
		return db__connect(db, err);
	if (clock_monotonic_ms() - db->last_used_ms > IDLE_MS)
		return ping(db, err);
	return 0;
}

int
db_ready(struct db *db, struct err *err)
{
	return db__ensure(db, err);
}

int
db__command(struct db *db, const char *sql, size_t len, const char *what,
    struct db_fault *fault)
{
	MYSQL_RES *rows;

	db->last_used_ms = clock_monotonic_ms();
	if (mysql_real_query(db->link, sql, (unsigned long)len) != 0)
		goto failed;
	if (mysql_field_count(db->link) == 0)
		return 0;
	/* An error may show only now, even after the columns were sent. */
	rows = mysql_store_result(db->link);
	if (rows == NULL)
		goto failed;
	mysql_free_result(rows);
	return 0;
failed:
	db__fault_of_link(db->link, what, fault);
	return -1;
}

static int
run_statement(struct db *db, const char *sql, size_t len, unsigned number,
    struct err *err)
{
	struct db_fault fault;
	char what[32];

	if (db__ensure(db, err) != 0)
		return -1;
	snprintf(what, sizeof what, "statement %u", number);
	if (db__command(db, sql, len, what, &fault) == 0)
		return 0;
	db__suffer(db, &fault);
	return db__fault_report(&fault, db__fault_class(&fault), err);
}

int
db_run_script(struct db *db, const char *sql, size_t len, struct err *err)
{
	struct sql_script script = { .at = sql, .end = sql + len };
	bool own_pin = !db->pinned;
	const char *statement;
	size_t statement_len;
	unsigned number = 0;
	int rc = 0;

	if (own_pin && db__ensure(db, err) != 0)
		return -1;
	if (own_pin)
		db__pin(db);
	while (rc == 0 && sql_script_next(&script, &statement, &statement_len))
		rc = run_statement(db, statement, statement_len, ++number, err);
	if (own_pin)
		db__unpin(db);
	return rc;
}

const char *
db_server_version(const struct db *db)
{
	return db->version;
}

bool
db_is_mariadb(const struct db *db)
{
	return db->is_mariadb;
}

uint64_t
db_last_insert_id(const struct db *db)
{
	return db->last_insert_id;
}
