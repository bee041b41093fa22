/* db_transaction_at_once: a whole transaction as one prepared statement. */
#include "db_fixture.h"

#include "db/transaction.h"

#include <pthread.h>
#include <time.h>

#define BEGUN "START TRANSACTION; INSERT INTO seats VALUES (?, 0); "
#define WHOLE(body)                                                            \
	"BEGIN NOT ATOMIC "                                                    \
	"DECLARE EXIT HANDLER FOR SQLEXCEPTION "                               \
	"BEGIN ROLLBACK; RESIGNAL; END; " BEGUN body " COMMIT; END"

static const struct db_statement GOOD = { "test.good",
	WHOLE("INSERT INTO seats VALUES (?, 0);") };
static const struct db_statement GUARDED = { "test.guarded",
	WHOLE("UPDATE seats SET n = 1 WHERE id = ?; "
	      "IF ROW_COUNT() <> 1 THEN SIGNAL SQLSTATE '40001' "
	      "SET MYSQL_ERRNO = 1020; END IF;") };
#define WAIT "UPDATE held SET n = n + 1 WHERE id = ?;"
/* The second stands for a server that does not run the handler when a statement
 * is ended from outside. */
static const struct db_statement WAITING[] = {
	{ "test.waiting", WHOLE(WAIT) },
	{ "test.waiting_unhandled",
	    "BEGIN NOT ATOMIC " BEGUN WAIT " COMMIT; END" },
};
static const struct db_statement COUNT = { "test.count",
	"SELECT COUNT(*) FROM seats" };
static const struct db_statement IN_TRANSACTION = { "test.in_transaction",
	"SELECT @@in_transaction" };

static int
run(struct fixture *f, const struct db_statement *statement, int64_t first,
    int64_t second, struct err *err)
{
	const struct db_value values[] = { db_int(first), db_int(second) };

	*err = (struct err){ 0 };
	return db_transaction_at_once(f->db, statement, values, 2, err);
}

/* False on a server that cannot: there is nothing to promise then. */
static bool
begin(struct fixture *f)
{
	struct err err;

	assert_int_equal(db_ready(f->db, &err), 0);
	if (!db_is_mariadb(f->db))
		return false;
	fresh_table(f->db, "seats", "id INT PRIMARY KEY, n INT");
	return true;
}

static void
nothing_is_left(struct fixture *f)
{
	assert_int_equal(ask_int(f, f->db, &IN_TRANSACTION), 0);
	assert_int_equal(ask_int(f, f->other, &COUNT), 0);
}

static void
all_of_it_is_committed(void **state)
{
	struct fixture *f = *state;
	struct err err;

	if (!begin(f))
		return;
	assert_int_equal(run(f, &GOOD, 1, 2, &err), 0);
	assert_int_equal(run(f, &GOOD, 3, 4, &err), 0);
	assert_int_equal(ask_int(f, f->db, &IN_TRANSACTION), 0);
	assert_int_equal(ask_int(f, f->other, &COUNT), 4);
}

static void
a_duplicate_leaves_nothing(void **state)
{
	struct fixture *f = *state;
	struct err err;

	if (!begin(f))
		return;
	assert_int_equal(run(f, &GOOD, 7, 7, &err), -1);
	assert_true(err_is(&err, &ERR_DUPLICATE));
	nothing_is_left(f);
}

static void
a_guard_that_fails_is_a_conflict(void **state)
{
	struct fixture *f = *state;
	struct err err;

	if (!begin(f))
		return;
	assert_int_equal(run(f, &GUARDED, 1, 2, &err), -1);
	assert_true(err_is(&err, &ERR_CONFLICT));
	nothing_is_left(f);
	assert_int_equal(run(f, &GUARDED, 1, 1, &err), 0);
	assert_int_equal(ask_int(f, f->other, &COUNT), 1);
}

struct killing {
	struct fixture *f;
	int64_t id;
	const char *what;
};

