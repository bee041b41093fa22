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

static enum arrival
look(const void *bytes, size_t len)
{
	int pair[2];
	enum arrival arrival;

	open_pair(pair);
	assert_int_equal(send(pair[1], bytes, len, 0), len);
	arrival = lobby_look(&lobby, pair[0]);
	/* Nothing was taken. */
	if (len > 0)
		assert_int_equal(recv(pair[0], lobby.peeked, len, 0), len);
	close_pair(pair);
	return arrival;
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
		assert_int_equal(look(message.bytes, len), ARRIVAL_PART);
	assert_int_equal(look(message.bytes, message.len), ARRIVAL_ALL);
	fcgi_discard(&message);
}

/* Records in the order of their coming: type, request, whether it is empty.
 * Reading any of these requests could block, whatever its last record says. */
static const struct {
	struct {
		unsigned char type, id;
		bool full;
	} records[6];
} strange[] = {
	{ { { FCGI_TYPE_STDIN, 1, false } } },
	{ { { FCGI_TYPE_PARAMS, 1, false }, { FCGI_TYPE_STDIN, 1, false } } },
	{ { { FCGI_TYPE_BEGIN, 1, true }, { FCGI_TYPE_STDIN, 1, false } } },
	{ { { FCGI_TYPE_BEGIN, 1, true }, { FCGI_TYPE_PARAMS, 1, true },
	    { FCGI_TYPE_STDIN, 1, false } } },
	/* Another request's: passed over. */
	{ { { FCGI_TYPE_BEGIN, 1, true }, { FCGI_TYPE_PARAMS, 1, false },
	    { FCGI_TYPE_STDIN, 2, false } } },
	{ { { FCGI_TYPE_BEGIN, 1, true }, { FCGI_TYPE_PARAMS, 2, false },
	    { FCGI_TYPE_STDIN, 1, false } } },
	/* A question to the program: answered, and read on. */
	{ { { FCGI_TYPE_GET_VALUES, 0, false }, { FCGI_TYPE_BEGIN, 1, true },
	    { FCGI_TYPE_PARAMS, 1, false }, { FCGI_TYPE_STDIN, 1, false } } },
	{ { { FCGI_TYPE_BEGIN, 0, true }, { FCGI_TYPE_PARAMS, 0, false },
	    { FCGI_TYPE_STDIN, 0, false } } },
	{ { { FCGI_TYPE_BEGIN, 1, true }, { FCGI_TYPE_BEGIN, 1, true },
	    { FCGI_TYPE_PARAMS, 1, false }, { FCGI_TYPE_STDIN, 1, false } } },
};

static void
what_libfcgi_may_read_on_after_is_not_all(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(strange); i++) {
		unsigned char bytes[6 * 16] = { 0 };
		size_t len = 0;

		for (size_t r = 0; strange[i].records[r].type != 0; r++) {
			unsigned char *record = bytes + len;

			record[0] = 1;
			record[1] = strange[i].records[r].type;
			record[3] = strange[i].records[r].id;
			record[5] = strange[i].records[r].full ? 8 : 0;
			len += 8 + record[5];
		}
		assert_int_equal(look(bytes, len), ARRIVAL_ENOUGH);
	}
}

/* The last record's padding is read as well. */
static void
padding_belongs_to_all(void **state)
{
	static const unsigned char bytes[] = { 1, FCGI_TYPE_BEGIN, 0, 1, 0, 8,
		0, 0,			/* and its body: */
		0, 1, 0, 0, 0, 0, 0, 0, /* a responder */
		1, FCGI_TYPE_PARAMS, 0, 1, 0, 0, 0, 0, 1, FCGI_TYPE_STDIN, 0, 1,
		0, 0, 2, 0, /* and its padding: */
		0, 0 };

	(void)state;
	assert_int_equal(look(bytes, sizeof(bytes)), ARRIVAL_ALL);
	assert_int_equal(look(bytes, sizeof(bytes) - 1), ARRIVAL_ENOUGH);
}

static void
an_abortion_and_garbage_need_no_more(void **state)
{
	struct fcgi_message message = { 0 };

	(void)state;
	fcgi_add_begin(&message, FCGI_ROLE_RESPONDER, false);
	assert_int_equal(look(message.bytes, message.len), ARRIVAL_PART);
	fcgi_add_record(&message, FCGI_TYPE_ABORT, NULL, 0);
	assert_int_equal(look(message.bytes, message.len), ARRIVAL_ENOUGH);
	fcgi_discard(&message);
	assert_int_equal(look("GET / HTTP/1.1", 14), ARRIVAL_ENOUGH);
	/* Too little to tell. */
	assert_int_equal(look("GET / H", 7), ARRIVAL_PART);
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
	assert_int_equal(lobby_look(&lobby, pair[0]), ARRIVAL_PART);
	assert_int_equal(
	    send(pair[1], message.bytes + LOBBY_ENOUGH_BYTES - 1, 1, 0), 1);
	assert_int_equal(lobby_look(&lobby, pair[0]), ARRIVAL_ENOUGH);
	close_pair(pair);
	fcgi_discard(&message);
}

static struct guest
guest_of(int fd, int64_t came_us)
{
	return (struct guest){ .fd = fd, .came_us = came_us, .queued_ms = 7 };
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
		TEST(what_libfcgi_may_read_on_after_is_not_all),
		TEST(padding_belongs_to_all),
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
