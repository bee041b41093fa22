/* lib/db on a healthy server: session, types, statements, error classes. */
#include "db_fixture.h"

#include <malloc.h>

static struct db_rows
ask(struct fixture *f, const struct db_statement *statement)
{
	struct db_rows rows;
	struct err err = { 0 };

	if (db_query(f->db, f->arena, statement, NULL, 0, &rows, &err) != 0)
		fail_msg("%s", err.cause);
	return rows;
}

static void
the_server_is_known(void **state)
{
	static const struct db_statement VERSION = { "test.version",
		"SELECT VERSION()" };
	struct fixture *f = *state;
	struct err err = { 0 };

	assert_string_equal(db_server_version(f->db), "");
	assert_int_equal(db_ready(f->db, &err), 0);
	struct db_rows rows = ask(f, &VERSION);
	const char *version = db_cell_text(db_cell(&rows, 0, 0));
	assert_string_equal(db_server_version(f->db), version);
	assert_int_equal(
	    db_is_mariadb(f->db), strstr(version, "MariaDB") != NULL);
}

static void
session_is_what_the_rest_relies_on(void **state)
{
	static const struct db_statement BOTH = { "test.session",
		"SELECT @@sql_mode, @@time_zone, @@character_set_client,"
		" @@autocommit, @@innodb_lock_wait_timeout,"
		" @@lock_wait_timeout" };
	static const struct db_statement MARIADB = { "test.mariadb",
		"SELECT @@tx_isolation, @@max_statement_time * 1000,"
		" @@idle_transaction_timeout" };
	static const struct db_statement MYSQL = { "test.mysql",
		"SELECT @@transaction_isolation, @@max_execution_time" };
	struct fixture *f = *state;

	struct db_rows rows = ask(f, &BOTH);
	const char *mode = db_cell_text(db_cell(&rows, 0, 0));
	assert_non_null(strstr(mode, "STRICT_ALL_TABLES"));
	assert_non_null(strstr(mode, "NO_ENGINE_SUBSTITUTION"));
	assert_string_equal(db_cell_text(db_cell(&rows, 0, 1)), "+00:00");
	assert_string_equal(db_cell_text(db_cell(&rows, 0, 2)), "utf8mb4");
	assert_int_equal(db_cell_int(db_cell(&rows, 0, 3)), 1);
	assert_int_equal(db_cell_int(db_cell(&rows, 0, 4)), LOCK_WAIT_S);
	assert_int_equal(db_cell_int(db_cell(&rows, 0, 5)), LOCK_WAIT_S);

	rows = ask(f, db_is_mariadb(f->db) ? &MARIADB : &MYSQL);
	assert_string_equal(
	    db_cell_text(db_cell(&rows, 0, 0)), "READ-COMMITTED");
	assert_int_equal(db_cell_int(db_cell(&rows, 0, 1)), TIMEOUT_S * 900);
	if (db_is_mariadb(f->db))
		assert_int_equal(db_cell_int(db_cell(&rows, 0, 2)), TIMEOUT_S);
}

static const struct db_statement INSERT_ALL = { "test.insert_all",
	"INSERT INTO every_type VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)" };
static const struct db_statement SELECT_ALL = { "test.select_all",
	"SELECT * FROM every_type ORDER BY id" };

static void
make_every_type(struct fixture *f)
{
	fresh_table(f->db, "every_type",
	    "id INT PRIMARY KEY, tiny TINYINT, big BIGINT UNSIGNED,"
	    " word VARCHAR(200), uuid BINARY(16), price DECIMAL(12,2),"
	    " moment DATETIME(3), day DATE, long_text MEDIUMTEXT");
}

