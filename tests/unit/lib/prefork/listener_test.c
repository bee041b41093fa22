#include "prefork/listener.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[64];
static char path[96];
static char address[112];

static int
set_up(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/listener_test.XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/s", folder);
	snprintf(address, sizeof(address), "unix:%s", path);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	unlink(path);
	/* Fails when a half made socket was left behind. */
	assert_int_equal(rmdir(folder), 0);
	return 0;
}

static int
connect_to(const char *to)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	int result;

	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s", to);
	result = connect(fd, (const struct sockaddr *)&sun, sizeof(sun));
	close(fd);
	return result;
}

static void
a_unix_socket_listens(void **state)
{
	struct stat status;
	struct err err;
	int fd = listener_open(address, 0620, 5, &err);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(connect_to(path), 0);
	assert_int_equal(stat(path, &status), 0);
	assert_true(S_ISSOCK(status.st_mode));
	assert_int_equal(status.st_mode & 07777, 0620);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	close(fd);
}

static void
a_dead_socket_is_replaced(void **state)
{
	struct err err;
	int fd = listener_open(address, 0600, 5, &err);

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(connect_to(path), -1);
	fd = listener_open(address, 0600, 5, &err);
	assert_true(fd >= 0);
	assert_int_equal(connect_to(path), 0);
	close(fd);
}

static void
a_socket_in_use_is_left_alone(void **state)
{
	struct err err;
	int first = listener_open(address, 0600, 1, &err);

	(void)state;
	assert_true(first >= 0);
	/* With an empty queue and with a full one. */
	for (int i = 0; i < 8; i++) {
		assert_int_equal(listener_open(address, 0600, 1, &err), -1);
		assert_true(err_is(&err, &ERR_UNAVAILABLE));
		assert_non_null(strstr(err.details, "already listens"));
	}
	close(first);
}

static void
a_file_is_never_replaced(void **state)
{
	struct err err;
	int file = open(path, O_CREAT | O_WRONLY, 0600);

	(void)state;
	assert_int_equal(listener_open(address, 0600, 5, &err), -1);
	assert_non_null(strstr(err.details, path));
	assert_int_equal(access(path, F_OK), 0);
	close(file);
}

static void
addresses_are_checked(void **state)
{
	static const struct {
		const char *address;
		bool opens, valid;
	} rows[] = {
		{ "127.0.0.1:0", true, true },
		{ "localhost:0", true, true },
		{ "0.0.0.0:0", false, false },
		{ "192.0.2.1:9000", false, false },
		{ "[::]:0", false, false },
		{ "example.org:9000", false, false },
		{ "127.0.0.1:65536", false, false },
		{ "127.0.0.1:-1", false, false },
		{ "127.0.0.1:", false, false },
		{ "127.0.0.1", false, false },
		{ ":9000", false, false },
		{ "9000", false, false },
		{ "", false, false },
		{ "unix:", false, false },
		{ "unix:/nowhere/at/all/s", false, true },
		{ "unix:/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		    false, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err err;
		int fd = listener_open(rows[i].address, 0600, 5, &err);

		print_message("'%s'\n", rows[i].address);
		assert_int_equal(
		    listener_address_valid(rows[i].address), rows[i].valid);
		if (rows[i].opens) {
			assert_true(fd >= 0);
			close(fd);
		} else {
			assert_int_equal(fd, -1);
			assert_true(err.details[0] != '\0');
		}
	}
}

static void
a_tcp_port_in_use_is_refused(void **state)
{
	struct sockaddr_in bound;
	socklen_t size = sizeof(bound);
	char again[32];
	struct err err;
	int fd = listener_open("127.0.0.1:0", 0, 5, &err);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&bound, &size), 0);
	snprintf(again, sizeof(again), "127.0.0.1:%d", ntohs(bound.sin_port));
	assert_int_equal(listener_open(again, 0, 5, &err), -1);
	assert_true(err_is(&err, &ERR_UNAVAILABLE));
	close(fd);
}

/* --- inherited: in a child, where descriptor 3 is ours ------------------ */

enum third { LISTENER, PIPE, CLOSED };

static int
inherit_as(enum third third, const char *count, pid_t pid)
{
	char pid_text[16];
	struct err err;
	int ends[2];
	int fd;

	close(3);
	if (third == LISTENER) {
		fd = listener_open(address, 0600, 5, &err);
		if (fd != 3 && (dup2(fd, 3) != 3 || close(fd) != 0))
			return -2;
		fcntl(3, F_SETFD, 0);
	} else if (third == PIPE) {
		if (pipe(ends) != 0 || dup2(ends[0], 3) != 3)
			return -2;
	}
	snprintf(pid_text, sizeof(pid_text), "%ld",
	    (long)(pid != 0 ? pid : getpid()));
	setenv("LISTEN_PID", pid_text, 1);
	if (count != NULL)
		setenv("LISTEN_FDS", count, 1);
	fd = listener_inherited();
	if (getenv("LISTEN_PID") != NULL || getenv("LISTEN_FDS") != NULL)
		return -2;
	if (fd >= 0 && fcntl(fd, F_GETFD) != FD_CLOEXEC)
		return -2;
	return fd;
}

