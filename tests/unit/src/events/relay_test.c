#include "events/relay.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void
delays_grow_and_are_bounded(void **state)
{
	static const struct {
		unsigned attempts;
		int64_t delay_ms;
	} rows[] = {
		{ 0, 1000 },
		{ 1, 2000 },
		{ 2, 4000 },
		{ 8, 256000 },
		{ 9, 300000 },
		{ 65535, 300000 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(
		    relay_delay_ms(rows[i].attempts), rows[i].delay_ms);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(delays_grow_and_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
