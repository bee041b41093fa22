#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/clock.h"
#include "model/passenger_rules.h"

#define TODAY "2026-11-23"

struct row {
	int line;
	const char *field;
	const char *text;
	const char *stored; /* NULL: refused */
};

#define A10	"aaaaaaaaaa"
#define A50	A10 A10 A10 A10 A10
#define A100	A50 A50
#define LABEL63 A50 A10 "aaa"

static const struct row ROWS[] = {
	{ __LINE__, "first_name", "Ada", "Ada" },
	{ __LINE__, "first_name", "  Ada  ", "Ada" },
	{ __LINE__, "first_name", "\xC3\x89lo\xC3\xAFse",
	    "\xC3\x89lo\xC3\xAFse" },
	{ __LINE__, "first_name", "", NULL },
	{ __LINE__, "first_name", "   ", NULL },
	{ __LINE__, "first_name", A100, A100 },
	{ __LINE__, "first_name", A100 "a", NULL },
	{ __LINE__, "first_name", "A\tB", NULL },
	{ __LINE__, "first_name",
	    "A\xC2\x85"
	    "B",
	    NULL },
	{ __LINE__, "last_name", "\xF0\x9F\x9B\xAB", "\xF0\x9F\x9B\xAB" },
	{ __LINE__, "email", "a@b", "a@b" },
	{ __LINE__, "email", "a.b+c!#$%&'*/=?^_`{|}~-@x-y.example",
	    "a.b+c!#$%&'*/=?^_`{|}~-@x-y.example" },
	{ __LINE__, "email", "a@" LABEL63 ".com", "a@" LABEL63 ".com" },
	{ __LINE__, "email", "a@" LABEL63 "a.com", NULL },
	{ __LINE__, "email", "a", NULL },
	{ __LINE__, "email", "@b", NULL },
	{ __LINE__, "email", "a@", NULL },
	{ __LINE__, "email", "a@-b", NULL },
	{ __LINE__, "email", "a@b-", NULL },
	{ __LINE__, "email", "a@b..c", NULL },
	{ __LINE__, "email", "a@b.", NULL },
	{ __LINE__, "email", "a@@b", NULL },
	{ __LINE__, "email", "a b@c", NULL },
	{ __LINE__, "email", "a@b\r\nBcc: c@d", NULL },
	{ __LINE__, "email", A100 A100 A50 "@b.c", "" A100 A100 A50 "@b.c" },
	{ __LINE__, "email", A100 A100 A50 "a@b.c", NULL },
	{ __LINE__, "phone_number", "+1234567", "+1234567" },
	{ __LINE__, "phone_number", "+123456789012345", "+123456789012345" },
	{ __LINE__, "phone_number", "+123456", NULL },
	{ __LINE__, "phone_number", "+1234567890123456", NULL },
	{ __LINE__, "phone_number", "12345678", NULL },
	{ __LINE__, "phone_number", "+12 345 678", NULL },
	{ __LINE__, "phone_number", "", NULL },
	{ __LINE__, "date_of_birth", "1990-05-15", "1990-05-15" },
	{ __LINE__, "date_of_birth", "1900-01-01", "1900-01-01" },
	{ __LINE__, "date_of_birth", TODAY, TODAY },
	{ __LINE__, "date_of_birth", "2026-11-24", NULL },
	{ __LINE__, "date_of_birth", "1899-12-31", NULL },
	{ __LINE__, "date_of_birth", "2025-02-30", NULL },
	{ __LINE__, "date_of_birth", "2024-02-29", "2024-02-29" },
	{ __LINE__, "date_of_birth", "1990-5-15", NULL },
	{ __LINE__, "passport_number", "AB123", "AB123" },
	{ __LINE__, "passport_number", "ab123", "AB123" },
	{ __LINE__, "passport_number", A10 A10, "AAAAAAAAAAAAAAAAAAAA" },
	{ __LINE__, "passport_number", A10 A10 "a", NULL },
	{ __LINE__, "passport_number", "AB12", NULL },
	{ __LINE__, "passport_number", "AB-123", NULL },
};

static const struct passenger_field *
field_named(const char *name)
{
	for (size_t i = 0; i < PASSENGER_FIELD__COUNT; i++) {
		if (strcmp(PASSENGER_FIELDS[i].name, name) == 0)
			return &PASSENGER_FIELDS[i];
	}
	fail_msg("no field %s", name);
	return NULL;
}

static void
fields_are_checked_and_stored(void **state)
{
	struct arena *arena = arena_create(65536);
	int64_t today_ms;

	(void)state;
	assert_int_equal(clock_parse_date(TODAY, &today_ms), 0);
	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
		const struct row *row = &ROWS[i];
		struct passenger passenger = { 0 };
		const struct passenger_field *field = field_named(row->field);
		const char **place = passenger_field_of(&passenger, field);
		const char *wrong = field->rule(
		    arena, row->text, strlen(row->text), today_ms, place);

		if ((wrong == NULL) != (row->stored != NULL))
			fail_msg("line %d: %s", row->line,
			    wrong == NULL ? "taken" : wrong);
		if (row->stored != NULL)
			assert_string_equal(*place, row->stored);
	}
	arena_free(arena);
}

static void
names_alone_are_required(void **state)
{
	(void)state;
	for (size_t i = 0; i < PASSENGER_FIELD__COUNT; i++) {
		const struct passenger_field *field = &PASSENGER_FIELDS[i];
		bool name = strstr(field->name, "_name") != NULL;

		assert_int_equal(field->required, name);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_are_checked_and_stored),
		cmocka_unit_test(names_alone_are_required),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
