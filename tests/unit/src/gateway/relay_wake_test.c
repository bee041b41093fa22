#include "gateway/relay_wake.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

/* A name that no other process of this host has. */
static const char *
here(void)
{
	static char name[64];

	snprintf(name, sizeof(name), "relay_wake_test %d", (int)getpid());
	return name;
}

static bool
is_readable(int fd)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };

	return poll(&ready, 1, 0) == 1;
}

static void
a_nudge_names_its_booking(void **state)
{
	struct relay_wake relay, worker;
	struct uuid sent[3], taken[3];

	(void)state;
	relay_wake_init(&relay, here(), "bookings");
	relay_wake_init(&worker, here(), "bookings");
	assert_true(relay_wake_listen(&relay) >= 0);
	assert_false(is_readable(relay.fd));
	for (size_t i = 0; i < ARRAY_LEN(sent); i++) {
		sent[i] = uuid_make();
		relay_wake_send(&worker, &sent[i]);
	}
	assert_true(is_readable(relay.fd));
	assert_int_equal(relay_wake_take(&relay, taken, 2), 2);
	assert_int_equal(relay_wake_take(&relay, &taken[2], 1), 1);
	assert_int_equal(relay_wake_take(&relay, taken, 0), 0);
	for (size_t i = 0; i < ARRAY_LEN(sent); i++)
		assert_true(uuid_equal(&sent[i], &taken[i]));
	relay_wake_release(&worker);
	relay_wake_release(&relay);
}

static void
nobody_listening_is_no_matter(void **state)
{
	const struct uuid booking = uuid_make();
	struct relay_wake worker;
	struct uuid taken;

	(void)state;
	relay_wake_init(&worker, here(), "nobody");
	relay_wake_send(&worker, &booking);
	assert_int_equal(relay_wake_take(&worker, &taken, 1), 0);
	relay_wake_release(&worker);
}

/* More than the socket holds: what does not fit is polled for. */
static void
a_flood_never_blocks(void **state)
{
	const struct uuid booking = uuid_make();
	struct relay_wake relay, worker;

	(void)state;
	relay_wake_init(&relay, here(), "flood");
	relay_wake_init(&worker, here(), "flood");
	assert_true(relay_wake_listen(&relay) >= 0);
	for (int i = 0; i < 10000; i++)
		relay_wake_send(&worker, &booking);
	relay_wake_release(&worker);
	relay_wake_release(&relay);
}

static void
one_process_of_a_host_listens(void **state)
{
	struct relay_wake first, second, other;

	(void)state;
	relay_wake_init(&first, here(), "bookings");
	relay_wake_init(&second, here(), "bookings");
	relay_wake_init(&other, here(), "others");
	assert_true(relay_wake_listen(&first) >= 0);
	assert_int_equal(relay_wake_listen(&second), -1);
	assert_true(relay_wake_listen(&other) >= 0);
	/* When the first has gone, the second takes over, at its next try. */
	relay_wake_release(&first);
	second.next_try_ms = 0;
	assert_true(relay_wake_listen(&second) >= 0);
	relay_wake_release(&second);
	relay_wake_release(&other);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_nudge_names_its_booking),
		cmocka_unit_test(nobody_listening_is_no_matter),
		cmocka_unit_test(a_flood_never_blocks),
		cmocka_unit_test(one_process_of_a_host_listens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
