#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "model/booking_state.h"

/* The lifecycle of the seed, all pairs: -1 where there is no way. */
static const int EVENTS[BOOKING_STATUS__COUNT][BOOKING_STATUS__COUNT] = {
	[BOOKING_CREATED] = {
		[BOOKING_CREATED] = -1,
		[BOOKING_CONFIRMED] = EVENT_CONFIRMED,
		[BOOKING_CANCELLED] = EVENT_CANCELLED,
	},
	[BOOKING_CONFIRMED] = {
		[BOOKING_CREATED] = -1,
		[BOOKING_CONFIRMED] = -1,
		[BOOKING_CANCELLED] = EVENT_CANCELLED,
	},
	[BOOKING_CANCELLED] = {
		[BOOKING_CREATED] = -1,
		[BOOKING_CONFIRMED] = -1,
		[BOOKING_CANCELLED] = -1,
	},
};

static void
every_pair_has_its_edge_or_none(void **state)
{
	(void)state;
	for (int from = 0; from < BOOKING_STATUS__COUNT; from++) {
		for (int to = 0; to < BOOKING_STATUS__COUNT; to++) {
			const struct booking_edge *edge = booking_edge(
			    (enum booking_status)from, (enum booking_status)to);

			assert_int_equal(edge == NULL ? -1 : (int)edge->event,
			    EVENTS[from][to]);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_pair_has_its_edge_or_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
