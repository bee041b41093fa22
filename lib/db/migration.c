#include "db/migration.h"

#include <string.h>
#include <time.h>

#include "db/db_private.h"
#include "db/migration_files.h"

enum { LOCK_POLL_MS = 50 };

static const struct db_statement LOCK = { "migration.lock",
	"SELECT GET_LOCK(LEFT(CONCAT('migration:', DATABASE()), 64), 0)" };
static const struct db_statement UNLOCK = { "migration.unlock",
	"SELECT RELEASE_LOCK(LEFT(CONCAT('migration:', DATABASE()), 64))" };
static const struct db_statement CREATE_TABLE = { "migration.create_table",
	"CREATE TABLE IF NOT EXISTS schema_migrations ("
	" version INT UNSIGNED NOT NULL PRIMARY KEY,"
	" name VARCHAR(100) NOT NULL,"
	" checksum CHAR(64) NOT NULL,"
	" applied_at DATETIME(3) NOT NULL"
	") ENGINE=InnoDB CHARACTER SET ascii COLLATE ascii_bin" };
static const struct db_statement FIND_TABLE = { "migration.find_table",
	"SELECT COUNT(*) FROM information_schema.tables"
	" WHERE table_schema = DATABASE()"
	" AND table_name = 'schema_migrations'" };
static const struct db_statement LIST_APPLIED = { "migration.list",
	"SELECT version, name, checksum, applied_at FROM schema_migrations"
	" ORDER BY version" };
static const struct db_statement INSERT = { "migration.insert",
	"INSERT INTO schema_migrations (version, name, checksum, applied_at)"
	" VALUES (?, ?, ?, ?)" };
static const struct db_statement DELETE = { "migration.delete",
	"DELETE FROM schema_migrations WHERE version = ?" };

/* What is on disk and what is in the database; files come first to last, and
 * the first `applied` of them have been applied. */
struct plan {
	struct migration_file *files;
	struct migration_state *states;
	size_t count;
	size_t applied;
};

/* Matches the table's rows with the files. A row without a file, or a row after
 * a gap, means that this folder is not where the database came from. */
static int
match_rows(struct plan *plan, const struct db_rows *rows, struct err *err)
{
	for (size_t i = 0; i < rows->count; i++) {
		int64_t number = db_cell_int(db_cell(rows, i, 0));
		if (i >= plan->count || number != (int64_t)i + 1)
			return err_set(err, &ERR_INVALID,
			    "migration %04lld (%s) is applied, but %s",
			    (long long)number,
			    db_cell_text(db_cell(rows, i, 1)),
			    i >= plan->count ? "its files are missing"
					     : "one before it is not");
		struct migration_state *state = &plan->states[i];
		state->applied = true;
		state->changed = strcmp(plan->files[i].checksum,
				     db_cell_text(db_cell(rows, i, 2))) != 0;
		state->applied_at_ms = db_cell_time_ms(db_cell(rows, i, 3));
	}
	plan->applied = rows->count;
	return 0;
}

static int
read_applied(
    struct db *db, struct arena *arena, struct plan *plan, struct err *err)
{
	struct db_rows rows;

	if (db_query(db, arena, &FIND_TABLE, NULL, 0, &rows, err) != 0)
		return -1;
	if (db_cell_int(db_cell(&rows, 0, 0)) == 0)
		return 0;
	if (db_query(db, arena, &LIST_APPLIED, NULL, 0, &rows, err) != 0)
		return -1;
	return match_rows(plan, &rows, err);
}

static int
make_plan(struct db *db, struct arena *arena, const char *folder,
    struct plan *plan, struct err *err)
{
	*plan = (struct plan){ 0 };
	if (migration_files_read(
		arena, folder, &plan->files, &plan->count, err) != 0)
		return -1;
	plan->states =
	    arena_array(arena, plan->count + 1, sizeof *plan->states);
	for (size_t i = 0; i < plan->count; i++) {
		plan->states[i].number = plan->files[i].number;
		plan->states[i].name = plan->files[i].name;
	}
	return read_applied(db, arena, plan, err);
}

int
migration_list(struct db *db, struct arena *arena, const char *folder,
    struct migration_state **states, size_t *count, struct err *err)
{
	struct plan plan;

	if (make_plan(db, arena, folder, &plan, err) != 0)
		return -1;
	*states = plan.states;
	*count = plan.count;
	return 0;
}

/* Asks again and again instead of waiting on the server, where the statement's
 * time limit would end the wait. */
