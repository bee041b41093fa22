/* What can be seen without a broker; the rest is in tests/integration. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "mq/mq_private.h"

static struct mq *
create(const char *url)
{
	return mq_create(&(struct mq_settings){
	    .url = url, .name = "test", .timeout_ms = 300 });
}

static void
a_useless_url_is_told_at_the_opening(void **state)
{
	static const char *const urls[] = { "amqp://u:s3cret@:5672",
		"http://u:s3cret@h", "amqps://u:s3cret@h" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(urls); i++) {
		struct mq *mq = create(urls[i]);
		struct err err;

		assert_int_equal(mq_open(mq, &err), -1);
		assert_ptr_equal(err.def, &ERR_INVALID);
		assert_null(strstr(err.cause, "s3cret"));
		mq_free(mq);
	}
}

static void
a_closed_connection_says_so(void **state)
{
	struct mq *mq = create("amqp://h");
	struct mq_message message = { .exchange = "e",
		.routing_key = "k",
		.message_id = "i",
		.body = "{}",
		.body_len = 2 };
	enum mq_verdict verdict = MQ_CONFIRMED;
	struct err err;

	(void)state;
	assert_false(mq_is_open(mq));
	assert_false(mq_is_blocked(mq));
	assert_int_equal(mq_socket(mq), -1);
	mq_drop(mq);
	assert_int_equal(
	    mq_publish(mq, &message, 1, deadline_in(1000), &verdict, &err), -1);
	assert_ptr_equal(err.def, &ERR_UNAVAILABLE);
	assert_int_equal(verdict, MQ_UNKNOWN);
	mq_free(mq);
	mq_free(NULL);
}

static int
listen_somewhere(char url[64])
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(
	    bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fd, 16), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	snprintf(
	    url, 64, "amqp://u:s3cret@127.0.0.1:%d", ntohs(address.sin_port));
	return fd;
}

static unsigned
connections(int listener)
{
	struct pollfd ready = { .fd = listener, .events = POLLIN };
	unsigned count = 0;

	while (poll(&ready, 1, 0) > 0) {
		close(accept(listener, NULL, NULL));
		count++;
	}
	return count;
}

static void
a_silent_peer_is_given_up_and_left_in_peace(void **state)
{
	char url[64];
	int listener = listen_somewhere(url);
	struct mq *mq = create(url);
	struct err err;

	(void)state;
	assert_int_equal(mq_open(mq, &err), -1);
	assert_ptr_equal(err.def, &ERR_TIMEOUT);
	assert_null(strstr(err.cause, "s3cret"));
	assert_false(mq_is_open(mq));
	assert_int_equal(connections(listener), 1);
	/* Within the pause nothing is sent. */
	assert_int_equal(mq_open(mq, &err), -1);
	assert_ptr_equal(err.def, &ERR_UNAVAILABLE);
	assert_non_null(strstr(err.cause, "not tried again"));
	assert_int_equal(connections(listener), 0);
	mq_free(mq);
	close(listener);
}

static void
the_pause_grows_to_a_limit_and_differs(void **state)
{
	static const struct {
		unsigned failures;
		int64_t most_ms;
	} rows[] = { { 1, 100 }, { 2, 200 }, { 3, 400 }, { 6, 3200 },
		{ 7, 5000 }, { 100, 5000 }, { UINT_MAX, 5000 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int64_t least = INT64_MAX, most = 0;
		int64_t most_ms = rows[i].most_ms;

		for (unsigned draw = 0; draw < 1000; draw++) {
			int64_t ms = mq_pause_ms(rows[i].failures);

			least = ms < least ? ms : least;
			most = ms > most ? ms : most;
		}
		assert_true(least >= most_ms / 2 && least <= most_ms * 3 / 4);
		assert_true(most >= most_ms * 3 / 4 && most <= most_ms);
	}
}

static void
a_useful_connection_is_opened_again_at_once(void **state)
{
	char url[64];
	int listener = listen_somewhere(url);
	struct mq *mq = create(url);
	struct err err;

	(void)state;
	mq_prove(mq);
	assert_int_equal(
	    mq_lose(mq, &ERR_UNAVAILABLE, "read", "closed", &err), -1);
	assert_int_equal(mq_open(mq, &err), -1);
	assert_int_equal(connections(listener), 1);
	mq_free(mq);
	close(listener);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_useless_url_is_told_at_the_opening),
		cmocka_unit_test(a_closed_connection_says_so),
		cmocka_unit_test(a_silent_peer_is_given_up_and_left_in_peace),
		cmocka_unit_test(the_pause_grows_to_a_limit_and_differs),
		cmocka_unit_test(a_useful_connection_is_opened_again_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
