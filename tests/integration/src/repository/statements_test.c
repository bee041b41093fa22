/*
 * Every SQL text of the service on a database migrated from zero: it can be
 * prepared, and its plan reads no growing table from end to end.
 */
#include "data_fixture.h"

#include "repository/statements.h"

enum { MAX_PARAMS = 300, MAX_SCAN_ROWS = 500, MAX_STEPS = 16 };

/* What a parameter is worth, by the name that stands before it. */
static const struct {
	const char *name;
	const char *text; /* NULL: a number */
	int64_t number;
} VALUES[] = {
	{ "user_id", "user-7", 0 },
	{ "flight_id", "F7", 0 },
	{ "booking_reference", "BK-20250101-000007", 0 },
	{ "seat_number", "1A", 0 },
	{ "request_key", "0123456789abcdef", 0 },
	{ "message_key", "0123456789abcdef0123456789abcdef", 0 },
	{ "created_at", "2025-01-01 01:00:00", 0 },
	{ "departure", "2026-01-03 00:00:00", 0 },
	{ "arrival", "2026-01-03 00:00:00", 0 },
	{ "updated_at", "2025-01-01 01:00:00", 0 },
	{ "expires_at", "2025-01-01 00:10:00", 0 },
	{ "occurred_at", "2025-01-01 01:00:00", 0 },
	{ "published_at", "2025-01-01 01:00:00", 0 },
	{ "received_at", "2025-01-01 00:01:00", 0 },
	{ "next_attempt_at", "2025-01-01 01:00:00", 0 },
	{ "JSON_TABLE", "[]", 0 },
	{ "LIMIT", NULL, 10 },
	{ "OFFSET", NULL, 5 },
};

/* Statements that may look at much of a table, and why. */
static const struct {
	const char *name, *why;
} WHOLE[] = {
	{ "list.all.count", "how many there are is asked by admins alone" },
	{ "request_key.forget", "its caller's bounds are a batch apart" },
	{ "outbox.sweep", "its caller's bounds are a batch apart" },
};

/* An id: booking 4000's, or, for a bound, one that leaves all others in. */
static struct db_value
id_value(struct arena *arena, const char *mark)
{
	struct uuid *id = arena_alloc(arena, sizeof(*id));
	const char *before = mark;

	while (before[-1] == ' ' || before[-1] == '=')
		before--;
	if (before[-1] == '<') {
		*id = uuid_lowest_at(INT64_MAX);
	} else if (before[-1] != '>') {
		*id = uuid_lowest_at(FIRST_MS + 4000 * 1000);
		id->bytes[14] = 4001 >> 8;
		id->bytes[15] = 4001 & 0xff;
	}
	return db_uuid(id);
}

static bool
is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/* The last name before the mark that says what it stands for. */
static struct db_value
value_at(struct arena *arena, const char *sql, const char *mark)
{
	const char *end = mark;

	while (end > sql) {
		const char *start;

		while (end > sql && !is_word(end[-1]))
			end--;
		for (start = end; start > sql && is_word(start[-1]);)
			start--;
		for (size_t i = 0; i < COUNT(VALUES); i++) {
			size_t len = strlen(VALUES[i].name);

			if ((size_t)(end - start) != len ||
			    strncmp(start, VALUES[i].name, len) != 0)
				continue;
			return VALUES[i].text == NULL ? db_int(VALUES[i].number)
						      : db_text(VALUES[i].text);
		}
		if (end - start >= 2 && strncmp(end - 2, "id", 2) == 0)
			return id_value(arena, mark);
		if (end - start > 3 || strncmp(start, "IN", 2) != 0)
			return db_int(1);
		end = start;
	}
	return db_int(1);
}

static size_t
fill_params(struct arena *arena, const char *sql, struct db_value params[])
{
	size_t count = 0;

	for (const char *c = strchr(sql, '?'); c != NULL;
	     c = strchr(c + 1, '?'))
		params[count++] = value_at(arena, sql, c);
	assert_true(count <= MAX_PARAMS);
	return count;
}

static bool
may_scan(const char *name)
{
	for (size_t i = 0; i < COUNT(WHOLE); i++) {
		if (strcmp(WHOLE[i].name, name) == 0)
			return true;
	}
	return false;
}

/* One line of EXPLAIN's table; MySQL has a column more in its middle. */
struct step {
	const char *select_type, *table, *type, *key, *extra;
	int64_t rows;
};

struct plan {
	size_t count;
	struct step steps[MAX_STEPS];
};

static const char *
text_of(struct fixture *f, const char *cell)
{
	return cell == NULL ? "" : arena_copy(f->arena, cell, strlen(cell));
}

static struct step
step_of(struct fixture *f, MYSQL_ROW row, unsigned columns)
{
	unsigned shift = db_is_mariadb(f->db) ? 0 : 1;
	const char *rows = row[8 + shift];

	return (struct step){
		.select_type = text_of(f, row[1]),
		.table = text_of(f, row[2]),
		.type = text_of(f, row[3 + shift]),
		.key = text_of(f, row[5 + shift]),
		.extra = text_of(f, row[columns - 1]),
		.rows = rows == NULL ? 0 : strtoll(rows, NULL, 10),
	};
}