static void
every_type_survives_the_round_trip(void **state)
{
	struct fixture *f = *state;
	struct uuid uuid = { { 1, 0, 255, 3 } };
	struct db_rows rows;
	struct err err = { 0 };
	uint64_t affected = 0;
	struct db_value values[] = { db_int(1), db_int(-128), db_int(INT64_MAX),
		db_text("Zo\xc3\xab \xe2\x9c\x88 \xf0\x9f\x9b\xab"),
		db_uuid(&uuid), db_cents(f->arena, 123456789099),
		db_time(1736332200123), db_date(-86400000LL * 365),
		db_text("") };
	struct db_value nulls[] = { db_int(2), db_null(), db_null(),
		db_text(NULL), db_uuid(NULL), db_null(), db_time(-1), db_null(),
		db_null() };

	make_every_type(f);
	assert_int_equal(db_execute(f->db, &INSERT_ALL, values, COUNT(values),
			     &affected, &err),
	    0);
	assert_int_equal(affected, 1);
	assert_int_equal(
	    db_execute(f->db, &INSERT_ALL, nulls, COUNT(nulls), NULL, &err), 0);
	assert_int_equal(
	    db_query(f->db, f->arena, &SELECT_ALL, NULL, 0, &rows, &err), 0);
	assert_int_equal(rows.count, 2);
	assert_int_equal(rows.columns, 9);
	assert_int_equal(db_cell_int(db_cell(&rows, 0, 1)), -128);
	assert_true(db_cell_int(db_cell(&rows, 0, 2)) == INT64_MAX);
	assert_string_equal(db_cell_text(db_cell(&rows, 0, 3)),
	    "Zo\xc3\xab \xe2\x9c\x88 \xf0\x9f\x9b\xab");
	struct uuid back = db_cell_uuid(db_cell(&rows, 0, 4));
	assert_true(uuid_equal(&uuid, &back));
	assert_int_equal(db_cell(&rows, 0, 4)->type, DB_BYTES);
	assert_true(db_cell_cents(db_cell(&rows, 0, 5)) == 123456789099);
	assert_true(db_cell_time_ms(db_cell(&rows, 0, 6)) == 1736332200123);
	assert_true(db_cell_time_ms(db_cell(&rows, 0, 7)) == -86400000LL * 365);
	assert_string_equal(db_cell_text(db_cell(&rows, 0, 8)), "");
	for (size_t i = 1; i < rows.columns; i++)
		assert_true(db_cell_is_null(db_cell(&rows, 1, i)));
}

static void
texts_of_every_length_come_whole(void **state)
{
	static const size_t LENGTHS[] = { 0, 1, 510, 511, 512, 513, 1024, 65535,
		65536, 3000000 };
	static const struct db_statement INSERT = { "test.insert_text",
		"INSERT INTO texts VALUES (?, ?)" };
	static const struct db_statement SELECT = { "test.select_text",
		"SELECT id, body FROM texts ORDER BY id" };
	struct fixture *f = *state;
	struct db_rows rows;
	struct err err = { 0 };
	char *text = malloc(3000000);

	fresh_table(f->db, "texts", "id INT PRIMARY KEY, body LONGTEXT");
	for (size_t i = 0; i < 3000000; i++)
		text[i] = (char)('a' + i % 26);
	for (size_t i = 0; i < COUNT(LENGTHS); i++) {
		struct db_value row[] = { db_int((int64_t)i),
			{ .type = DB_TEXT, .bytes = text, .len = LENGTHS[i] } };
		assert_int_equal(
		    db_execute(f->db, &INSERT, row, 2, NULL, &err), 0);
	}
	assert_int_equal(
	    db_query(f->db, f->arena, &SELECT, NULL, 0, &rows, &err), 0);
	assert_int_equal(rows.count, COUNT(LENGTHS));
	for (size_t i = 0; i < COUNT(LENGTHS); i++) {
		const struct db_cell *cell = db_cell(&rows, i, 1);
		assert_int_equal(cell->len, LENGTHS[i]);
		assert_memory_equal(cell->bytes, text, LENGTHS[i]);
		assert_int_equal(cell->bytes[cell->len], '\0');
	}
	free(text);
}

static void
an_unreadable_row_leaves_the_connection_in_step(void **state)
{
	static const struct db_statement TOO_BIG = { "test.too_big",
		"SELECT n FROM naturals ORDER BY n DESC" };
	static const struct db_statement SEVEN = { "test.seven", "SELECT 7" };
	struct fixture *f = *state;
	struct db_rows rows;
	struct err err = { 0 };

	fresh_table(f->db, "naturals", "n BIGINT UNSIGNED");
	run_sql(f->db,
	    "INSERT INTO naturals VALUES (1), (18446744073709551615), (2)");
	assert_int_equal(
	    db_query(f->db, f->arena, &TOO_BIG, NULL, 0, &rows, &err), -1);
	assert_ptr_equal(err.def, &ERR_INTERNAL);
	assert_int_equal(ask_int(f, f->db, &SEVEN), 7);
}

static void
affected_counts_matches_not_changes(void **state)
{
	static const struct db_statement UPDATE = { "test.update",
		"UPDATE counters SET n = ? WHERE n >= ?" };
	static const struct db_statement INSERT = { "test.insert",
		"INSERT INTO counters (n) VALUES (?)" };
	struct fixture *f = *state;
	struct err err = { 0 };
	uint64_t affected = 99;
	struct db_value same[] = { db_int(5), db_int(5) };
	struct db_value none[] = { db_int(5), db_int(6) };

	fresh_table(
	    f->db, "counters", "id INT PRIMARY KEY AUTO_INCREMENT, n INT");
	for (int64_t i = 1; i <= 2; i++) {
		assert_int_equal(
		    db_execute(f->db, &INSERT, same, 1, NULL, &err), 0);
		assert_int_equal(db_last_insert_id(f->db), i);
	}
	assert_int_equal(
	    db_execute(f->db, &UPDATE, same, 2, &affected, &err), 0);
	assert_int_equal(affected, 2);
	assert_int_equal(
	    db_execute(f->db, &UPDATE, none, 2, &affected, &err), 0);
	assert_int_equal(affected, 0);
}

