#include "service/published_board.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void
knows_what_was_noted_alone(void **state)
{
	struct published_board *board = published_board_create();
	struct event_key first = { .booking_id = uuid_make(), .sequence = 1 };
	struct event_key second = { first.booking_id, 2 };
	struct event_key other = { .booking_id = uuid_make(), .sequence = 1 };

	(void)state;
	assert_false(published_board_has(board, &first));
	published_board_note(board, &first);
	assert_true(published_board_has(board, &first));
	assert_false(published_board_has(board, &second));
	assert_false(published_board_has(board, &other));
}

static void
knows_nothing_without_a_pool(void **state)
{
	const struct event_key key = { .booking_id = uuid_make(),
		.sequence = 1 };

	(void)state;
	published_board_note(NULL, &key);
	assert_false(published_board_has(NULL, &key));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_what_was_noted_alone),
		cmocka_unit_test(knows_nothing_without_a_pool),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
