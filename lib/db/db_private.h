/*
 * Private to lib/db: the connection as its files share it.
 *
 * db.c keeps it alive, db_session.c opens it, prepared.c holds its statements,
 * statement.c runs them, transaction.c and migration.c pin it: while pinned,
 * state on the server belongs to us (a transaction, a lock), and a connection
 * that is lost stays lost until unpinned.
 */
#ifndef DB_DB_PRIVATE_H
#define DB_DB_PRIVATE_H

#include "db/db.h"
#include "db/db_error.h"
#include "db/mysql_api.h"

struct prepared;

struct db {
	const struct db_settings *settings;
	MYSQL *link;	      /* NULL: not connected */
	int64_t last_used_ms; /* start of the newest call, monotonic */
	uint64_t last_insert_id;
	bool is_mariadb;
	char version[64];

	struct prepared **slots; /* open addressing by statement address */
	size_t slot_count;	 /* power of two */
	size_t prepared_count;

	bool pinned;
	const struct err_def *doom; /* ends every call until unpinned */
	uint64_t answered;	    /* calls that succeeded while pinned */
	bool dropped;		    /* the peer hung up while pinned */
};

/* db.c */

/* A connection to work with: opens one, or pings an idle one, unless pinned. */
int db__ensure(struct db *db, struct err *err) MUST_CHECK;
/* Closes the connection and forgets its statements. */
void db__close(struct db *db);
/* Text SQL; rows are thrown away. 0, or -1 with *fault. */
int db__command(struct db *db, const char *sql, size_t len, const char *what,
    struct db_fault *fault) MUST_CHECK;
/* What the last call on the connection failed with. */
void db__fault_of_link(MYSQL *link, const char *what, struct db_fault *fault);
/* Draws the consequences of a fault for the connection: a lost one is closed,
 * a pinned one doomed by loss and by conflict. True when the peer hung up,
 * false for any other error, a silence until the time-out included. */
bool db__suffer(struct db *db, const struct db_fault *fault);
void db__pin(struct db *db);
void db__unpin(struct db *db);

/* db_session.c */

/* Connects and prepares the session. The connection must be closed. */
int db__connect(struct db *db, struct err *err) MUST_CHECK;

/* prepared.c */

struct column {
	enum db_type type;
	mysql_flag is_null;
	mysql_flag truncated;
	unsigned long len;
	int64_t integer;
	MYSQL_TIME time;
	char *bytes; /* what fits is fetched here at once */
	size_t capacity;
};

struct prepared {
	const struct db_statement *statement;
	MYSQL_STMT *handle;
	size_t param_count;
	MYSQL_BIND *params;
	MYSQL_TIME *param_times;
	size_t column_count;
	struct column *columns;
};

/* The statement, prepared now if it was not yet. NULL with *fault. */
struct prepared *db__prepared(struct db *db,
    const struct db_statement *statement, struct db_fault *fault);
/* Sends it anew to the server at its next use. */
void db__prepared_forget(struct db *db, struct prepared *prepared);
void db__prepared_clear(struct db *db);
void db__fault_of_statement(
    struct db *db, const struct prepared *prepared, struct db_fault *fault);

/* result.c */

/* Reads all rows of an executed query. 0, or -1 with *fault. */
int db__fetch(struct db *db, struct prepared *prepared, struct arena *arena,
    struct db_rows *rows, struct db_fault *fault) MUST_CHECK;

#endif