static void
a_duplicate_names_its_key_and_no_value(void **state)
{
	static const struct db_statement INSERT = { "test.insert_person",
		"INSERT INTO people VALUES (?, ?)" };
	struct fixture *f = *state;
	struct err err = { 0 };
	struct db_value ann[] = { db_int(1), db_text("for key 'ann'@x.org") };
	struct db_value twin[] = { db_int(2), db_text("for key 'ann'@x.org") };

	fresh_table(f->db, "people",
	    "id INT PRIMARY KEY, mail VARCHAR(50), UNIQUE KEY uq_mail (mail)");
	assert_int_equal(db_execute(f->db, &INSERT, ann, 2, NULL, &err), 0);
	assert_int_equal(db_execute(f->db, &INSERT, twin, 2, NULL, &err), -1);
	assert_ptr_equal(err.def, &ERR_DUPLICATE);
	assert_string_equal(err.details, "uq_mail");
	assert_null(strstr(err.cause, "x.org"));
	assert_non_null(strstr(err.cause, "test.insert_person"));
	assert_int_equal(db_execute(f->db, &INSERT, ann, 2, NULL, &err), -1);
	assert_string_equal(err.details, "PRIMARY");
}

static void
a_slow_statement_is_cut_by_the_server(void **state)
{
	static const struct db_statement SLOW = { "test.slow",
		"WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL"
		" SELECT i + 1 FROM n WHERE i < 1000)"
		" SELECT COUNT(*) FROM n a, n b, n c, n d"
		" WHERE a.i + b.i + c.i + d.i > 0" };
	static const struct db_statement SEVEN = { "test.seven", "SELECT 7" };
	struct fixture *f = *state;
	struct db_settings hasty = f->settings;
	struct db_rows rows;
	struct err err = { 0 };

	hasty.timeout_s = 1;
	struct db *db = db_create(&hasty);
	int64_t id = connection_id(f, db);
	assert_int_equal(
	    db_query(db, f->arena, &SLOW, NULL, 0, &rows, &err), -1);
	assert_ptr_equal(err.def, &ERR_TIMEOUT);
	assert_int_equal(ask_int(f, db, &SEVEN), 7);
	assert_int_equal(connection_id(f, db), id);
	db_free(db);
}

static void
a_wrong_statement_is_a_defect(void **state)
{
	static const struct db_statement WRONG = { "test.wrong",
		"SELECT nothing FROM nowhere" };
	struct fixture *f = *state;
	struct db_rows rows;
	struct err err = { 0 };

	for (int i = 0; i < 2; i++) {
		assert_int_equal(
		    db_query(f->db, f->arena, &WRONG, NULL, 0, &rows, &err),
		    -1);
		assert_ptr_equal(err.def, &ERR_INTERNAL);
		assert_non_null(strstr(err.cause, "test.wrong"));
		assert_non_null(strstr(err.cause, "1146"));
	}
}

static void
what_cannot_be_reached_is_unavailable(void **state)
{
	struct fixture *f = *state;
	struct db_settings rows[] = { f->settings, f->settings, f->settings,
		f->settings };

	rows[0].socket = "/nonexistent/db.sock";
	rows[1].user = "nobody_of_that_name";
	rows[1].password = "wrong";
	rows[2].database = "no_such_database";
	rows[3].host = "127.0.0.1";
	rows[3].port = 1;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct db *db = db_create(&rows[i]);
		struct err err = { 0 };
		assert_int_equal(db_ready(db, &err), -1);
		assert_ptr_equal(err.def, &ERR_UNAVAILABLE);
		assert_non_null(strstr(err.cause, "connect"));
		db_free(db);
	}
}

/* A server without TLS is refused; one with TLS gives an encrypted session. */
static void
required_tls_is_never_plain_text(void **state)
{
	static const struct db_statement CIPHER = { "test.cipher",
		"SHOW SESSION STATUS LIKE 'Ssl_cipher'" };
	struct fixture *f = *state;
	struct db_settings settings = f->settings;
	struct db_rows rows;
	struct err err = { 0 };

	assert_int_equal(db_ready(f->db, &err), 0);

	settings.tls = DB_TLS_REQUIRED;
	struct db *db = db_create(&settings);
	if ((f->db->link->server_capabilities & CLIENT_SSL) != 0) {
		assert_int_equal(
		    db_query(db, f->arena, &CIPHER, NULL, 0, &rows, &err), 0);
		assert_true(db_cell(&rows, 0, 1)->len > 0);
	} else {
		assert_int_equal(db_ready(db, &err), -1);
		assert_ptr_equal(err.def, &ERR_UNAVAILABLE);
	}
	db_free(db);
}

