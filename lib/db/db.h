/*
 * One connection to MariaDB or MySQL (mysql.h's one home): prepared
 * statements, declared as data, prepared once per connection.
 *
 * The connection is opened when first needed, after the fork, and again after
 * it was lost, never in the middle of a transaction and never by the client
 * library. Every wait is bounded by the settings' time-outs. Session: READ
 * COMMITTED, strict SQL mode, UTC, utf8mb4, innodb_lock_wait_timeout.
 *
 * Error classes: ERR_CONFLICT (1213, 1205, 1020, 3572, 1180-class deadlocks;
 * nothing of the transaction remains after the rollback that db_transaction
 * does), ERR_DUPLICATE (1062; details = the key's name without its table),
 * ERR_UNAVAILABLE (cannot connect, connection lost, server refuses to write,
 * out of connections), ERR_TIMEOUT (statement cut by its time limit),
 * ERR_UNKNOWN_OUTCOME (lost during COMMIT, or during a db_execute outside of a
 * transaction, which commits itself), ERR_INTERNAL (everything else).
 */
#ifndef DB_DB_H
#define DB_DB_H

#include "core/arena.h"
#include "core/clock.h"
#include "core/err.h"
#include "core/ident.h"

struct db;

enum db_tls { DB_TLS_OFF, DB_TLS_REQUIRED, DB_TLS_VERIFY };

struct db_settings {
	const char *host;   /* "localhost" or "" with a socket: the socket */
	const char *socket; /* path; "" = none */
	unsigned port;
	const char *user;
	const char *password;
	const char *database; /* "" = none selected */
	enum db_tls tls;
	const char *tls_ca; /* "" = the system's */
	unsigned timeout_s; /* connect, read and write, each */
	unsigned lock_wait_s;
};

/* Settings are lent for the connection's life. No connection is made yet. */
struct db *db_create(const struct db_settings *settings);
/* NULL is allowed. */
void db_free(struct db *db);
/* Connects if there is no connection, or pings one that has been idle for more
 * than a second. 0 or -1. */
int db_ready(struct db *db, struct err *err) MUST_CHECK;
/* "10.11.6-MariaDB"; "" when never connected. */
const char *db_server_version(const struct db *db);
bool db_is_mariadb(const struct db *db);

/* A statement: declared static const, compared by address. */
struct db_statement {
	const char *name; /* "booking.insert", for errors and EXPLAIN tests */
	const char *sql;  /* one statement with ? for its parameters */
};

enum db_type { DB_NULL, DB_INT, DB_TEXT, DB_BYTES, DB_TIME, DB_DATE };

/* A parameter. Texts and bytes are lent for the call. */
struct db_value {
	enum db_type type;
	int64_t integer; /* DB_INT; DB_TIME and DB_DATE: wall milliseconds */
	const void *bytes;
	size_t len;
};

struct db_value db_null(void);
struct db_value db_int(int64_t value);
struct db_value db_text(const char *text); /* NULL gives NULL */
struct db_value db_bytes(const void *bytes, size_t len);
struct db_value db_uuid(const struct uuid *uuid); /* NULL gives NULL */
/* DATETIME(3), UTC; a negative time gives NULL. */
struct db_value db_time(int64_t wall_ms);
/* DATE; days before 1970 are negative. */
struct db_value db_date(int64_t wall_ms);
/* DECIMAL from cents; text is written to the arena. */
struct db_value db_cents(struct arena *arena, int64_t cents);

/* Runs a statement that returns no rows. affected (may be NULL) counts rows
 * matched by the WHERE clause (CLIENT_FOUND_ROWS). param_count must equal the
 * statement's ?s. */
int db_execute(struct db *db, const struct db_statement *statement,
    const struct db_value params[], size_t param_count, uint64_t *affected,
    struct err *err) MUST_CHECK;

/* Runs a query and reads its whole answer into the arena: rows are plain
 * memory afterwards, and every error, a deadlock included, shows here. */
struct db_cell {
	enum db_type type; /* DB_NULL, DB_INT, DB_TEXT/DB_BYTES, DB_TIME */
	int64_t integer;
	const char *bytes; /* NUL-terminated */
	size_t len;
};
struct db_rows {
	size_t count;
	size_t columns;
	const struct db_cell *cells; /* row-major */
};
int db_query(struct db *db, struct arena *arena,
    const struct db_statement *statement, const struct db_value params[],
    size_t param_count, struct db_rows *rows, struct err *err) MUST_CHECK;

/* Reading a cell; the row and column must exist. */
const struct db_cell *db_cell(
    const struct db_rows *rows, size_t row, size_t column);
bool db_cell_is_null(const struct db_cell *cell);
int64_t db_cell_int(const struct db_cell *cell);      /* NULL: 0 */
const char *db_cell_text(const struct db_cell *cell); /* NULL: NULL */
struct uuid db_cell_uuid(const struct db_cell *cell); /* not 16 bytes: zeros */
int64_t db_cell_time_ms(const struct db_cell *cell);  /* NULL: -1 */
int64_t db_cell_cents(const struct db_cell *cell);    /* DECIMAL; NULL: 0 */

/* LAST_INSERT_ID of the last db_execute. */
uint64_t db_last_insert_id(const struct db *db);
/* Plain text SQL for migrations alone: statements that end in `;`, run one by
 * one until the first that fails, whose number the cause names. Rows are thrown
 * away. Not in a transaction; a lost connection is not replaced half way. */
int db_run_script(
    struct db *db, const char *sql, size_t len, struct err *err) MUST_CHECK;

#endif
