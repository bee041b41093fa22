/*
 * A database of its own for each test program, on a real server.
 *
 * TEST_DB_SOCKET names the server's unix socket; root needs no password there.
 * The database is made before the first test and dropped after the last.
 */
#ifndef TEST_DB_FIXTURE_H
#define TEST_DB_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "db/db.h"
#include "db/db_private.h"
#include "db/transaction.h"

#define COUNT(params) (sizeof(params) / sizeof((params)[0]))

enum { TIMEOUT_S = 5, LOCK_WAIT_S = 1 };

struct fixture {
	struct arena *arena;
	struct db_settings settings; /* of the test's database */
	struct db *db;
	struct db *other; /* a second session, for disturbances */
	char database[32];
};

static inline void
run_sql(struct db *db, const char *sql)
{
	struct err err = { 0 };

	if (db_run_script(db, sql, strlen(sql), &err) != 0)
		fail_msg("%s: %s", sql, err.cause);
}

/* An empty table of these columns, whatever was there before. */
static inline void
fresh_table(struct db *db, const char *name, const char *columns)
{
	char sql[400];
	int len = snprintf(sql, sizeof sql,
	    "DROP TABLE IF EXISTS %s; CREATE TABLE %s (%s)", name, name,
	    columns);

	assert_true(len > 0 && (size_t)len < sizeof sql);
	run_sql(db, sql);
}

/* The first cell of a query without parameters. */
static inline int64_t
ask_int(struct fixture *f, struct db *db, const struct db_statement *statement)
{
	struct db_rows rows;
	struct err err = { 0 };

	if (db_query(db, f->arena, statement, NULL, 0, &rows, &err) != 0)
		fail_msg("%s", err.cause);
	assert_true(rows.count > 0);
	return db_cell_int(db_cell(&rows, 0, 0));
}

static inline int64_t
connection_id(struct fixture *f, struct db *db)
{
	static const struct db_statement ID = { "test.id",
		"SELECT CONNECTION_ID()" };

	return ask_int(f, db, &ID);
}

/* Ends a session and waits until the server has forgotten it. */
static inline void
kill_session(struct fixture *f, struct db *killer, int64_t id)
{
	static const struct db_statement ALIVE = { "test.alive",
		"SELECT COUNT(*) FROM information_schema.processlist"
		" WHERE id = ?" };
	struct db_value params[] = { db_int(id) };
	struct db_rows rows;
	struct err err = { 0 };
	char sql[64];

	snprintf(sql, sizeof sql, "KILL CONNECTION %lld", (long long)id);
	run_sql(killer, sql);
	do {
		if (db_query(
			killer, f->arena, &ALIVE, params, 1, &rows, &err) != 0)
			fail_msg("%s", err.cause);
	} while (db_cell_int(db_cell(&rows, 0, 0)) != 0);
}

static inline int
fixture_open(void **state)
{
	static struct fixture fixture;
	struct fixture *f = &fixture;
	char sql[128];

	if (getenv("TEST_DB_SOCKET") == NULL) {
		fprintf(stderr, "TEST_DB_SOCKET is not set\n");
		return -1;
	}
	signal(SIGPIPE, SIG_IGN);
	f->arena = arena_create(64 << 20);
	f->settings = (struct db_settings){ .host = "localhost",
		.socket = getenv("TEST_DB_SOCKET"),
		.user = "root",
		.password = "",
		.database = "",
		.tls_ca = "",
		.timeout_s = TIMEOUT_S,
		.lock_wait_s = LOCK_WAIT_S };
	snprintf(f->database, sizeof f->database, "test_%d", (int)getpid());
	struct db *admin = db_create(&f->settings);
	snprintf(sql, sizeof sql,
	    "CREATE DATABASE %s CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
	    f->database);
	run_sql(admin, sql);
	db_free(admin);
	f->settings.database = f->database;
	*state = f;
	return 0;
}

static inline int
fixture_close(void **state)
{
	struct fixture *f = *state;
	char sql[64];

	struct db *admin = db_create(&f->settings);
	snprintf(sql, sizeof sql, "DROP DATABASE %s", f->database);
	run_sql(admin, sql);
	db_free(admin);
	arena_free(f->arena);
	return 0;
}

static inline int
each_open(void **state)
{
	struct fixture *f = *state;

	f->db = db_create(&f->settings);
	f->other = db_create(&f->settings);
	return 0;
}

static inline int
each_close(void **state)
{
	struct fixture *f = *state;

	db_free(f->db);
	db_free(f->other);
	arena_reset(f->arena);
	return 0;
}

#define TEST(function)                                                         \
	cmocka_unit_test_setup_teardown(function, each_open, each_close)

#endif
