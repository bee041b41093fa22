#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "db/db_error.h"

static const struct row {
	int line;
	unsigned number;
	const char *message;
	const struct err_def *def;
	const struct err_def *at_commit;
	bool loss;
} ROWS[] = {
#define ROW(...)                                                               \
	{                                                                      \
		__LINE__, __VA_ARGS__                                          \
	}
	ROW(1213, "", &ERR_CONFLICT, &ERR_CONFLICT, false),
	ROW(1205, "", &ERR_CONFLICT, &ERR_CONFLICT, false),
	ROW(1020, "", &ERR_CONFLICT, &ERR_CONFLICT, false),
	ROW(3572, "", &ERR_CONFLICT, &ERR_CONFLICT, false),
	ROW(1180,
	    "Got error 149 \"Lock deadlock; Retry transaction\" during COMMIT",
	    &ERR_CONFLICT, &ERR_CONFLICT, false),
	ROW(1180, "Got error 6 \"No such device\" during COMMIT",
	    &ERR_UNKNOWN_OUTCOME, &ERR_UNKNOWN_OUTCOME, true),
	ROW(1180, "Got error 1490 \"?\" during COMMIT", &ERR_UNKNOWN_OUTCOME,
	    &ERR_UNKNOWN_OUTCOME, true),
	ROW(1062, "", &ERR_DUPLICATE, &ERR_UNKNOWN_OUTCOME, false),
	ROW(1969, "", &ERR_TIMEOUT, &ERR_UNKNOWN_OUTCOME, false),
	ROW(3024, "", &ERR_TIMEOUT, &ERR_UNKNOWN_OUTCOME, false),
	ROW(1040, "", &ERR_UNAVAILABLE, &ERR_UNKNOWN_OUTCOME, false),
	ROW(1203, "", &ERR_UNAVAILABLE, &ERR_UNKNOWN_OUTCOME, false),
	ROW(1290, "", &ERR_UNAVAILABLE, &ERR_UNAVAILABLE, false),
	ROW(1836, "", &ERR_UNAVAILABLE, &ERR_UNAVAILABLE, false),
	ROW(1461, "", &ERR_UNAVAILABLE, &ERR_UNKNOWN_OUTCOME, false),
	ROW(1047, "", &ERR_UNAVAILABLE, &ERR_UNKNOWN_OUTCOME, true),
	ROW(1053, "", &ERR_UNAVAILABLE, &ERR_UNKNOWN_OUTCOME, true),
	ROW(1927, "", &ERR_UNAVAILABLE, &ERR_UNKNOWN_OUTCOME, true),
	ROW(2002, "", &ERR_UNAVAILABLE, &ERR_UNKNOWN_OUTCOME, true),
	ROW(2006, "", &ERR_UNAVAILABLE, &ERR_UNKNOWN_OUTCOME, true),
	ROW(2013, "", &ERR_UNAVAILABLE, &ERR_UNKNOWN_OUTCOME, true),
	ROW(2055, "", &ERR_UNAVAILABLE, &ERR_UNKNOWN_OUTCOME, true),
	ROW(4031, "", &ERR_UNAVAILABLE, &ERR_UNKNOWN_OUTCOME, true),
	ROW(2014, "", &ERR_INTERNAL, &ERR_UNKNOWN_OUTCOME, true),
	ROW(2027, "", &ERR_INTERNAL, &ERR_UNKNOWN_OUTCOME, true),
	ROW(1153, "", &ERR_INTERNAL, &ERR_UNKNOWN_OUTCOME, true),
	ROW(1064, "", &ERR_INTERNAL, &ERR_UNKNOWN_OUTCOME, false),
	ROW(1406, "", &ERR_INTERNAL, &ERR_UNKNOWN_OUTCOME, false),
	ROW(1048, "", &ERR_INTERNAL, &ERR_UNKNOWN_OUTCOME, false),
	ROW(0, "", &ERR_INTERNAL, &ERR_UNKNOWN_OUTCOME, false),
#undef ROW
};