static int
lock(struct db *db, struct arena *arena, unsigned lock_wait_s, struct err *err)
{
	struct deadline deadline = deadline_in((int64_t)lock_wait_s * 1000);
	struct timespec pause = { .tv_nsec = LOCK_POLL_MS * 1000000L };
	struct db_rows rows;

	for (;;) {
		if (db_query(db, arena, &LOCK, NULL, 0, &rows, err) != 0)
			return -1;
		const struct db_cell *taken = db_cell(&rows, 0, 0);
		if (db_cell_is_null(taken))
			return err_set(err, &ERR_INVALID,
			    "migrations need a selected database");
		if (db_cell_int(taken) == 1)
			return 0;
		if (deadline_left_ms(deadline) == 0)
			return err_set(err, &ERR_TIMEOUT,
			    "another runner holds the migration lock");
		nanosleep(&pause, NULL);
	}
}

/* A connection that is gone has taken its lock with it. */
static void
unlock(struct db *db, struct arena *arena)
{
	struct db_rows rows;
	struct err ignored;

	if (db->link != NULL &&
	    db_query(db, arena, &UNLOCK, NULL, 0, &rows, &ignored) != 0)
		db__close(db);
}

static int
run_file(struct db *db, const struct migration_text *text, struct err *err)
{
	struct err inner;

	if (db_run_script(db, text->sql, text->len, &inner) == 0)
		return 0;
	return err_set(err, inner.def, "%s: %s", text->file, inner.cause);
}

static int
apply(struct db *db, const struct migration_file *file, struct err *err)
{
	struct db_value row[] = { db_int(file->number), db_text(file->name),
		db_text(file->checksum), db_time(clock_wall_ms()) };

	if (run_file(db, &file->up, err) != 0)
		return -1;
	return db_execute(db, &INSERT, row, ARRAY_LEN(row), NULL, err);
}

static int
take_back(struct db *db, const struct migration_file *file, struct err *err)
{
	struct db_value row[] = { db_int(file->number) };

	if (run_file(db, &file->down, err) != 0)
		return -1;
	return db_execute(db, &DELETE, row, ARRAY_LEN(row), NULL, err);
}

/* Up with all that is pending, or down by `steps`. */
struct order {
	const char *folder;
	bool up;
	unsigned steps;
	migration_progress *progress;
	void *context;
};

static int
step(struct db *db, const struct order *order,
    const struct migration_file *file, struct err *err)
{
	if (order->progress != NULL)
		order->progress(
		    order->context, file->number, file->name, order->up);
	return order->up ? apply(db, file, err) : take_back(db, file, err);
}

static int
refuse_changed(const struct plan *plan, struct err *err)
{
	for (size_t i = 0; i < plan->applied; i++) {
		if (plan->states[i].changed)
			return err_set(err, &ERR_INVALID,
			    "%s was changed after it was applied",
			    plan->files[i].up.file);
	}
	return 0;
}

static int
run_steps(struct db *db, struct arena *arena, const struct order *order,
    struct err *err)
{
	struct plan plan;

	if (db_execute(db, &CREATE_TABLE, NULL, 0, NULL, err) != 0 ||
	    make_plan(db, arena, order->folder, &plan, err) != 0)
		return -1;
	if (order->up) {
		if (refuse_changed(&plan, err) != 0)
			return -1;
		for (size_t i = plan.applied; i < plan.count; i++) {
			if (step(db, order, &plan.files[i], err) != 0)
				return -1;
		}
		return 0;
	}
	for (unsigned n = 0; n < order->steps && n < plan.applied; n++) {
		const struct migration_file *file =
		    &plan.files[plan.applied - 1 - n];
		if (step(db, order, file, err) != 0)
			return -1;
	}
	return 0;
}

/* The lock lives and dies with the connection, so that it must not be replaced
 * by another one on the way. */
static int
run_locked(struct db *db, struct arena *arena, const struct order *order,
    unsigned lock_wait_s, struct err *err)
{
	int rc;

	if (db__ensure(db, err) != 0)
		return -1;
	db__pin(db);
	rc = lock(db, arena, lock_wait_s, err);
	if (rc == 0) {
		rc = run_steps(db, arena, order, err);
		unlock(db, arena);
	}
	db__unpin(db);
	return rc;
}

int
migration_up(struct db *db, struct arena *arena, const char *folder,
    unsigned lock_wait_s, migration_progress *progress, void *context,
    struct err *err)
{
	struct order order = { .folder = folder,
		.up = true,
		.progress = progress,
		.context = context };

	return run_locked(db, arena, &order, lock_wait_s, err);
}

int
migration_down(struct db *db, struct arena *arena, const char *folder,
    unsigned steps, unsigned lock_wait_s, migration_progress *progress,
    void *context, struct err *err)
{
	struct order order = { .folder = folder,
		.steps = steps,
		.progress = progress,
		.context = context };

	return run_locked(db, arena, &order, lock_wait_s, err);
}