/* Ends the statement as soon as it waits for the row. */
static void *
kill_when_waiting(void *context)
{
	static const struct db_statement IS_WAITING = { "test.is_waiting",
		"SELECT COUNT(*) FROM information_schema.innodb_trx "
		"WHERE trx_mysql_thread_id = ? AND trx_state = 'LOCK WAIT'" };
	/* The server renews that table ten times a second at most. */
	const struct timespec pause = { .tv_nsec = 110000000 };
	const struct killing *killing = context;
	const struct db_value id = db_int(killing->id);
	struct db *db = db_create(&killing->f->settings);
	struct arena *arena = arena_create(1 << 20);
	struct db_rows rows;
	struct err err = { 0 };
	char sql[64];

	do {
		nanosleep(&pause, NULL);
		if (db_query(db, arena, &IS_WAITING, &id, 1, &rows, &err) != 0)
			abort();
	} while (db_cell_int(db_cell(&rows, 0, 0)) == 0);
	snprintf(
	    sql, sizeof(sql), "%s %lld", killing->what, (long long)killing->id);
	run_sql(db, sql);
	arena_free(arena);
	db_free(db);
	return NULL;
}

static void
hold_the_row(struct fixture *f)
{
	fresh_table(f->db, "held", "id INT PRIMARY KEY, n INT");
	run_sql(f->db, "INSERT INTO held VALUES (1, 0)");
	run_sql(f->db, "SET innodb_lock_wait_timeout = 60");
	run_sql(f->other, "START TRANSACTION");
	run_sql(f->other, "UPDATE held SET n = 1");
}

static void
let_the_row_go(struct fixture *f)
{
	struct db_fault fault;

	assert_int_equal(db__command(f->other, "ROLLBACK", 8, "", &fault), 0);
}

static void
killed(
    struct fixture *f, const struct db_statement *statement, const char *what)
{
	struct killing killing = { f, connection_id(f, f->db), what };
	pthread_t thread;
	struct err err;
	int rc;

	hold_the_row(f);
	pthread_create(&thread, NULL, kill_when_waiting, &killing);
	rc = run(f, statement, 1, 1, &err);
	pthread_join(thread, NULL);
	let_the_row_go(f);
	assert_int_equal(rc, -1);
	assert_true(err_is(&err, &ERR_UNKNOWN_OUTCOME));
	nothing_is_left(f);
}

static void
a_killed_query_is_an_unknown_outcome_and_rolled_back(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(WAITING) && begin(f); i++)
		killed(f, &WAITING[i], "KILL QUERY");
}

static void
a_time_limit_is_an_unknown_outcome_and_rolled_back(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(WAITING) && begin(f); i++) {
		struct err err;
		int rc;

		hold_the_row(f);
		run_sql(f->db, "SET max_statement_time = 1");
		rc = run(f, &WAITING[i], 1, 1, &err);
		let_the_row_go(f);
		assert_int_equal(rc, -1);
		assert_true(err_is(&err, &ERR_UNKNOWN_OUTCOME));
		nothing_is_left(f);
		run_sql(f->db, "SET max_statement_time = 0");
	}
}

static void
a_lost_connection_is_an_unknown_outcome(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(WAITING) && begin(f); i++)
		killed(f, &WAITING[i], "KILL");
}

/* What was never sent has an outcome. */
static void
no_connection_is_no_unknown_outcome(void **state)
{
	struct fixture *f = *state;
	struct db_settings nowhere = f->settings;
	const struct db_value values[] = { db_int(1), db_int(2) };
	struct err err = { 0 };
	struct db *db;

	nowhere.socket = "/nowhere";
	db = db_create(&nowhere);
	assert_int_equal(
	    db_transaction_at_once(db, &GOOD, values, 2, &err), -1);
	assert_true(err_is(&err, &ERR_UNAVAILABLE));
	db_free(db);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(all_of_it_is_committed),
		TEST(a_duplicate_leaves_nothing),
		TEST(a_guard_that_fails_is_a_conflict),
		TEST(a_killed_query_is_an_unknown_outcome_and_rolled_back),
		TEST(a_time_limit_is_an_unknown_outcome_and_rolled_back),
		TEST(a_lost_connection_is_an_unknown_outcome),
		TEST(no_connection_is_no_unknown_outcome),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
