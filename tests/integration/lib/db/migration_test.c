/* lib/db/migration: files on disk against a real database. */
#include "db_fixture.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "db/migration.h"

static const struct db_statement TABLES = { "test.tables",
	"SELECT COUNT(*) FROM information_schema.tables"
	" WHERE table_schema = DATABASE() AND table_name IN ('a', 'b')" };
static const struct db_statement ROWS_IN_A = { "test.rows_in_a",
	"SELECT COUNT(*) FROM a" };

static char folder[64];

static void
put(const char *name, const char *text)
{
	char path[256];

	snprintf(path, sizeof path, "%s/%s", folder, name);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void
drop(const char *name)
{
	char path[256];

	snprintf(path, sizeof path, "%s/%s", folder, name);
	assert_int_equal(unlink(path), 0);
}

static const char *const NAMES[] = { "0001_make_a.up.sql",
	"0001_make_a.down.sql", "0002_make_b.up.sql", "0002_make_b.down.sql" };

static int
folder_open(void **state)
{
	struct fixture *f = *state;

	each_open(state);
	snprintf(folder, sizeof folder, "/tmp/migration-test-XXXXXX");
	assert_non_null(mkdtemp(folder));
	put(NAMES[0], "-- it's a table; with a note\nCREATE TABLE a (n INT);\n"
		      "INSERT INTO a VALUES (1); # first;\n"
		      "INSERT INTO a VALUES (2)\n");
	put(NAMES[1], "DROP TABLE a;\n");
	put(NAMES[2], "CREATE TABLE b (n INT);\n");
	put(NAMES[3], "DROP TABLE b;\n");
	run_sql(f->other, "DROP TABLE IF EXISTS a, b, schema_migrations");
	return 0;
}

static int
folder_close(void **state)
{
	for (size_t i = 0; i < COUNT(NAMES); i++)
		drop(NAMES[i]);
	assert_int_equal(rmdir(folder), 0);
	return each_close(state);
}

struct steps {
	unsigned ups, downs, last;
};

static void
note(void *context, unsigned number, const char *name, bool up)
{
	struct steps *steps = context;

	assert_true(strncmp(name, "make_", 5) == 0);
	steps->ups += up;
	steps->downs += !up;
	steps->last = number;
}

static int
up(struct fixture *f, struct steps *steps, struct err *err)
{
	*err = (struct err){ 0 };
	*steps = (struct steps){ 0 };
	return migration_up(f->db, f->arena, folder, 5, note, steps, err);
}

static int
down(struct fixture *f, unsigned count, struct steps *steps, struct err *err)
{
	*err = (struct err){ 0 };
	*steps = (struct steps){ 0 };
	return migration_down(
	    f->db, f->arena, folder, count, 5, note, steps, err);
}

static struct migration_state *
list(struct fixture *f, size_t expected)
{
	struct migration_state *states = NULL;
	struct err err = { 0 };
	size_t count = 0;

	if (migration_list(f->db, f->arena, folder, &states, &count, &err) != 0)
		fail_msg("%s", err.cause);
	assert_int_equal(count, expected);
	return states;
}

static void
up_then_down_then_up(void **state)
{
	struct fixture *f = *state;
	struct steps steps;
	struct err err;

	struct migration_state *states = list(f, 2);
	assert_false(states[0].applied || states[1].applied);
	assert_int_equal(up(f, &steps, &err), 0);
	assert_int_equal(steps.ups, 2);
	assert_int_equal(ask_int(f, f->db, &TABLES), 2);
	assert_int_equal(ask_int(f, f->db, &ROWS_IN_A), 2);
	states = list(f, 2);
	assert_int_equal(states[1].number, 2);
	assert_string_equal(states[1].name, "make_b");
	assert_true(states[0].applied && states[1].applied);
	assert_false(states[0].changed || states[1].changed);
	assert_true(states[1].applied_at_ms > 1700000000000);

	assert_int_equal(up(f, &steps, &err), 0);
	assert_int_equal(steps.ups, 0);
	assert_int_equal(down(f, 1, &steps, &err), 0);
	assert_int_equal(steps.downs, 1);
	assert_int_equal(steps.last, 2);
	assert_int_equal(ask_int(f, f->db, &TABLES), 1);
	assert_int_equal(down(f, 99, &steps, &err), 0);
	assert_int_equal(steps.downs, 1);
	assert_int_equal(ask_int(f, f->db, &TABLES), 0);
	assert_int_equal(up(f, &steps, &err), 0);
	assert_int_equal(ask_int(f, f->db, &TABLES), 2);
}

static void
a_changed_file_is_refused_and_shown(void **state)
{
	struct fixture *f = *state;
	struct steps steps;
	struct err err;

	drop(NAMES[2]);
	drop(NAMES[3]);
	assert_int_equal(up(f, &steps, &err), 0);
	put(NAMES[2], "CREATE TABLE b (n INT);\n");
	put(NAMES[3], "DROP TABLE b;\n");
	put(NAMES[0], "CREATE TABLE a (n BIGINT);\n");
	assert_true(list(f, 2)[0].changed);
	assert_int_equal(up(f, &steps, &err), -1);
	assert_non_null(strstr(err.cause, NAMES[0]));
	assert_int_equal(steps.ups, 0);
	assert_int_equal(ask_int(f, f->db, &TABLES), 1);
}

static void
a_failure_names_file_and_statement_and_is_not_noted(void **state)
{
	struct fixture *f = *state;
	struct steps steps;
	struct err err;

	put(NAMES[2],
	    "CREATE TABLE b (n INT);\nINSERT INTO nowhere VALUES (1);");
	assert_int_equal(up(f, &steps, &err), -1);
	assert_non_null(strstr(err.cause, NAMES[2]));
	assert_non_null(strstr(err.cause, "statement 2"));
	assert_true(list(f, 2)[0].applied);
	assert_false(list(f, 2)[1].applied);
	run_sql(f->other, "DROP TABLE b");
	put(NAMES[2], "CREATE TABLE b (n INT);\n");
	assert_int_equal(up(f, &steps, &err), 0);
	assert_int_equal(steps.ups, 1);

	put(NAMES[3], "SELECT 1; DROP TABLE nowhere;");
	assert_int_equal(down(f, 1, &steps, &err), -1);
	assert_non_null(strstr(err.cause, NAMES[3]));
	assert_true(list(f, 2)[1].applied);
}

static void
a_database_of_another_folder_is_refused(void **state)
{
	struct fixture *f = *state;
	struct steps steps;
	struct err err;

	assert_int_equal(up(f, &steps, &err), 0);
	run_sql(f->db, "UPDATE schema_migrations SET version = 3"
		       " WHERE version = 2");
	assert_int_equal(up(f, &steps, &err), -1);
	assert_non_null(strstr(err.cause, "0003"));
	run_sql(f->db, "UPDATE schema_migrations SET version = 2"
		       " WHERE version = 3;"
		       "INSERT INTO schema_migrations"
		       " VALUES (3, 'x', 'y', NOW())");
	assert_int_equal(up(f, &steps, &err), -1);
	assert_non_null(strstr(err.cause, "missing"));
}

static void
two_runners_apply_each_file_once(void **state)
{
	enum { RUNNERS = 4 };
	struct fixture *f = *state;
	pid_t runners[RUNNERS];
	int ups = 0;

	for (int i = 0; i < RUNNERS; i++) {
		runners[i] = fork();
		if (runners[i] == 0) {
			struct steps steps;
			struct err err;
			/* Not connected before the fork. */
			int rc = up(f, &steps, &err);
			db_free(f->db);
			_exit(rc == 0 ? (int)steps.ups : 99);
		}
	}
	for (int i = 0; i < RUNNERS; i++) {
		int status = 0;
		assert_int_equal(waitpid(runners[i], &status, 0), runners[i]);
		assert_true(WIFEXITED(status));
		assert_int_not_equal(WEXITSTATUS(status), 99);
		ups += WEXITSTATUS(status);
	}
	assert_int_equal(ups, 2);
	assert_int_equal(ask_int(f, f->db, &ROWS_IN_A), 2);
}

static void
a_held_lock_is_waited_for_no_longer_than_told(void **state)
{
	static const struct db_statement LOCK = { "test.get_lock",
		"SELECT GET_LOCK(CONCAT('migration:', DATABASE()), 0)" };
	struct fixture *f = *state;
	struct err err = { 0 };

	assert_int_equal(ask_int(f, f->other, &LOCK), 1);
	assert_int_equal(
	    migration_up(f->db, f->arena, folder, 0, NULL, NULL, &err), -1);
	assert_ptr_equal(err.def, &ERR_TIMEOUT);
	assert_int_equal(ask_int(f, f->db, &TABLES), 0);
}

static void
without_a_database_nothing_is_done(void **state)
{
	struct fixture *f = *state;
	struct db_settings settings = f->settings;
	struct err err = { 0 };

	settings.database = "";
	struct db *db = db_create(&settings);
	assert_int_equal(
	    migration_up(db, f->arena, folder, 0, NULL, NULL, &err), -1);
	assert_non_null(strstr(err.cause, "database"));
	db_free(db);
}

int
main(void)
{
#define IN_FOLDER(test)                                                        \
	cmocka_unit_test_setup_teardown(test, folder_open, folder_close)
	const struct CMUnitTest tests[] = {
		IN_FOLDER(up_then_down_then_up),
		IN_FOLDER(a_changed_file_is_refused_and_shown),
		IN_FOLDER(a_failure_names_file_and_statement_and_is_not_noted),
		IN_FOLDER(a_database_of_another_folder_is_refused),
		IN_FOLDER(two_runners_apply_each_file_once),
		IN_FOLDER(a_held_lock_is_waited_for_no_longer_than_told),
		IN_FOLDER(without_a_database_nothing_is_done),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
