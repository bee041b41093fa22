/* lib/db when the connection is lost: at which moment decides what is told. */
#include "db_fixture.h"
#include "db_proxy.h"

static const struct db_statement SEVEN = { "test.seven", "SELECT 7" };
static const struct db_statement COUNT_ROWS = { "test.count",
	"SELECT COUNT(*) FROM log" };
static const struct db_statement INSERT = { "test.insert",
	"INSERT INTO log (n) VALUES (?)" };

struct lossy {
	struct fixture *f;
	struct proxy proxy;
	struct db_settings settings;
	struct db *db; /* through the proxy */
};

static void
lossy_open(struct lossy *lossy, struct fixture *f, unsigned timeout_s)
{
	lossy->f = f;
	proxy_open(&lossy->proxy, f->settings.socket);
	lossy->settings = f->settings;
	lossy->settings.socket = lossy->proxy.path;
	lossy->settings.timeout_s = timeout_s;
	lossy->db = db_create(&lossy->settings);
	fresh_table(f->other, "log", "n INT");
	assert_int_equal(ask_int(f, lossy->db, &SEVEN), 7);
	assert_int_equal(ask_int(f, lossy->db, &COUNT_ROWS), 0);
}

static void
lossy_close(struct lossy *lossy)
{
	proxy_order(&lossy->proxy, CUT_NEVER, "");
	db_free(lossy->db);
	proxy_close(&lossy->proxy);
}

static int
insert(struct db *db, int64_t n, struct err *err)
{
	struct db_value row[] = { db_int(n) };

	return db_execute(db, &INSERT, row, 1, NULL, err);
}

static void
a_killed_connection_is_replaced_unseen(void **state)
{
	struct fixture *f = *state;
	struct err err = { 0 };

	fresh_table(f->other, "log", "n INT");
	for (int i = 1; i <= 3; i++) {
		int64_t id = connection_id(f, f->db);
		kill_session(f, f->other, id);
		assert_int_equal(insert(f->db, i, &err), 0);
		kill_session(f, f->other, connection_id(f, f->db));
		assert_int_equal(ask_int(f, f->db, &COUNT_ROWS), i);
		assert_int_not_equal(connection_id(f, f->db), id);
	}
}

static void
an_idle_connection_is_asked_first(void **state)
{
	struct fixture *f = *state;
	struct err err = { 0 };

	int64_t id = connection_id(f, f->db);
	f->db->last_used_ms -= 2000;
	assert_int_equal(db_ready(f->db, &err), 0);
	assert_int_equal(connection_id(f, f->db), id);
	kill_session(f, f->other, id);
	f->db->last_used_ms -= 2000;
	assert_int_equal(db_ready(f->db, &err), 0);
	assert_non_null(f->db->link);
	assert_int_not_equal(mysql_thread_id(f->db->link), id);
}

static void
a_lost_answer_to_a_query_is_asked_for_again(void **state)
{
	static const enum cut CUTS[] = { CUT_BEFORE, CUT_AFTER };
	struct lossy lossy;

	lossy_open(&lossy, *state, TIMEOUT_S);
	for (size_t i = 0; i < COUNT(CUTS); i++) {
		proxy_order(&lossy.proxy, CUTS[i], COMMAND_EXECUTE);
		assert_int_equal(ask_int(lossy.f, lossy.db, &SEVEN), 7);
		assert_int_equal(lossy.proxy.orders->cuts, 1);
	}
	lossy_close(&lossy);
}

/* Run again it might be there twice; called failed it might be there once. */
static void
a_lost_answer_to_a_write_is_unknown(void **state)
{
	static const enum cut CUTS[] = { CUT_BEFORE, CUT_AFTER };
	struct lossy lossy;

	lossy_open(&lossy, *state, TIMEOUT_S);
	for (size_t i = 0; i < COUNT(CUTS); i++) {
		struct err err = { 0 };
		assert_int_equal(insert(lossy.db, 100, &err), 0);
		proxy_order(&lossy.proxy, CUTS[i], COMMAND_EXECUTE);
		assert_int_equal(insert(lossy.db, 1, &err), -1);
		assert_ptr_equal(err.def, &ERR_UNKNOWN_OUTCOME);
		assert_null(lossy.db->link);
	}
	assert_int_equal(ask_int(lossy.f, lossy.f->other, &COUNT_ROWS), 3);
	lossy_close(&lossy);
}

struct task {
	struct lossy *lossy;
	int runs;
	int kill_in_run;    /* 0: never */
	int inserts_before; /* the kill */
	bool overlook;	    /* errors */
};

static int
write_twice(struct db *db, void *context, struct err *err)
{
	struct task *task = context;
	struct fixture *f = task->lossy->f;

	task->runs++;
	for (int i = 0; i <= 2; i++) {
		if (task->runs == task->kill_in_run &&
		    i == task->inserts_before)
			kill_session(
			    f, f->other, (int64_t)mysql_thread_id(db->link));
		if (i < 2 && insert(db, i, err) != 0 && !task->overlook)
			return -1;
	}
	return 0;
}

static int
run_task(struct task *task, struct err *err)
{
	*err = (struct err){ 0 };
	return db_transaction(
	    task->lossy->db, deadline_in(10000), write_twice, task, err);
}

static int64_t
rows_written(struct lossy *lossy)
{
	return ask_int(lossy->f, lossy->f->other, &COUNT_ROWS);
}

