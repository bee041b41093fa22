#include "http/lobby.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/fcgi_client.h"

static struct lobby lobby;

static int
set_up(void **state)
{
	(void)state;
	return lobby_open(&lobby, 1000);
}

static int
tear_down(void **state)
{
	(void)state;
	lobby_close(&lobby);
	return 0;
}

static void
open_pair(int pair[2])
{
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
}

static void
close_pair(const int pair[2])
{
	close(pair[0]);
	close(pair[1]);
}

static bool
is_whole(const void *bytes, size_t len)
{
	int pair[2];
	bool whole;

	open_pair(pair);
	assert_int_equal(send(pair[1], bytes, len, 0), len);
	whole = lobby_is_whole(&lobby, pair[0]);
	/* Nothing was taken. */
	if (len > 0)
		assert_int_equal(recv(pair[0], lobby.peeked, len, 0), len);
	close_pair(pair);
	return whole;
}

static void
a_request_is_whole_with_its_last_byte(void **state)
{
	const char *const pairs[] = { "REQUEST_URI", "/x", "CONTENT_LENGTH",
		"5", NULL };
	struct fcgi_message message = { 0 };

	(void)state;
	fcgi_add_request(&message, false, pairs, "hello", 5);
	for (size_t len = 0; len < message.len; len++)
		assert_false(is_whole(message.bytes, len));
	assert_true(is_whole(message.bytes, message.len));
	fcgi_discard(&message);
}

static void
an_abortion_and_garbage_need_no_more(void **state)
{
	struct fcgi_message message = { 0 };

	(void)state;
	fcgi_add_begin(&message, FCGI_ROLE_RESPONDER, false);
	assert_false(is_whole(message.bytes, message.len));
	fcgi_add_record(&message, FCGI_TYPE_ABORT, NULL, 0);
	assert_true(is_whole(message.bytes, message.len));
	fcgi_discard(&message);
	assert_true(is_whole("GET / HTTP/1.1", 14));
	/* Too little to tell. */
	assert_false(is_whole("GET / H", 7));
}

static void
a_long_request_is_not_waited_for(void **state)
{
	static char filler[60000];
	struct fcgi_message message = { 0 };
	int pair[2];

	(void)state;
	fcgi_add_stream(&message, FCGI_TYPE_STDIN, filler, sizeof(filler));
	open_pair(pair);
	assert_int_equal(
	    send(pair[1], message.bytes, LOBBY_ENOUGH_BYTES - 1, 0),
	    LOBBY_ENOUGH_BYTES - 1);
	assert_false(lobby_is_whole(&lobby, pair[0]));
	assert_int_equal(
	    send(pair[1], message.bytes + LOBBY_ENOUGH_BYTES - 1, 1, 0), 1);
	assert_true(lobby_is_whole(&lobby, pair[0]));
	close_pair(pair);
	fcgi_discard(&message);
}

static struct guest
guest_of(int fd, int64_t came_us)
{
	return (struct guest){ fd, came_us, 7 };
}

static void
a_guest_is_called_when_all_has_come(void **state)
{
	struct fcgi_message message = { 0 };
	struct guest guest;
	struct guest out = { 0 };
	int pair[2];

	(void)state;
	open_pair(pair);
	fcgi_add_begin(&message, FCGI_ROLE_RESPONDER, false);
	fcgi_add_record(&message, FCGI_TYPE_STDIN, NULL, 0);
	guest = guest_of(pair[0], 1);
	assert_false(lobby_add(&lobby, &guest, &out));
	assert_false(lobby_call(&lobby, &out));
	fcgi_send(pair[1], message.bytes, message.len - 1);
	assert_false(lobby_call(&lobby, &out));
	/* Nothing new: nothing to look at. */
	assert_false(lobby_call(&lobby, &out));
	fcgi_send(pair[1], message.bytes + message.len - 1, 1);
	assert_true(lobby_call(&lobby, &out));
	assert_int_equal(out.fd, pair[0]);
	assert_int_equal(out.queued_ms, 7);
	assert_int_equal(lobby.count, 0);
	close_pair(pair);
	fcgi_discard(&message);
}

static void
what_came_before_the_guest_sat_down_counts(void **state)
{
	struct fcgi_message message = { 0 };
	struct guest guest;
	struct guest out = { 0 };
	int pair[2];

	(void)state;
	open_pair(pair);
	fcgi_add_begin(&message, FCGI_ROLE_RESPONDER, false);
	fcgi_add_record(&message, FCGI_TYPE_STDIN, NULL, 0);
	fcgi_send(pair[1], message.bytes, message.len);
	guest = guest_of(pair[0], 1);
	assert_false(lobby_add(&lobby, &guest, &out));
	assert_true(lobby_call(&lobby, &out));
	close_pair(pair);
	fcgi_discard(&message);
}

static void
a_peer_that_hangs_up_is_called(void **state)
{
	struct guest guest;
	struct guest out = { 0 };
	int pair[2];

	(void)state;
	open_pair(pair);
	guest = guest_of(pair[0], 1);
	assert_false(lobby_add(&lobby, &guest, &out));
	assert_int_equal(send(pair[1], "\x01", 1, 0), 1);
	assert_false(lobby_call(&lobby, &out));
	shutdown(pair[1], SHUT_WR);
	assert_true(lobby_call(&lobby, &out));
	close_pair(pair);
}

static void
time_is_over_in_the_order_of_coming(void **state)
{
	struct guest guest;
	struct guest out = { 0 };
	int first[2];
	int second[2];

	(void)state;
	open_pair(first);
	open_pair(second);
	assert_int_equal(lobby_wait_ms(&lobby, 0), -1);
	guest = guest_of(first[0], 5000000);
	lobby_add(&lobby, &guest, &out);
	guest = guest_of(second[0], 5500000);
	lobby_add(&lobby, &guest, &out);
	assert_int_equal(lobby_wait_ms(&lobby, 5600000), 401);
	assert_false(lobby_expire(&lobby, 5999999, &out));
	assert_int_equal(lobby_wait_ms(&lobby, 6000000), 0);
	assert_true(lobby_expire(&lobby, 6000000, &out));
	assert_int_equal(out.fd, first[0]);
	assert_false(lobby_expire(&lobby, 6000000, &out));
	assert_true(lobby_expire(&lobby, 6500000, &out));
	assert_int_equal(out.fd, second[0]);
	close_pair(first);
	close_pair(second);
}

static void
the_first_to_come_gives_way(void **state)
{
	int pairs[LOBBY_GUESTS + 1][2];
	struct guest out = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
		struct guest guest;

		open_pair(pairs[i]);
		guest = guest_of(pairs[i][0], (int64_t)i);
		assert_int_equal(
		    lobby_add(&lobby, &guest, &out), i == LOBBY_GUESTS);
	}
	assert_int_equal(out.fd, pairs[0][0]);
	assert_int_equal(lobby.count, LOBBY_GUESTS);
	close_pair(pairs[0]);
	for (size_t i = 1; i < ARRAY_LEN(pairs); i++)
		close(pairs[i][1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(function)                                                         \
	cmocka_unit_test_setup_teardown(function, set_up, tear_down)
		TEST(a_request_is_whole_with_its_last_byte),
		TEST(an_abortion_and_garbage_need_no_more),
		TEST(a_long_request_is_not_waited_for),
		TEST(a_guest_is_called_when_all_has_come),
		TEST(what_came_before_the_guest_sat_down_counts),
		TEST(a_peer_that_hangs_up_is_called),
		TEST(time_is_over_in_the_order_of_coming),
		TEST(the_first_to_come_gives_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
