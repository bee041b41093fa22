#include "app/settings.h"

#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* What a container's cpuset or taskset does to a process. */
static void
workers_follow_the_processors_that_may_be_used(void **state)
{
	cpu_set_t usable, one;
	size_t first = 0;

	(void)state;
	assert_return_code(sched_getaffinity(0, sizeof(usable), &usable), 0);
	assert_int_equal(settings_default_workers(), 6 * CPU_COUNT(&usable));
	while (!CPU_ISSET(first, &usable))
		first++;
	CPU_ZERO(&one);
	CPU_SET(first, &one);
	assert_return_code(sched_setaffinity(0, sizeof(one), &one), 0);
	assert_int_equal(settings_default_workers(), 6);
	assert_return_code(sched_setaffinity(0, sizeof(usable), &usable), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    workers_follow_the_processors_that_may_be_used),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
