/*
 * Old request keys go, batch by batch; young ones stay.
 */
#include "data_fixture.h"

#include "model/booking_rules.h"
#include "service/idempotency_sweep.h"

static int64_t
keys(struct fixture *f)
{
	static const struct db_statement KEYS = { "test.keys",
		"SELECT COUNT(*) FROM bookings WHERE request_key IS NOT NULL "
		"OR request_fingerprint IS NOT NULL" };

	return ask_int(f, f->db, &KEYS);
}

static bool
sweep_once(struct fixture *f, struct idempotency_sweep *sweep, int64_t now_ms)
{
	struct err err = { 0 };
	bool more = false;

	if (idempotency_sweep(f->db, f->arena, sweep, now_ms, &more, &err) != 0)
		fail_msg("%s", err.cause);
	return more;
}

/* Booking i is i seconds old when the sweep looks for the first time. */
static void
keys_go_after_a_day(void **state)
{
	struct idempotency_sweep sweep = { 0 };
	struct fixture *f = *state;
	int64_t day_later_ms = FIRST_MS + IDEMPOTENCY_KEY_MS;

	assert_int_equal(keys(f), BOOKINGS);
	assert_false(sweep_once(f, &sweep, day_later_ms));
	assert_int_equal(keys(f), BOOKINGS);
	assert_false(sweep_once(f, &sweep, day_later_ms + 1));
	assert_int_equal(keys(f), BOOKINGS - 1);
	assert_false(sweep_once(f, &sweep, day_later_ms + 99001));
	assert_int_equal(keys(f), BOOKINGS - 100);
}

static void
batches_are_bounded(void **state)
{
	struct idempotency_sweep sweep = { 0 };
	struct fixture *f = *state;
	int64_t now_ms = FIRST_MS + IDEMPOTENCY_KEY_MS + 5000 * 1000;

	for (int batch = 1; batch <= 5; batch++) {
		assert_true(sweep_once(f, &sweep, now_ms));
		assert_int_equal(
		    keys(f), BOOKINGS - batch * IDEMPOTENCY_SWEEP_BATCH);
	}
	assert_false(sweep_once(f, &sweep, now_ms));
	assert_int_equal(keys(f), BOOKINGS - 5000);
	/* A new process goes over all of them again and finds nothing. */
	sweep = (struct idempotency_sweep){ 0 };
	for (int batch = 1; batch <= 5; batch++)
		assert_true(sweep_once(f, &sweep, now_ms));
	assert_false(sweep_once(f, &sweep, now_ms));
	assert_int_equal(keys(f), BOOKINGS - 5000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_go_after_a_day),
		cmocka_unit_test(batches_are_bounded),
	};

	return cmocka_run_group_tests(tests, data_open, data_close);
}
