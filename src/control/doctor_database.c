/*
 * The database: its version, settings and clock, and the migrations.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "app/places.h"
#include "control/doctor.h"
#include "db/migration.h"

#define MARIADB_LEAST	  1006 /* 10.6 */
#define MYSQL_LEAST	  800  /* 8.0 */
#define IDLE_LEAST_S	  60
#define OTHER_CONNECTIONS 12 /* booking-events, bookingctl, a person */
#define SKEW_WARN_MS	  1000
#define SKEW_FAIL_MS	  10000
#define YEAR_LEAST	  2024
#define YEAR_MOST	  2100

static const struct db_statement SELECT_CLOCK = {
	.name = "doctor.clock",
	.sql = "SELECT UTC_TIMESTAMP(3)",
};

static const struct db_statement SHOW_SETTINGS = {
	.name = "doctor.settings",
	.sql = "SHOW GLOBAL VARIABLES",
};

static const struct db_statement SHOW_SESSION = {
	.name = "doctor.session",
	.sql = "SHOW SESSION VARIABLES WHERE Variable_name IN "
	       "('tx_isolation', 'transaction_isolation')",
};

/* --- version ----------------------------------------------------------------
 */

/* "10.11.6-MariaDB" is 1011; 0 when it is no version. */
static long
version_number(const char *version)
{
	char *rest;
	long major = strtol(version, &rest, 10);

	return *rest == '.' ? major * 100 + strtol(rest + 1, NULL, 10) : 0;
}

void
check_database(struct doctor *doctor)
{
	struct arena *arena = doctor->arena;
	const struct settings *settings = doctor->settings;
	const char *version, *what;
	bool mariadb;
	struct err err;

	err_clear(&err);
	if (db_ready(doctor->db, &err) != 0) {
		doctor_fail(doctor,
		    arena_printf(
			arena, "the database does not answer: %s", err.cause),
		    "look at DB_HOST, DB_PORT, DB_SOCKET, DB_USERNAME, "
		    "DB_PASSWORD and DB_NAME (bookingctl settings)");
		return;
	}
	doctor->db_up = true;
	version = db_server_version(doctor->db);
	mariadb = db_is_mariadb(doctor->db);
	what = arena_printf(arena, "the database %s is %s%s", settings->db_name,
	    mariadb ? "" : "MySQL ", version);
	if (version_number(version) < (mariadb ? MARIADB_LEAST : MYSQL_LEAST))
		doctor_fail(doctor, what,
		    "upgrade to MariaDB 10.6 or MySQL 8.0 at least: SKIP "
		    "LOCKED is needed");
	else
		doctor_ok(doctor, what);
}

/* --- settings ---------------------------------------------------------------
 */

/* "" when the server has none of that name. */
static const char *
value_of(const struct db_rows *rows, const char *name)
{
	for (size_t i = 0; i < rows->count; i++) {
		if (strcasecmp(db_cell_text(db_cell(rows, i, 0)), name) == 0) {
			const char *value = db_cell_text(db_cell(rows, i, 1));

			return value == NULL ? "" : value;
		}
	}
	return "";
}

static bool
is_on(const struct db_rows *rows, const char *name)
{
	const char *value = value_of(rows, name);

	return strcasecmp(value, "ON") == 0 || strcmp(value, "1") == 0;
}

static void
check_writable(struct doctor *doctor, const struct db_rows *rows)
{
	if (is_on(rows, "read_only") || is_on(rows, "super_read_only"))
		doctor_fail(doctor, "the database is read only",
		    "name the primary server in DB_HOST");
}

static void
check_durability(struct doctor *doctor, const struct db_rows *rows)
{
	bool bin_log = is_on(rows, "log_bin");
	const char *flush = value_of(rows, "innodb_flush_log_at_trx_commit");

	if (strcmp(flush, "1") != 0)
		doctor_warn(doctor,
		    arena_printf(doctor->arena,
			"innodb_flush_log_at_trx_commit is %s: a crash of the "
			"machine loses bookings that were answered",
			flush),
		    "set innodb_flush_log_at_trx_commit=1");
	if (bin_log && strcmp(value_of(rows, "sync_binlog"), "1") != 0)
		doctor_warn(doctor,
		    "sync_binlog is not 1: replicas may lack bookings after a "
		    "crash",
		    "set sync_binlog=1");
	if (strcmp(flush, "1") == 0 &&
	    (!bin_log || strcmp(value_of(rows, "sync_binlog"), "1") == 0))
		doctor_ok(doctor, "a commit is on disk when it is answered");
}

static void
check_isolation(struct doctor *doctor, const struct db_rows *rows)
{
	struct db_rows session;
	const char *level;
	struct err err;

	if (db_query(doctor->db, doctor->arena, &SHOW_SESSION, NULL, 0,
		&session, &err) != 0 ||
	    session.count == 0)
		return;
	level = db_cell_text(db_cell(&session, 0, 1));
	if (strcmp(level, "READ-COMMITTED") != 0)
		doctor_fail(doctor,
		    arena_printf(doctor->arena,
			"the session's isolation is %s: hot flights deadlock",
			level),
		    "look for an init_connect or a proxy that sets it");
	else if (is_on(rows, "log_bin") &&
		 strcasecmp(value_of(rows, "binlog_format"), "STATEMENT") == 0)
		doctor_fail(doctor,
		    "binlog_format is STATEMENT: no write is taken in READ "
		    "COMMITTED",
		    "set binlog_format=ROW");
	else
		doctor_ok(doctor, "sessions are READ COMMITTED");
}

