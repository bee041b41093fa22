/* lib/db/transaction on a healthy server: commit, roll back, conflicts. */
#include "db_fixture.h"

#include <pthread.h>
#include <sys/mman.h>
#include <sys/wait.h>

static const struct db_statement UPDATE = { "test.update",
	"UPDATE seats SET n = n + ? WHERE id = ?" };
static const struct db_statement LOCK_ROW = { "test.lock",
	"SELECT n FROM seats WHERE id = ? FOR UPDATE" };
static const struct db_statement LOCK_NOWAIT = { "test.lock_nowait",
	"SELECT n FROM seats WHERE id = ? FOR UPDATE NOWAIT" };
static const struct db_statement SUM = { "test.sum",
	"SELECT SUM(n) FROM seats" };
static const struct db_statement INSERT = { "test.insert",
	"INSERT INTO seats VALUES (?, 0)" };

static int
add(struct db *db, int64_t id, int64_t n, struct err *err)
{
	struct db_value params[] = { db_int(n), db_int(id) };

	return db_execute(db, &UPDATE, params, 2, NULL, err);
}

static int
lock_row(struct fixture *f, struct db *db, const struct db_statement *statement,
    int64_t id, struct err *err)
{
	struct db_value params[] = { db_int(id) };
	struct db_rows rows;

	return db_query(db, f->arena, statement, params, 1, &rows, err);
}

static void
make_seats(struct fixture *f)
{
	fresh_table(f->db, "seats", "id INT PRIMARY KEY, n INT");
	run_sql(f->db, "INSERT INTO seats VALUES (1, 0), (2, 0)");
}

struct task {
	struct fixture *f;
	int runs;
	int free_in_run; /* run in which the other session lets go */
	const struct err_def *fail_with;
	bool overlook;
	const struct db_statement *lock;
};

/* The other session takes row 2 and keeps it. */
static void
hold(struct fixture *f)
{
	struct db_fault fault;
	struct err err = { 0 };

	assert_int_equal(db_ready(f->other, &err), 0);
	assert_int_equal(
	    db__command(f->other, "START TRANSACTION", 17, "", &fault), 0);
	assert_int_equal(lock_row(f, f->other, &LOCK_ROW, 2, &err), 0);
}

static void
let_go(struct fixture *f)
{
	struct db_fault fault;

	assert_int_equal(db__command(f->other, "ROLLBACK", 8, "", &fault), 0);
}

static int
add_both(struct db *db, void *context, struct err *err)
{
	struct task *task = context;

	task->runs++;
	if (task->runs == task->free_in_run)
		let_go(task->f);
	if (add(db, 1, 1, err) != 0)
		return -1;
	if (task->fail_with != NULL)
		return err_set(err, task->fail_with, "on purpose");
	if (task->lock != NULL &&
	    lock_row(task->f, db, task->lock, 2, err) != 0 && !task->overlook)
		return -1;
	if (add(db, 2, 1, err) != 0 && !task->overlook)
		return -1;
	return 0;
}

static int
run_task(struct task *task, int64_t deadline_ms, struct err *err)
{
	*err = (struct err){ 0 };
	return db_transaction(
	    task->f->db, deadline_in(deadline_ms), add_both, task, err);
}

static void
a_good_body_is_committed(void **state)
{
	struct fixture *f = *state;
	struct task task = { .f = f };
	struct err err;

	make_seats(f);
	assert_int_equal(run_task(&task, 10000, &err), 0);
	assert_int_equal(task.runs, 1);
	assert_int_equal(ask_int(f, f->other, &SUM), 2);
}

static void
a_failed_body_is_rolled_back_and_passes_its_error(void **state)
{
	struct fixture *f = *state;
	struct task task = { .f = f, .fail_with = &ERR_NOT_FOUND };
	struct err err;

	make_seats(f);
	assert_int_equal(run_task(&task, 10000, &err), -1);
	assert_ptr_equal(err.def, &ERR_NOT_FOUND);
	assert_string_equal(err.cause, "on purpose");
	assert_int_equal(task.runs, 1);
	assert_int_equal(ask_int(f, f->other, &SUM), 0);
	assert_int_equal(add(f->db, 1, 5, &err), 0);
	assert_int_equal(ask_int(f, f->other, &SUM), 5);
}

static int
insert_twice(struct db *db, void *context, struct err *err)
{
	struct db_value three[] = { db_int(3) };
	struct db_value one[] = { db_int(1) };

	(void)context;
	if (db_execute(db, &INSERT, three, 1, NULL, err) != 0)
		return -1;
	if (db_execute(db, &INSERT, one, 1, NULL, err) == 0 ||
	    !err_is(err, &ERR_DUPLICATE))
		return -1;
	return add(db, 3, 7, err);
}

static void
a_duplicate_does_not_end_the_transaction(void **state)
{
	struct fixture *f = *state;
	struct err err = { 0 };

	make_seats(f);
	assert_int_equal(
	    db_transaction(f->db, deadline_in(10000), insert_twice, NULL, &err),
	    0);
	assert_int_equal(ask_int(f, f->other, &SUM), 7);
}