static void
a_connection_lost_before_the_first_write_is_replaced(void **state)
{
	struct lossy lossy;
	struct err err;

	lossy_open(&lossy, *state, TIMEOUT_S);
	struct task task = { .lossy = &lossy, .kill_in_run = 1 };
	assert_int_equal(run_task(&task, &err), 0);
	assert_int_equal(task.runs, 2);
	assert_int_equal(rows_written(&lossy), 2);

	proxy_order(&lossy.proxy, CUT_BEFORE, COMMAND_BEGIN);
	task = (struct task){ .lossy = &lossy };
	assert_int_equal(run_task(&task, &err), 0);
	assert_int_equal(task.runs, 1);
	assert_int_equal(lossy.proxy.orders->cuts, 1);
	assert_int_equal(rows_written(&lossy), 4);
	lossy_close(&lossy);
}

static void
no_transaction_goes_on_over_a_new_connection(void **state)
{
	static const bool OVERLOOKS[] = { false, true };
	struct lossy lossy;
	struct err err;

	lossy_open(&lossy, *state, TIMEOUT_S);
	for (size_t i = 0; i < COUNT(OVERLOOKS); i++) {
		struct task task = { .lossy = &lossy,
			.kill_in_run = 1,
			.inserts_before = 1,
			.overlook = OVERLOOKS[i] };
		assert_int_equal(run_task(&task, &err), -1);
		assert_ptr_equal(err.def, &ERR_UNAVAILABLE);
		assert_int_equal(task.runs, 1);
		assert_int_equal(rows_written(&lossy), 0);
	}
	assert_int_equal(insert(lossy.db, 1, &err), 0);
	lossy_close(&lossy);
}

static void
a_loss_during_commit_is_unknown_and_never_run_again(void **state)
{
	static const struct {
		enum cut cut;
		int64_t rows; /* in the table afterwards */
	} ROWS[] = { { CUT_BEFORE, 0 }, { CUT_AFTER, 2 } };
	struct lossy lossy;
	struct err err;

	lossy_open(&lossy, *state, TIMEOUT_S);
	for (size_t i = 0; i < COUNT(ROWS); i++) {
		struct task task = { .lossy = &lossy };
		proxy_order(&lossy.proxy, ROWS[i].cut, COMMAND_COMMIT);
		assert_int_equal(run_task(&task, &err), -1);
		assert_ptr_equal(err.def, &ERR_UNKNOWN_OUTCOME);
		assert_int_equal(task.runs, 1);
		assert_int_equal(rows_written(&lossy), ROWS[i].rows);
		assert_int_equal(ask_int(lossy.f, lossy.db, &SEVEN), 7);
	}
	lossy_close(&lossy);
}

static void
a_kill_right_before_commit_is_unknown(void **state)
{
	struct lossy lossy;
	struct err err;

	lossy_open(&lossy, *state, TIMEOUT_S);
	struct task task = {
		.lossy = &lossy, .kill_in_run = 1, .inserts_before = 2
	};
	assert_int_equal(run_task(&task, &err), -1);
	assert_ptr_equal(err.def, &ERR_UNKNOWN_OUTCOME);
	assert_int_equal(task.runs, 1);
	assert_int_equal(rows_written(&lossy), 0);
	lossy_close(&lossy);
}

/* A server that says nothing: one time-out, not one per try. */
static void
a_frozen_server_is_waited_for_once(void **state)
{
	static const struct {
		const char *command;
		const struct err_def *def;
	} ROWS[] = { { COMMAND_BEGIN, &ERR_UNAVAILABLE },
		{ COMMAND_EXECUTE, &ERR_UNAVAILABLE },
		{ COMMAND_COMMIT, &ERR_UNKNOWN_OUTCOME } };

	for (size_t i = 0; i < COUNT(ROWS); i++) {
		struct lossy lossy;
		struct err err;
		lossy_open(&lossy, *state, 1);
		struct task task = { .lossy = &lossy };
		proxy_order(&lossy.proxy, FREEZE, ROWS[i].command);
		assert_int_equal(run_task(&task, &err), -1);
		assert_ptr_equal(err.def, ROWS[i].def);
		assert_int_equal(lossy.proxy.orders->cuts, 1);
		assert_true(task.runs <= 1);
		assert_null(lossy.db->link);
		/* Nor does it keep a connection from being refused. */
		assert_int_equal(db_ready(lossy.db, &err), -1);
		assert_ptr_equal(err.def, &ERR_UNAVAILABLE);
		kill(lossy.proxy.pid, SIGCONT);
		assert_int_equal(ask_int(lossy.f, lossy.db, &SEVEN), 7);
		assert_int_equal(lossy.proxy.orders->clients, 3);
		lossy_close(&lossy);
	}
}

static void
a_frozen_server_is_not_asked_twice_for_a_query(void **state)
{
	struct lossy lossy;
	struct db_rows rows;
	struct err err = { 0 };

	lossy_open(&lossy, *state, 1);
	proxy_order(&lossy.proxy, FREEZE, COMMAND_EXECUTE);
	assert_int_equal(
	    db_query(lossy.db, lossy.f->arena, &SEVEN, NULL, 0, &rows, &err),
	    -1);
	assert_ptr_equal(err.def, &ERR_UNAVAILABLE);
	kill(lossy.proxy.pid, SIGCONT);
	assert_int_equal(ask_int(lossy.f, lossy.db, &SEVEN), 7);
	assert_int_equal(lossy.proxy.orders->clients, 2);
	lossy_close(&lossy);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_killed_connection_is_replaced_unseen),
		TEST(an_idle_connection_is_asked_first),
		TEST(a_lost_answer_to_a_query_is_asked_for_again),
		TEST(a_lost_answer_to_a_write_is_unknown),
		TEST(a_connection_lost_before_the_first_write_is_replaced),
		TEST(no_transaction_goes_on_over_a_new_connection),
		TEST(a_loss_during_commit_is_unknown_and_never_run_again),
		TEST(a_kill_right_before_commit_is_unknown),
		TEST(a_frozen_server_is_waited_for_once),
		TEST(a_frozen_server_is_not_asked_twice_for_a_query),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