static void
check_idle_time(struct doctor *doctor, const struct db_rows *rows)
{
	const char *wait = value_of(rows, "wait_timeout");

	if (strtol(wait, NULL, 10) < IDLE_LEAST_S)
		doctor_warn(doctor,
		    arena_printf(doctor->arena,
			"wait_timeout is %s s: idle workers reconnect all the "
			"time",
			wait),
		    "set wait_timeout=600 or more");
	else
		doctor_ok(
		    doctor, arena_printf(doctor->arena,
				"idle connections are kept for %s s", wait));
}

static long
workers(const struct settings *settings)
{
	bool dynamic = strcmp(settings->pool_mode, "dynamic") == 0;
	int64_t given =
	    dynamic ? settings->pool_max_workers : settings->pool_workers;

	return given > 0 ? (long)given : settings_default_workers();
}

static void
check_connections(struct doctor *doctor, const struct db_rows *rows)
{
	long most = strtol(value_of(rows, "max_connections"), NULL, 10);
	long of_user = strtol(value_of(rows, "max_user_connections"), NULL, 10);
	long needed = workers(doctor->settings) + OTHER_CONNECTIONS;
	const char *what;

	if (of_user > 0 && of_user < most)
		most = of_user;
	what = arena_printf(doctor->arena,
	    "up to %ld connections are needed from here, the database takes "
	    "%ld in all",
	    needed, most);
	if (needed > most)
		doctor_fail(doctor, what,
		    arena_printf(doctor->arena,
			"set max_connections=%ld or more, or fewer "
			"POOL_WORKERS",
			needed * 2));
	else
		doctor_ok(doctor, what);
}

void
check_database_settings(struct doctor *doctor)
{
	struct db_rows rows;
	struct err err;

	if (!doctor->db_up)
		return;
	err_clear(&err);
	if (db_query(doctor->db, doctor->arena, &SHOW_SETTINGS, NULL, 0, &rows,
		&err) != 0) {
		doctor_warn(doctor,
		    arena_printf(doctor->arena,
			"the database does not tell its settings: %s",
			err.cause),
		    "look at the database's log");
		return;
	}
	check_writable(doctor, &rows);
	check_durability(doctor, &rows);
	check_isolation(doctor, &rows);
	check_idle_time(doctor, &rows);
	check_connections(doctor, &rows);
}

/* --- clock ------------------------------------------------------------------
 */

static void
check_skew(struct doctor *doctor)
{
	static const char FIX[] = "keep both on time with chrony or "
				  "systemd-timesyncd";
	int64_t before_ms = clock_wall_ms(), theirs_ms, skew_ms;
	struct db_rows rows;
	const char *what;
	struct err err;

	if (db_query(doctor->db, doctor->arena, &SELECT_CLOCK, NULL, 0, &rows,
		&err) != 0)
		return;
	theirs_ms = db_cell_time_ms(db_cell(&rows, 0, 0));
	skew_ms = llabs(theirs_ms - (before_ms + clock_wall_ms()) / 2);
	what = arena_printf(doctor->arena,
	    "the clocks of this machine and the database are %lld ms apart",
	    (long long)skew_ms);
	if (skew_ms > SKEW_FAIL_MS)
		doctor_fail(doctor, what, FIX);
	else if (skew_ms > SKEW_WARN_MS)
		doctor_warn(doctor, what, FIX);
	else
		doctor_ok(doctor, what);
}

void
check_clock(struct doctor *doctor)
{
	struct clock_fields now;

	clock_split(clock_wall_ms(), &now);
	if (now.year < YEAR_LEAST || now.year > YEAR_MOST)
		doctor_fail(doctor,
		    arena_printf(doctor->arena,
			"this machine lives in the year %d", now.year),
		    "set its clock: tokens and flights are judged by it");
	if (doctor->db_up)
		check_skew(doctor);
}

/* --- migrations -------------------------------------------------------------
 */

static void
judge_migrations(
    struct doctor *doctor, const struct migration_state *states, size_t count)
{
	struct arena *arena = doctor->arena;
	size_t pending = 0, changed = 0;

	for (size_t i = 0; i < count; i++) {
		pending += !states[i].applied;
		changed += states[i].changed;
	}
	if (pending > 0)
		doctor_fail(doctor,
		    arena_printf(arena, "%zu of %zu migrations are pending",
			pending, count),
		    "bookingctl migrate up");
	if (changed > 0)
		doctor_fail(doctor,
		    arena_printf(arena,
			"%zu migrations have changed since they were applied",
			changed),
		    "bookingctl migrate status names them: restore the files "
		    "of that release");
	if (pending == 0 && changed == 0)
		doctor_ok(doctor, arena_printf(arena,
				      "all %zu migrations are applied", count));
}

void
check_migrations(struct doctor *doctor)
{
	struct migration_state *states;
	struct places places;
	size_t count;
	struct err err;

	if (!doctor->db_up)
		return;
	places_find(&places);
	err_clear(&err);
	if (migration_list(doctor->db, doctor->arena, places.migrations,
		&states, &count, &err) != 0)
		doctor_fail(doctor,
		    arena_printf(doctor->arena,
			"the migrations in %s cannot be compared: %s %s",
			places.migrations, err.details, err.cause),
		    "name their folder in BOOKING_MIGRATIONS");
	else
		judge_migrations(doctor, states, count);
}
