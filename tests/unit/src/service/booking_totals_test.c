#include "service/booking_totals.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#define MARGIN_MS INT64_C(30000)
#define NOW_MS	  INT64_C(1800000000000)
#define EDGE_MS	  (NOW_MS - MARGIN_MS)

static int
open_totals(void **state)
{
	static struct booking_totals totals;

	totals = (struct booking_totals){
		.cache = shared_cache_create(64, TOTALS_VALUE_BYTES),
		.margin_ms = MARGIN_MS,
	};
	*state = &totals;
	return totals.cache == NULL ? -1 : 0;
}

static int
close_totals(void **state)
{
	struct booking_totals *totals = *state;

	shared_cache_free(totals->cache);
	return 0;
}

/* Three bookings, the newest of so many, by their times of creation. */
static const struct {
	int64_t created_ms[3];
	int64_t total;
	int64_t known; /* -1: nothing */
} NOTES[] = {
	{ { EDGE_MS - 1, EDGE_MS - 2, EDGE_MS - 3 }, 1000, 1000 },
	{ { EDGE_MS, EDGE_MS - 1, EDGE_MS - 2 }, 1000, 999 },
	{ { EDGE_MS + 1, EDGE_MS, EDGE_MS - 1 }, 1000, 998 },
	{ { NOW_MS, EDGE_MS, EDGE_MS - 1 }, 1000, 998 },
	/* By a host whose clock is ahead. */
	{ { NOW_MS + 5000, EDGE_MS - 1, EDGE_MS - 2 }, 1000, 999 },
	/* Further ones may be as new. */
	{ { EDGE_MS + 1, EDGE_MS, EDGE_MS }, 1000, -1 },
	/* So few are counted as fast. */
	{ { EDGE_MS - 1, EDGE_MS - 2, EDGE_MS - 3 }, TOTALS_WORTH, 100 },
	{ { EDGE_MS - 1, EDGE_MS - 2, EDGE_MS - 3 }, TOTALS_WORTH - 1, -1 },
};

static void
what_is_certain_is_remembered(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(NOTES); i++) {
		struct booking newest[3] = { { .version = 1 } };
		struct counted_bookings known;

		open_totals(state);
		for (size_t n = 0; n < 3; n++)
			newest[n].created_at_ms = NOTES[i].created_ms[n];
		booking_totals_note(
		    *state, "user-1", NOW_MS, NOTES[i].total, newest, 3);
		known = booking_totals_find(*state, "user-1", NOW_MS);
		if (NOTES[i].known < 0) {
			assert_int_equal(known.before_ms, 0);
			assert_int_equal(known.count, 0);
		} else {
			assert_int_equal(known.before_ms, EDGE_MS);
			assert_int_equal(known.count, NOTES[i].known);
		}
		close_totals(state);
	}
}

static void
note(const struct booking_totals *totals, const char *user_id, int64_t total)
{
	const struct booking newest = { .created_at_ms = 1 };

	booking_totals_note(totals, user_id, NOW_MS, total, &newest, 1);
}

static void
users_are_apart(void **state)
{
	note(*state, "user-1", 1000);
	note(*state, "user-2", 2000);
	assert_int_equal(
	    booking_totals_find(*state, "user-1", NOW_MS).count, 1000);
	assert_int_equal(
	    booking_totals_find(*state, "user-2", NOW_MS).count, 2000);
	assert_int_equal(
	    booking_totals_find(*state, "user-3", NOW_MS).before_ms, 0);
	note(*state, "user-1", 3000);
	assert_int_equal(
	    booking_totals_find(*state, "user-1", NOW_MS).count, 3000);
}

static void
entries_end(void **state)
{
	static const struct {
		int64_t now_ms;
		bool known;
	} ROWS[] = {
		{ NOW_MS, true },
		{ NOW_MS + TOTALS_AGE_MS, true },
		{ NOW_MS + TOTALS_AGE_MS + 1, false },
		/* The clock was set back. */
		{ NOW_MS - 1, false },
	};

	note(*state, "user-1", 1000);
	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
		struct counted_bookings known =
		    booking_totals_find(*state, "user-1", ROWS[i].now_ms);

		assert_int_equal(known.count, ROWS[i].known ? 1000 : 0);
		assert_int_equal(known.before_ms, ROWS[i].known ? EDGE_MS : 0);
	}
}

static void
nothing_is_known_without_memory(void **state)
{
	const struct booking_totals totals = { .margin_ms = MARGIN_MS };

	(void)state;
	note(&totals, "user-1", 1000);
	assert_int_equal(
	    booking_totals_find(&totals, "user-1", NOW_MS).before_ms, 0);
}

static void
margin_covers_what_a_booking_may_take(void **state)
{
	(void)state;
	assert_int_equal(booking_totals_margin_ms(8000, 2, 1),
	    8000 + 2000 + 1000 + TOTALS_TOLERANCE_MS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_certain_is_remembered),
		cmocka_unit_test_setup_teardown(
		    users_are_apart, open_totals, close_totals),
		cmocka_unit_test_setup_teardown(
		    entries_end, open_totals, close_totals),
		cmocka_unit_test(nothing_is_known_without_memory),
		cmocka_unit_test(margin_covers_what_a_booking_may_take),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