static const char *
literal(struct arena *arena, const struct db_value *value)
{
	char *hex = arena_printf(arena, "X'");

	if (value->type == DB_INT)
		return arena_printf(arena, "%lld", (long long)value->integer);
	if (value->type == DB_TEXT)
		return arena_printf(arena, "'%.*s'", (int)value->len,
		    (const char *)value->bytes);
	assert_int_equal(value->type, DB_BYTES);
	for (size_t i = 0; i < value->len; i++)
		hex = arena_printf(
		    arena, "%s%02x", hex, ((const uint8_t *)value->bytes)[i]);
	return arena_printf(arena, "%s'", hex);
}

/* MySQL cannot prepare an EXPLAIN: its values have to be in the text. */
static const char *
question(struct arena *arena, const char *sql)
{
	struct db_value params[MAX_PARAMS];
	size_t count = fill_params(arena, sql, params);
	char *text = arena_printf(arena, "EXPLAIN FORMAT=TRADITIONAL ");

	for (size_t i = 0; i < count; i++) {
		int len = (int)strcspn(sql, "?");

		text = arena_printf(arena, "%s%.*s%s", text, len, sql,
		    literal(arena, &params[i]));
		sql += len + 1;
	}
	return arena_printf(arena, "%s%s", text, sql);
}

static void
explain(
    struct fixture *f, const struct db_statement *statement, struct plan *plan)
{
	const char *sql = question(f->arena, statement->sql);
	MYSQL_RES *rows = NULL;
	MYSQL_ROW row;

	if (mysql_real_query(f->db->link, sql, strlen(sql)) == 0)
		rows = mysql_store_result(f->db->link);
	if (rows == NULL)
		fail_msg("%s: %s", sql, mysql_error(f->db->link));
	plan->count = 0;
	while ((row = mysql_fetch_row(rows)) != NULL) {
		assert_true(plan->count < MAX_STEPS);
		plan->steps[plan->count++] =
		    step_of(f, row, mysql_num_fields(rows));
	}
	mysql_free_result(rows);
}

static void
every_statement_can_be_prepared(void **state)
{
	struct fixture *f = *state;
	struct db_fault fault;

	for (size_t list = 0; STATEMENT_LISTS[list] != NULL; list++) {
		for (size_t i = 0; i < STATEMENT_LISTS[list]->count; i++) {
			const struct db_statement *statement =
			    &STATEMENT_LISTS[list]->statements[i];

			if (db__prepared(f->db, statement, &fault) == NULL)
				fail_msg(
				    "%s: %s", statement->name, fault.message);
		}
	}
}

/* A range that holds most of a table is as bad as all of it, unless a LIMIT
 * ends it and nothing has to be sorted first. */
static bool
reads_much(const struct db_statement *statement, const struct step *step)
{
	bool scans =
	    strcmp(step->type, "ALL") == 0 || strcmp(step->type, "index") == 0;
	bool ends = strstr(statement->sql, "LIMIT") != NULL &&
		    strstr(step->extra, "filesort") == NULL;

	if (step->table[0] == '<' || may_scan(statement->name))
		return false;
	return (scans && step->rows > MAX_SCAN_ROWS) ||
	       (!ends && step->rows > BOOKINGS / 3);
}

/* How many steps of the plan are bad. */
static int
check_steps(struct fixture *f, const struct db_statement *statement)
{
	struct plan plan;
	int bad = 0;

	explain(f, statement, &plan);
	for (size_t i = 0; i < plan.count; i++) {
		struct step step = plan.steps[i];
		bool useless = strcmp(step.extra, "Impossible WHERE") == 0;
		bool much = reads_much(statement, &step);

		if (useless)
			print_error("%s: the test's values find nothing\n",
			    statement->name);
		if (much)
			print_error("%s reads much of %s (%s, %lld rows)\n",
			    statement->name, step.table, step.type,
			    (long long)step.rows);
		bad += useless || much;
	}
	return bad;
}

static void
no_statement_reads_a_growing_table_whole(void **state)
{
	size_t statements = 0;
	int bad = 0;

	for (size_t list = 0; STATEMENT_LISTS[list] != NULL; list++) {
		for (size_t i = 0; i < STATEMENT_LISTS[list]->count; i++) {
			bad += check_steps(
			    *state, &STATEMENT_LISTS[list]->statements[i]);
			statements++;
		}
	}
	assert_true(statements > 40);
	assert_int_equal(bad, 0);
}