static void
each_number_has_its_class(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
		const struct row *row = &ROWS[i];
		struct db_fault fault = { .what = "x", .number = row->number };
		snprintf(
		    fault.message, sizeof fault.message, "%s", row->message);
		if (db__fault_class(&fault) != row->def ||
		    db__fault_class_at_commit(&fault) != row->at_commit ||
		    db__fault_is_loss(&fault) != row->loss)
			fail_msg("row of line %d", row->line);
	}
}

static void
three_numbers_ask_for_a_new_statement(void **state)
{
	(void)state;
	for (unsigned number = 0; number < 5000; number++) {
		struct db_fault fault = { .number = number };
		assert_int_equal(db__fault_is_stale(&fault),
		    number == 1615 || number == 1243 || number == 2057);
	}
}

static void
both_servers_duplicates_name_the_key(void **state)
{
	static const struct {
		const char *message;
		const char *key;
	} MESSAGES[] = {
		{ "Duplicate entry 'x' for key 'uq_reference'",
		    "uq_reference" },
		{ "Duplicate entry 'x' for key 'bookings.uq_reference'",
		    "uq_reference" },
		{ "Duplicate entry 'a.b' for key 'PRIMARY'", "PRIMARY" },
		{ "Duplicate entry 'it's for key 'me'' for key 'b.uq'", "uq" },
		{ "Doppelter Eintrag 'x' f\xc3\xbcr Schl\xc3\xbcssel 'uq'",
		    "uq" },
		{ "no quotes at all", "" },
		{ "'", "" },
		{ "", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(MESSAGES); i++) {
		struct db_fault fault = { .what = "x.insert", .number = 1062 };
		struct err err;
		snprintf(fault.message, sizeof fault.message, "%s",
		    MESSAGES[i].message);
		assert_int_equal(
		    db__fault_report(&fault, &ERR_DUPLICATE, &err), -1);
		assert_ptr_equal(err.def, &ERR_DUPLICATE);
		assert_string_equal(err.details, MESSAGES[i].key);
	}
}

static void
the_cause_quotes_no_value(void **state)
{
	static const struct {
		unsigned number;
		const char *message;
		const char *cause;
	} MESSAGES[] = {
		{ 1062, "Duplicate entry 'ann' for key 'uq'",
		    "x: database error 1062 for key 'uq'" },
		{ 1366, "Incorrect integer value: 'ann for ' for column 'n'",
		    "x: database error 1366 for column 'n'" },
		{ 1690, "BIGINT value is out of range in 'ann'",
		    "x: database error 1690 " },
		{ 1146, "Table 'b.t' doesn't exist",
		    "x: database error 1146 Table 'b.t' doesn't exist" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(MESSAGES); i++) {
		struct db_fault fault = { .what = "x",
			.number = MESSAGES[i].number };
		struct err err;
		snprintf(fault.message, sizeof fault.message, "%s",
		    MESSAGES[i].message);
		assert_int_equal(
		    db__fault_report(&fault, &ERR_INTERNAL, &err), -1);
		assert_string_equal(err.cause, MESSAGES[i].cause);
		assert_string_equal(err.details, "");
	}
}

static void
running_out_of_statements_says_so(void **state)
{
	struct db_fault fault = { .what = "x", .number = 1461 };
	struct err err;

	(void)state;
	assert_int_equal(
	    db__fault_report(&fault, db__fault_class(&fault), &err), -1);
	assert_ptr_equal(err.def, &ERR_UNAVAILABLE);
	assert_non_null(strstr(err.cause, "max_prepared_stmt_count"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_number_has_its_class),
		cmocka_unit_test(three_numbers_ask_for_a_new_statement),
		cmocka_unit_test(both_servers_duplicates_name_the_key),
		cmocka_unit_test(the_cause_quotes_no_value),
		cmocka_unit_test(running_out_of_statements_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