/* How many statements the session has prepared. */
static long
prepares(struct fixture *f)
{
	static const struct db_statement PREPARES = { "test.prepares",
		"SHOW SESSION STATUS LIKE 'Com_stmt_prepare'" };
	struct db_rows rows = ask(f, &PREPARES);

	return strtol(db_cell_text(db_cell(&rows, 0, 1)), NULL, 10);
}

static void
each_statement_is_prepared_once(void **state)
{
	enum { STATEMENTS = 200, ROUNDS = 3 };
	static struct db_statement many[STATEMENTS];
	static char texts[STATEMENTS][32];
	struct fixture *f = *state;

	long before = prepares(f);
	for (int round = 0; round < ROUNDS; round++) {
		for (int i = 0; i < STATEMENTS; i++) {
			snprintf(texts[i], sizeof texts[i], "SELECT %d", i);
			many[i] =
			    (struct db_statement){ "test.many", texts[i] };
			assert_int_equal(ask_int(f, f->db, &many[i]), i);
		}
	}
	assert_int_equal(prepares(f) - before, STATEMENTS);
}

static void
a_changed_table_is_prepared_anew(void **state)
{
	struct fixture *f = *state;
	struct db_rows rows;
	struct err err = { 0 };

	make_every_type(f);
	for (size_t columns = 9; columns < 13; columns++) {
		char sql[80];
		assert_int_equal(db_query(f->db, f->arena, &SELECT_ALL, NULL, 0,
				     &rows, &err),
		    0);
		assert_int_equal(rows.columns, columns);
		snprintf(sql, sizeof sql,
		    "ALTER TABLE every_type ADD COLUMN more%zu INT", columns);
		run_sql(f->other, sql);
	}
}

/* The server lost the statement, as behind a proxy that switched servers. */
static void
an_unknown_statement_is_prepared_anew(void **state)
{
	static const struct db_statement SEVEN = { "test.seven", "SELECT 7" };
	struct fixture *f = *state;
	struct db_fault fault;

	assert_int_equal(ask_int(f, f->db, &SEVEN), 7);
	long before = prepares(f);
	struct prepared *prepared = db__prepared(f->db, &SEVEN, &fault);
	prepared->handle->stmt_id += 1000;
	assert_int_equal(ask_int(f, f->db, &SEVEN), 7);
	assert_int_equal(prepares(f) - before, 1);
}

static void
ten_thousand_calls_leave_memory_flat(void **state)
{
	static const struct db_statement INSERT = { "test.insert_flat",
		"INSERT INTO flat VALUES (?, ?) ON DUPLICATE KEY UPDATE"
		" body = VALUES(body)" };
	static const struct db_statement SELECT = { "test.select_flat",
		"SELECT id, body, REPEAT(body, 100) FROM flat" };
	enum { WARM_UP = 200, CALLS = 10000, SLACK_BYTES = 16384 };
	struct fixture *f = *state;
	struct err err = { 0 };
	struct arena *arena = arena_create(1 << 20);
	size_t before = 0;

	fresh_table(f->db, "flat", "id INT PRIMARY KEY, body VARCHAR(100)");
	for (int i = 0; i < WARM_UP + CALLS; i++) {
		struct db_value row[] = { db_int(i % 3),
			db_text("0123456789") };
		struct db_rows rows;
		if (i == WARM_UP)
			before = mallinfo2().uordblks;
		assert_int_equal(
		    i % 2 == 0
			? db_execute(f->db, &INSERT, row, 2, NULL, &err)
			: db_query(f->db, arena, &SELECT, NULL, 0, &rows, &err),
		    0);
		arena_reset(arena);
	}
	assert_true(mallinfo2().uordblks < before + SLACK_BYTES);
	arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_server_is_known),
		TEST(session_is_what_the_rest_relies_on),
		TEST(every_type_survives_the_round_trip),
		TEST(texts_of_every_length_come_whole),
		TEST(an_unreadable_row_leaves_the_connection_in_step),
		TEST(affected_counts_matches_not_changes),
		TEST(a_duplicate_names_its_key_and_no_value),
		TEST(a_slow_statement_is_cut_by_the_server),
		TEST(a_wrong_statement_is_a_defect),
		TEST(what_cannot_be_reached_is_unavailable),
		TEST(required_tls_is_never_plain_text),
		TEST(each_statement_is_prepared_once),
		TEST(a_changed_table_is_prepared_anew),
		TEST(an_unknown_statement_is_prepared_anew),
		TEST(ten_thousand_calls_leave_memory_flat),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
