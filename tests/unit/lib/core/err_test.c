#include "core/err.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

static const struct {
	const struct err_def *def;
	const char *code;
	int http_status;
	bool retryable;
} rows[] = {
	{ &ERR_INTERNAL, "INTERNAL_ERROR", 500, false },
	{ &ERR_INVALID, "INVALID_REQUEST", 400, false },
	{ &ERR_TIMEOUT, "TIMEOUT", 503, true },
	{ &ERR_UNAVAILABLE, "SERVICE_UNAVAILABLE", 503, true },
	{ &ERR_CONFLICT, "TRANSACTION_CONFLICT", 503, true },
	{ &ERR_DUPLICATE, "DUPLICATE", 500, false },
	{ &ERR_UNKNOWN_OUTCOME, "UNKNOWN_OUTCOME", 503, true },
	{ &ERR_NOT_FOUND, "NOT_FOUND", 404, false },
};

static void
rows_are_public(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct err_def *def = rows[i].def;

		assert_string_equal(def->code, rows[i].code);
		assert_int_equal(def->http_status, rows[i].http_status);
		assert_int_equal(def->retryable, rows[i].retryable);
		assert_true(def->level >= LOG_DEBUG && def->level <= LOG_ERROR);
		assert_int_equal(def->message[strlen(def->message) - 1], '.');
	}
}

/* Everything that an earlier error left. */
static struct err
used(void)
{
	static const struct err_field field = { "f", "m" };
	struct err err = { &ERR_INVALID, "old details", "old cause", &field,
		1 };

	return err;
}

static void
set_replaces_everything(void **state)
{
	struct err err = used();

	(void)state;
	assert_int_equal(err_set(&err, &ERR_TIMEOUT, "after %d ms", 5), -1);
	assert_true(err_is(&err, &ERR_TIMEOUT));
	assert_false(err_is(&err, &ERR_INVALID));
	assert_string_equal(err.cause, "after 5 ms");
	assert_string_equal(err.details, "");
	assert_null(err.fields);
	assert_int_equal(err.field_count, 0);

	err = used();
	assert_int_equal(
	    err_set_public(&err, &ERR_NOT_FOUND, "no %s", "seat"), -1);
	assert_true(err_is(&err, &ERR_NOT_FOUND));
	assert_string_equal(err.details, "no seat");
	assert_string_equal(err.cause, "");
	assert_null(err.fields);
	assert_int_equal(err.field_count, 0);

	err_clear(&err);
	assert_null(err.def);
	assert_string_equal(err.details, "");
}

static void
context_may_be_added_in_place(void **state)
{
	struct err err = used();

	(void)state;
	(void)err_set(
	    &err, &ERR_TIMEOUT, "reading: %s, %s", err.cause, err.details);
	assert_string_equal(err.cause, "reading: old cause, old details");
	(void)err_set(&err, &ERR_TIMEOUT, NULL);
	assert_string_equal(err.cause, "");
}

static void
long_texts_are_cut_between_characters(void **state)
{
	struct err err;
	char text[2000];

	(void)state;
	memset(text, 'a', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	(void)err_set(&err, &ERR_INTERNAL, "%s", text);
	assert_int_equal(strlen(err.cause), sizeof(err.cause) - 1);
	memcpy(text + 237, "\xE2\x82\xAC", 3);
	(void)err_set_public(&err, &ERR_INTERNAL, "%s", text);
	assert_int_equal(strlen(err.details), 237);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_are_public),
		cmocka_unit_test(set_replaces_everything),
		cmocka_unit_test(context_may_be_added_in_place),
		cmocka_unit_test(long_texts_are_cut_between_characters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
