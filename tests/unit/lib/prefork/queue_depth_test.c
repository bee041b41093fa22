#include "prefork/queue_depth.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "prefork/listener.h"

#define BACKLOG 16

static char folder[32];
static char address[64];

static int
set_up(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/queue.XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(address, sizeof(address), "unix:%s/s", folder);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	unlink(address + 5);
	return rmdir(folder);
}

static void
assert_depth(const struct queue_probe *probe, uint32_t waiting)
{
	struct queue_depth depth = { 77, 77 };

	assert_int_equal(queue_probe_read(probe, &depth), 0);
	assert_int_equal(depth.waiting, waiting);
	assert_int_equal(depth.room, BACKLOG);
}

/* Grows with each connection that nobody takes, and shrinks with each that
 * somebody does. */
static void
follow(const char *where)
{
	struct queue_probe probe;
	struct err err;
	int peers[BACKLOG];
	int fd = listener_open(where, 0600, BACKLOG, &err);

	assert_true(fd >= 0);
	queue_probe_open(&probe, fd);
	assert_depth(&probe, 0);
	for (unsigned i = 0; i < ARRAY_LEN(peers); i++) {
		peers[i] = listener_connect(where, &err);
		assert_true(peers[i] >= 0);
		assert_depth(&probe, i + 1);
	}
	for (unsigned i = 0; i < ARRAY_LEN(peers); i++) {
		close(accept(fd, NULL, NULL));
		assert_depth(&probe, BACKLOG - 1 - i);
		close(peers[i]);
	}
	queue_probe_close(&probe);
	close(fd);
}

static void
a_unix_queue_is_known(void **state)
{
	(void)state;
	follow(address);
}

static void
a_tcp_queue_is_known(void **state)
{
	char where[32];

	(void)state;
	/* Ports that nobody else is given. */
	snprintf(where, sizeof(where), "127.0.0.1:%d", 20000 + getpid() % 9000);
	follow(where);
}

static void
what_is_no_socket_has_none(void **state)
{
	struct queue_probe probe;
	struct queue_depth depth;

	(void)state;
	queue_probe_open(&probe, STDIN_FILENO);
	assert_int_equal(queue_probe_read(&probe, &depth), -1);
	queue_probe_close(&probe);
}

static void
a_sample_is_taken_when_it_is_due(void **state)
{
	struct queue_probe probe;
	struct queue_clock queue = { 0 };
	struct err err;
	int fd = listener_open(address, 0600, BACKLOG, &err);
	int peer = listener_connect(address, &err);

	(void)state;
	queue_clock_init(&queue, 2000);
	queue_probe_open(&probe, fd);
	queue_probe_sample(&probe, &queue, 1000);
	assert_int_equal(queue.taken, 1);
	assert_int_equal(queue.depth, 1);
	assert_int_equal(queue.room, BACKLOG);
	queue_probe_sample(&probe, &queue, 1001);
	assert_int_equal(queue.taken, 1);
	assert_int_equal(
	    queue_clock_age_ms(&queue, queue_clock_accepted(&queue), 1300),
	    300);
	queue_probe_close(&probe);
	close(peer);
	close(fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(function)                                                         \
	cmocka_unit_test_setup_teardown(function, set_up, tear_down)
		TEST(a_unix_queue_is_known),
		TEST(a_tcp_queue_is_known),
		TEST(what_is_no_socket_has_none),
		TEST(a_sample_is_taken_when_it_is_due),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
