#include "prefork/notify.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

/* What systemd would hear at this address. */
static int
open_ear(const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	assert_true(fd >= 0);
	memcpy(address.sun_path, name, strlen(name));
	if (name[0] == '@')
		address.sun_path[0] = '\0';
	assert_int_equal(
	    bind(fd, (const struct sockaddr *)&address,
		(socklen_t)(offsetof(struct sockaddr_un, sun_path) +
			    strlen(name))),
	    0);
	setenv("NOTIFY_SOCKET", name, 1);
	return fd;
}

static void
assert_hears(int fd, const char *text)
{
	char heard[600] = "";

	assert_true(recv(fd, heard, sizeof(heard) - 1, 0) > 0);
	assert_string_equal(heard, text);
}

static void
a_path_is_told(void **state)
{
	char name[64];
	int ear;

	(void)state;
	snprintf(name, sizeof(name), "/tmp/notify.%ld", (long)getpid());
	ear = open_ear(name);
	notify_send("READY=1\nSTATUS=%u workers", 4);
	assert_hears(ear, "READY=1\nSTATUS=4 workers");
	close(ear);
	unlink(name);
}

static void
an_abstract_name_is_told(void **state)
{
	char name[64];
	int ear;

	(void)state;
	snprintf(name, sizeof(name), "@notify.%ld", (long)getpid());
	ear = open_ear(name);
	notify_send("STOPPING=1");
	assert_hears(ear, "STOPPING=1");
	close(ear);
}

static void
nobody_is_told_without_an_address(void **state)
{
	static const char *const names[] = { "", "x", "@", "/",
		"/tmp/nobody-listens-here", "relative/path" };

	(void)state;
	unsetenv("NOTIFY_SOCKET");
	notify_send("READY=1");
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		setenv("NOTIFY_SOCKET", names[i], 1);
		notify_send("READY=1");
	}
}

static void
nobody_is_told_after_the_end(void **state)
{
	char name[64];
	char heard[8];
	int ear;

	(void)state;
	snprintf(name, sizeof(name), "@notify.end.%ld", (long)getpid());
	ear = open_ear(name);
	notify_end();
	notify_send("STATUS=more");
	assert_int_equal(recv(ear, heard, sizeof(heard), 0), -1);
	close(ear);
}

static void
a_full_ear_is_not_waited_for(void **state)
{
	char name[64];
	int ear;

	(void)state;
	snprintf(name, sizeof(name), "@notify.full.%ld", (long)getpid());
	ear = open_ear(name);
	for (int i = 0; i < 5000; i++)
		notify_send("STATUS=%d", i);
	assert_hears(ear, "STATUS=0");
	close(ear);
}

static void
the_watchdog_is_for_the_process_it_names(void **state)
{
	char own[16];

	(void)state;
	snprintf(own, sizeof(own), "%ld", (long)getpid());
	unsetenv("WATCHDOG_PID");
	unsetenv("WATCHDOG_USEC");
	assert_int_equal(notify_watchdog_ms(), 0);
	setenv("WATCHDOG_USEC", "15000000", 1);
	assert_int_equal(notify_watchdog_ms(), 15000);
	setenv("WATCHDOG_PID", own, 1);
	assert_int_equal(notify_watchdog_ms(), 15000);
	setenv("WATCHDOG_PID", "1", 1);
	assert_int_equal(notify_watchdog_ms(), 0);
	notify_adopt_watchdog();
	assert_int_equal(notify_watchdog_ms(), 15000);
	setenv("WATCHDOG_USEC", "soon", 1);
	assert_int_equal(notify_watchdog_ms(), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_path_is_told),
		cmocka_unit_test(an_abstract_name_is_told),
		cmocka_unit_test(nobody_is_told_without_an_address),
		cmocka_unit_test(nobody_is_told_after_the_end),
		cmocka_unit_test(a_full_ear_is_not_waited_for),
		cmocka_unit_test(the_watchdog_is_for_the_process_it_names),
	};

	alarm(60);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