static void
a_socket_is_inherited(void **state)
{
	static const struct {
		enum third third;
		const char *count;
		pid_t pid; /* 0: the process itself */
		int expected;
	} rows[] = {
		{ LISTENER, "1", 0, 3 },
		{ LISTENER, "2", 0, 3 },
		{ LISTENER, "0", 0, -1 },
		{ LISTENER, NULL, 0, -1 },
		{ LISTENER, "x", 0, -1 },
		{ LISTENER, "1", 1, -1 },
		{ PIPE, "1", 0, -1 },
		{ CLOSED, "1", 0, -1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		pid_t pid = fork();
		int status;

		print_message("%zu\n", i);
		if (pid == 0)
			_exit(100 + inherit_as(rows[i].third, rows[i].count,
					rows[i].pid));
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status) - 100, rows[i].expected);
		unlink(path);
	}
}

/* Three descriptors from -1 to 5 in one exit status. */
static int
as_status(int listen_fd, int status_fd, int ready_fd)
{
	return (listen_fd - 2) * 49 + (status_fd + 1) * 7 + ready_fd + 1;
}

/* Two listeners and a pipe, under the names given. Exits with what was made of
 * them. */
static _Noreturn void
inherit_by_names(const char *names)
{
	struct prefork_sockets sockets;
	char text[16];
	struct err err;
	int ends[2];
	int fds[3];

	fds[0] = listener_open("127.0.0.1:0", 0, 1, &err);
	fds[1] = listener_open("127.0.0.1:0", 0, 1, &err);
	if (pipe(ends) != 0)
		_exit(1);
	fds[2] = ends[1];
	for (int i = 0; i < 3; i++)
		fds[i] = fcntl(fds[i], F_DUPFD, 10);
	for (int i = 0; i < 3; i++)
		dup2(fds[i], LISTENER_FIRST_FD + i);
	snprintf(text, sizeof(text), "%ld", (long)getpid());
	setenv("LISTEN_PID", text, 1);
	setenv("LISTEN_FDS", "3", 1);
	if (names == NULL)
		unsetenv("LISTEN_FDNAMES");
	else
		setenv("LISTEN_FDNAMES", names, 1);
	listener_inherit(&sockets);
	if (getenv("LISTEN_FDNAMES") != NULL)
		_exit(1);
	_exit(
	    as_status(sockets.listen_fd, sockets.status_fd, sockets.ready_fd));
}

static void
names_tell_what_is_what(void **state)
{
	static const struct {
		const char *names;
		int listen_fd, status_fd, ready_fd;
	} rows[] = {
		{ "pool:status:ready", 3, 4, 5 },
		{ "booking.socket:status:ready", 3, 4, 5 },
		{ "status:pool:ready", 4, 3, 5 },
		{ "pool:pool:ready", 3, -1, 5 },
		/* A pipe is no listener, whatever it is called. */
		{ "pool:other:status", 3, -1, -1 },
		{ NULL, 3, -1, -1 },
		{ "", 3, -1, -1 },
		{ "status", 4, 3, -1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		pid_t pid = fork();
		int status;

		if (pid == 0)
			inherit_by_names(rows[i].names);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFEXITED(status));
		print_message("%zu\n", i);
		assert_int_equal(WEXITSTATUS(status),
		    as_status(rows[i].listen_fd, rows[i].status_fd,
			rows[i].ready_fd));
	}
}

static void
the_other_end_is_reached(void **state)
{
	struct err err;
	int fd;
	int peer;

	(void)state;
	assert_int_equal(listener_connect(address, &err), -1);
	assert_ptr_equal(err.def, &ERR_UNAVAILABLE);
	fd = listener_open(address, 0600, 4, &err);
	peer = listener_connect(address, &err);
	assert_true(peer >= 0);
	close(peer);
	close(fd);
	unlink(path);
	assert_int_equal(listener_connect("unix:", &err), -1);
	assert_ptr_equal(err.def, &ERR_INVALID);
	assert_int_equal(listener_connect("example.com:80", &err), -1);
	assert_ptr_equal(err.def, &ERR_INVALID);
	assert_int_equal(listener_connect("127.0.0.1:1", &err), -1);
	assert_ptr_equal(err.def, &ERR_UNAVAILABLE);
}

static void
without_a_word_nothing_is_inherited(void **state)
{
	(void)state;
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	assert_int_equal(listener_inherited(), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(function)                                                         \
	cmocka_unit_test_setup_teardown(function, set_up, tear_down)
		TEST(a_unix_socket_listens),
		TEST(a_dead_socket_is_replaced),
		TEST(a_socket_in_use_is_left_alone),
		TEST(a_file_is_never_replaced),
		TEST(addresses_are_checked),
		TEST(a_tcp_port_in_use_is_refused),
		TEST(a_socket_is_inherited),
		TEST(names_tell_what_is_what),
		TEST(the_other_end_is_reached),
		TEST(without_a_word_nothing_is_inherited),
	};

	alarm(120);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
