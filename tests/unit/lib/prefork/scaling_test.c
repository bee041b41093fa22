#include "prefork/scaling.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct scaling STATIC = { .workers = 8 };
static const struct scaling DYNAMIC = {
	.dynamic = true,
	.least = 3,
	.most = 12,
	.spare_min = 2,
	.spare_max = 4,
};

static void
wanted_by_mode_and_load(void **state)
{
	static const struct {
		const struct scaling *scaling;
		struct scaling_load load;
		unsigned wanted;
	} rows[] = {
		/* static: whatever happens */
		{ &STATIC, { 0, 0, false }, 8 },
		{ &STATIC, { 8, 8, true }, 8 },
		{ &STATIC, { 9, 0, false }, 8 },
		/* dynamic: from nothing to the least */
		{ &DYNAMIC, { 0, 0, false }, 3 },
		/* enough are idle */
		{ &DYNAMIC, { 5, 2, true }, 5 },
		{ &DYNAMIC, { 5, 4, true }, 5 },
		/* too few: as many as are missing, at once */
		{ &DYNAMIC, { 5, 1, false }, 6 },
		{ &DYNAMIC, { 5, 0, false }, 7 },
		{ &DYNAMIC, { 11, 0, false }, 12 },
		{ &DYNAMIC, { 12, 0, true }, 12 },
		/* too many: one, and only when it is time */
		{ &DYNAMIC, { 10, 9, false }, 10 },
		{ &DYNAMIC, { 10, 9, true }, 9 },
		{ &DYNAMIC, { 5, 5, true }, 4 },
		{ &DYNAMIC, { 3, 3, true }, 3 },
		/* more than allowed, after the limit was lowered */
		{ &DYNAMIC, { 20, 0, false }, 12 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		unsigned wanted =
		    scaling_wanted(rows[i].scaling, &rows[i].load);

		if (wanted != rows[i].wanted)
			fail_msg(
			    "row %zu: %u, not %u", i, wanted, rows[i].wanted);
	}
}

static void
the_operator_sets_the_number(void **state)
{
	struct scaling scaling = STATIC;

	(void)state;
	scaling_set(&scaling, 3);
	assert_int_equal(scaling.workers, 3);
	assert_int_equal(scaling_most(&scaling), 3);
}

static void
other_limits_give_way(void **state)
{
	static const struct {
		unsigned n, least, spare_min, spare_max;
	} rows[] = { { 20, 3, 2, 4 }, { 4, 3, 2, 4 }, { 3, 3, 2, 3 },
		{ 2, 2, 2, 2 }, { 1, 1, 1, 1 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct scaling scaling = DYNAMIC;

		scaling_set(&scaling, rows[i].n);
		assert_int_equal(scaling_most(&scaling), rows[i].n);
		assert_int_equal(scaling.least, rows[i].least);
		assert_int_equal(scaling.spare_min, rows[i].spare_min);
		assert_int_equal(scaling.spare_max, rows[i].spare_max);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wanted_by_mode_and_load),
		cmocka_unit_test(the_operator_sets_the_number),
		cmocka_unit_test(other_limits_give_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