static void
names_are_unique(void **state)
{
	const char *names[1000];
	size_t count = 0;

	(void)state;
	for (size_t list = 0; STATEMENT_LISTS[list] != NULL; list++) {
		for (size_t i = 0; i < STATEMENT_LISTS[list]->count; i++)
			names[count++] =
			    STATEMENT_LISTS[list]->statements[i].name;
	}
	for (size_t a = 0; a < count; a++) {
		for (size_t b = a + 1; b < count; b++)
			assert_string_not_equal(names[a], names[b]);
	}
}

/* Which index gives a list its order: nothing is sorted, so that a page costs
 * the same in a list of any length. */
#define CREATED_KEY   "ix_bookings_user_created"
#define DEPARTURE_KEY "ix_bookings_user_departure"
static const struct {
	const char *name, *key, *table, *type;
} ORDERED[] = {
	{ "list.user.created_desc", CREATED_KEY, "p", "range" },
	{ "list.user.created_asc", CREATED_KEY, "p", "range" },
	{ "list.user.departure_desc", DEPARTURE_KEY, "p", "range" },
	{ "list.user.departure_asc", DEPARTURE_KEY, "p", "range" },
	{ "list.all.created_desc", "PRIMARY", "p", "range" },
	{ "list.all.created_asc", "PRIMARY", "p", "range" },
	{ "list.all.departure_desc", "ix_bookings_departure", "p", "range" },
	{ "list.all.departure_asc", "ix_bookings_departure", "p", "range" },
	{ "list.plain.created_desc.top", CREATED_KEY, "b", "ref" },
	{ "list.plain.created_desc.deep", CREATED_KEY, "p", "ref" },
	{ "list.plain.created_desc.next", CREATED_KEY, "b", "range" },
	{ "list.plain.created_asc.top", CREATED_KEY, "b", "ref" },
	{ "list.plain.created_asc.deep", CREATED_KEY, "p", "ref" },
	{ "list.plain.created_asc.next", CREATED_KEY, "b", "range" },
	{ "list.plain.departure_desc.top", DEPARTURE_KEY, "b", "ref" },
	{ "list.plain.departure_desc.deep", DEPARTURE_KEY, "p", "ref" },
	{ "list.plain.departure_desc.next", DEPARTURE_KEY, "b", "range" },
	{ "list.plain.departure_asc.top", DEPARTURE_KEY, "b", "ref" },
	{ "list.plain.departure_asc.deep", DEPARTURE_KEY, "p", "ref" },
	{ "list.plain.departure_asc.next", DEPARTURE_KEY, "b", "range" },
};

static const struct db_statement *
statement_named(const char *name)
{
	for (size_t i = 0; i < LIST_STATEMENTS.count; i++) {
		if (strcmp(LIST_STATEMENTS.statements[i].name, name) == 0)
			return &LIST_STATEMENTS.statements[i];
	}
	fail_msg("no statement %s", name);
	return NULL;
}

static void
lists_are_ordered_by_their_index(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < COUNT(ORDERED); i++) {
		struct plan plan;
		bool found = false;

		explain(f, statement_named(ORDERED[i].name), &plan);
		for (size_t row = 0; row < plan.count; row++) {
			struct step step = plan.steps[row];

			if (strcmp(step.table, ORDERED[i].table) != 0)
				continue;
			found = true;
			if (strcmp(step.key, ORDERED[i].key) != 0 ||
			    strcmp(step.type, ORDERED[i].type) != 0 ||
			    strstr(step.extra, "filesort") != NULL)
				fail_msg("%s: %s over %s, %s", ORDERED[i].name,
				    step.type, step.key, step.extra);
		}
		assert_true(found);
	}
}

/* What counts and pages of a user need is in the index: no row is looked up. */
static void
user_lists_are_covered(void **state)
{
	static const struct {
		const char *name, *table;
	} ROWS[] = {
		{ "list.user.count", "p" },
		{ "list.user.created_desc", "p" },
		{ "list.user.departure_asc", "p" },
		{ "list.plain.since", "n" },
		{ "list.plain.created_desc.top", "n" },
		{ "list.plain.created_desc.deep", "n" },
		{ "list.plain.created_desc.deep", "p" },
		{ "list.plain.departure_asc.deep", "n" },
		{ "list.plain.departure_asc.deep", "p" },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < COUNT(ROWS); i++) {
		struct plan plan;
		bool covered = false;

		explain(f, statement_named(ROWS[i].name), &plan);
		for (size_t row = 0; row < plan.count; row++) {
			struct step step = plan.steps[row];

			covered |= strcmp(step.table, ROWS[i].table) == 0 &&
				   strstr(step.extra, "Using index") != NULL &&
				   strstr(step.extra, "condition") == NULL;
		}
		if (!covered)
			fail_msg("%s looks rows up", ROWS[i].name);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_statement_can_be_prepared),
		cmocka_unit_test(no_statement_reads_a_growing_table_whole),
		cmocka_unit_test(names_are_unique),
		cmocka_unit_test(lists_are_ordered_by_their_index),
		cmocka_unit_test(user_lists_are_covered),
	};

	return cmocka_run_group_tests(tests, data_open, data_close);
}