static void
a_conflict_is_run_again_until_it_is_none(void **state)
{
	struct fixture *f = *state;
	struct task task = { .f = f, .free_in_run = 3, .lock = &LOCK_NOWAIT };
	struct err err;

	make_seats(f);
	hold(f);
	uint64_t before = db_transaction_retries();
	assert_int_equal(run_task(&task, 10000, &err), 0);
	assert_int_equal(task.runs, 3);
	assert_int_equal(db_transaction_retries() - before, 2);
	assert_int_equal(ask_int(f, f->other, &SUM), 2);
}

static void
a_lasting_conflict_is_given_up_after_four_retries(void **state)
{
	static const bool OVERLOOKS[] = { false, true };
	struct fixture *f = *state;
	struct err err;

	make_seats(f);
	hold(f);
	for (size_t i = 0; i < COUNT(OVERLOOKS); i++) {
		struct task task = {
			.f = f, .lock = &LOCK_NOWAIT, .overlook = OVERLOOKS[i]
		};
		assert_int_equal(run_task(&task, 10000, &err), -1);
		assert_ptr_equal(err.def, &ERR_CONFLICT);
		assert_int_equal(task.runs, 5);
	}
	let_go(f);
	assert_int_equal(ask_int(f, f->other, &SUM), 0);
}

static void
a_conflict_past_the_deadline_is_not_run_again(void **state)
{
	struct fixture *f = *state;
	struct task task = { .f = f, .lock = &LOCK_NOWAIT };
	struct err err;

	make_seats(f);
	hold(f);
	assert_int_equal(run_task(&task, 0, &err), -1);
	assert_ptr_equal(err.def, &ERR_CONFLICT);
	assert_int_equal(task.runs, 1);
	let_go(f);
}

/* Error 1205 alone would leave the first update in the transaction. */
static void
a_lock_wait_that_ends_leaves_nothing_behind(void **state)
{
	struct fixture *f = *state;
	struct task task = { .f = f };
	struct err err;

	make_seats(f);
	hold(f);
	assert_int_equal(run_task(&task, 0, &err), -1);
	assert_ptr_equal(err.def, &ERR_CONFLICT);
	assert_non_null(strstr(err.cause, "1205"));
	let_go(f);
	assert_int_equal(ask_int(f, f->other, &SUM), 0);
}

/* Two processes that take the same two rows in opposite order. */
struct duel {
	struct fixture *f;
	pthread_barrier_t *both_have_one;
	int64_t first;
	int64_t second;
	int runs;
};

static int
cross(struct db *db, void *context, struct err *err)
{
	struct duel *duel = context;

	duel->runs++;
	if (add(db, duel->first, 1, err) != 0)
		return -1;
	if (duel->runs == 1)
		pthread_barrier_wait(duel->both_have_one);
	if (lock_row(duel->f, db, &LOCK_ROW, duel->second, err) != 0)
		return -1;
	return add(db, duel->second, 1, err);
}

static int
fight(struct fixture *f, pthread_barrier_t *barrier, int64_t first,
    int64_t second, int *runs)
{
	struct db *db = db_create(&f->settings);
	struct err err = { 0 };
	struct duel duel = { .f = f,
		.both_have_one = barrier,
		.first = first,
		.second = second };
	int rc = db_transaction(db, deadline_in(10000), cross, &duel, &err);

	if (rc != 0)
		fprintf(stderr, "%s\n", err.cause);
	*runs = duel.runs;
	db_free(db);
	return rc;
}

static void
a_deadlock_ends_well_for_both(void **state)
{
	enum { ROUNDS = 20 };
	struct fixture *f = *state;
	pthread_barrierattr_t shared;
	pthread_barrier_t *barrier = mmap(NULL, sizeof *barrier,
	    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	make_seats(f);
	pthread_barrierattr_init(&shared);
	pthread_barrierattr_setpshared(&shared, PTHREAD_PROCESS_SHARED);
	for (int i = 0; i < ROUNDS; i++) {
		int runs = 0;
		int status = 0;
		pthread_barrier_init(barrier, &shared, 2);
		pid_t child = fork();
		if (child == 0) {
			int rc = fight(f, barrier, 2, 1, &runs);
			_exit(rc == 0 ? runs : 99);
		}
		assert_int_equal(fight(f, barrier, 1, 2, &runs), 0);
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFEXITED(status));
		assert_int_not_equal(WEXITSTATUS(status), 99);
		assert_true(runs + WEXITSTATUS(status) >= 3);
		pthread_barrier_destroy(barrier);
	}
	assert_int_equal(ask_int(f, f->db, &SUM), 4 * ROUNDS);
	munmap(barrier, sizeof *barrier);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_good_body_is_committed),
		TEST(a_failed_body_is_rolled_back_and_passes_its_error),
		TEST(a_duplicate_does_not_end_the_transaction),
		TEST(a_conflict_is_run_again_until_it_is_none),
		TEST(a_lasting_conflict_is_given_up_after_four_retries),
		TEST(a_conflict_past_the_deadline_is_not_run_again),
		TEST(a_lock_wait_that_ends_leaves_nothing_behind),
		TEST(a_deadlock_ends_well_for_both),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
