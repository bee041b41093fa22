#include "core/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/clock.h"

static int ends[2];
static char line[8192];

static int
setup(void **state)
{
	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_true(fcntl(ends[1], F_SETPIPE_SZ, 65536) >= 0);
	assert_int_equal(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
	log_open("test", LOG_DEBUG, ends[1]);
	log_set_request(NULL);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	(void)close(ends[0]);
	(void)close(ends[1]);
	return 0;
}

/* What is in the pipe: line. Returns its length, 0 when there is nothing. */
static size_t
read_line(void)
{
	ssize_t len = read(ends[0], line, sizeof(line) - 1);

	line[len < 0 ? 0 : len] = '\0';
	return len < 0 ? 0 : (size_t)len;
}

/* The line behind everything that all lines have. */
static const char *
fields(void)
{
	char pid[32];
	const char *at;

	(void)read_line();
	(void)snprintf(pid, sizeof(pid), "\"pid\":%d", getpid());
	at = strstr(line, pid);
	assert_non_null(at);
	return at + strlen(pid);
}

static void
lines_begin_alike(void **state)
{
	int64_t before = clock_wall_ms() / 1000 * 1000;
	char expected[200], time[CLOCK_RFC3339_SIZE];
	int64_t at_ms;

	(void)state;
	log_write(LOG_WARN, "something", NULL);
	(void)read_line();
	assert_memory_equal(line, "{\"time\":\"", 9);
	memcpy(time, line + 9, 24);
	time[24] = '\0';
	assert_int_equal(time[19], '.');
	assert_int_equal(clock_parse(time, &at_ms), 0);
	assert_true(before <= at_ms && at_ms <= clock_wall_ms());
	(void)snprintf(expected, sizeof(expected),
	    "\",\"level\":\"warn\",\"event\":\"something\","
	    "\"program\":\"test\",\"pid\":%d}\n",
	    getpid());
	assert_string_equal(line + 33, expected);
}

/* As systemd says that fd leads to the journal; off by one inode when not. */
static void
open_as_journal(int fd, bool leads_there)
{
	struct stat status;
	char stream[64];

	assert_int_equal(fstat(fd, &status), 0);
	(void)snprintf(stream, sizeof(stream), "%ju:%ju",
	    (uintmax_t)status.st_dev,
	    (uintmax_t)status.st_ino + (leads_there ? 0 : 1));
	setenv("JOURNAL_STREAM", stream, 1);
	log_open("test", LOG_DEBUG, fd);
	unsetenv("JOURNAL_STREAM");
}

static void
the_journal_is_told_the_priority(void **state)
{
	static const char *const starts[LOG_LEVEL__COUNT] = {
		[LOG_DEBUG] = "<7>{\"time\":",
		[LOG_INFO] = "<6>{\"time\":",
		[LOG_WARN] = "<4>{\"time\":",
		[LOG_ERROR] = "<3>{\"time\":",
	};

	(void)state;
	open_as_journal(ends[1], true);
	for (int level = 0; level < LOG_LEVEL__COUNT; level++) {
		log_write((enum log_level)level, "e", NULL);
		(void)read_line();
		assert_memory_equal(line, starts[level], strlen(starts[level]));
	}
	open_as_journal(ends[1], false);
	log_write(LOG_ERROR, "e", NULL);
	(void)read_line();
	assert_memory_equal(line, "{\"time\":", 8);
}

static void
every_type_of_field(void **state)
{
	(void)state;
	log_write(LOG_INFO, "e",
	    LOG_FIELDS(LOG_TEXT("t", "x"), LOG_TEXT("none", NULL),
		LOG_NUM("n", -7), LOG_NUM("max", INT64_MAX),
		LOG_NUM("min", INT64_MIN), LOG_NUM("zero", 0),
		LOG_MS("ms", 1.5), LOG_MS("small", 0.0004),
		LOG_MS("below", -12.0456), LOG_MS("near", 0.9996),
		LOG_MS("long", 999999999999.125), LOG_MS("longer", 1e12),
		LOG_MS("nan", (double)NAN), LOG_MS("inf", -(double)INFINITY),
		LOG_MS("big", -1.7976931348623157e308)));
	assert_string_equal(fields(),
	    ",\"t\":\"x\",\"none\":null,\"n\":-7,"
	    "\"max\":9223372036854775807,\"min\":-9223372036854775808,"
	    "\"zero\":0,\"ms\":1.500,\"small\":0.000,"
	    "\"below\":-12.046,\"near\":1.000,\"long\":999999999999.125,"
	    "\"longer\":1.0000000000000000e+12,\"nan\":null,"
	    "\"inf\":null,\"big\":-1.7976931348623157e+308}\n");
}

static const struct {
	const char *text, *json;
} escapes[] = {
	{ "", "" },
	{ "plain ~", "plain ~" },
	{ "\"q\" \\ /", "\\\"q\\\" \\\\ /" },
	{ "a\r\nb\tc", "a\\u000d\\u000ab\\u0009c" },
	{ "\x1b[31m\x7f", "\\u001b[31m\\u007f" },
	{ "\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x9B\xAB",
	    "\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x9B\xAB" },
	{ "\xC2\x85\xC2\x9F\xC2\xA0", "\\u0085\\u009f\xC2\xA0" },
	{ "\xE2\x80\xA8\xE2\x80\xA9\xE2\x80\xAA",
	    "\\u2028\\u2029\xE2\x80\xAA" },
	{ "a\xFFz\xC3", "a\\ufffdz\\ufffd" },
	{ "\xED\xA0\x80", "\\ufffd\\ufffd\\ufffd" },
	{ "\"}\n{\"event\":\"forged", "\\\"}\\u000a{\\\"event\\\":\\\"forged" },
};

static void
no_byte_forges_a_line(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(escapes); i++) {
		char expected[256];

		log_write(
		    LOG_INFO, "e", LOG_FIELDS(LOG_TEXT("t", escapes[i].text)));
		(void)snprintf(expected, sizeof(expected), ",\"t\":\"%s\"}\n",
		    escapes[i].json);
		assert_string_equal(fields(), expected);
	}
}

static void
texts_are_cut_between_characters(void **state)
{
	char text[2000], expected[1024];

	(void)state;
	memset(text, 'a', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	memcpy(text + 510, "\xE2\x82\xAC", 3);
	log_write(LOG_INFO, "e", LOG_FIELDS(LOG_TEXT("t", text)));
	(void)snprintf(
	    expected, sizeof(expected), ",\"t\":\"%.510s\"}\n", text);
	assert_string_equal(fields(), expected);
	memcpy(text + 509,
	    "\xE2\x82\xAC"
	    "a",
	    4);
	log_write(LOG_INFO, "e", LOG_FIELDS(LOG_TEXT("t", text)));
	(void)snprintf(
	    expected, sizeof(expected), ",\"t\":\"%.512s\"}\n", text);
	assert_string_equal(fields(), expected);
}

/* Whole fields only, and the line says that it is not all. */
static void
lines_are_cut_between_fields(void **state)
{
	char text[600];
	size_t len;

	(void)state;
	memset(text, '\1', sizeof(text)); /* six bytes each when escaped */
	text[400] = '\0';
	log_write(LOG_INFO, "e",
	    LOG_FIELDS(LOG_TEXT("one", text), LOG_TEXT("two", text),
		LOG_TEXT("three", "x")));
	len = read_line();
	assert_true(len >= 2400 && len <= 4096);
	assert_non_null(strstr(line, ",\"one\":\"\\u0001"));
	assert_null(strstr(line, "two"));
	assert_string_equal(line + len - 20, "\\u0001\",\"cut\":true}\n");

	/* The fullest line that there can be, byte by byte around the end. */
	for (size_t size = 0; size < 500; size++) {
		memset(text, 'a', sizeof(text));
		text[size] = '\0';
		log_write(LOG_INFO, "e",
		    LOG_FIELDS(LOG_TEXT("a", line), LOG_TEXT("b", line),
			LOG_TEXT("c", line), LOG_TEXT("d", text),
			LOG_TEXT("e", text)));
		len = read_line();
		assert_true(len <= 4096);
		assert_string_equal(line + len - 2, "}\n");
		memset(line, '\2', 211);
		line[211] = '\0';
	}
}

static void
quiet_levels_are_not_written(void **state)
{
	static const char *const names[] = { "debug", "info", "warn", "error" };

	(void)state;
	for (int level = LOG_DEBUG; level < LOG_LEVEL__COUNT; level++) {
		log_set_level((enum log_level)level);
		assert_int_equal(log_level_parse(names[level]), level);
		for (int at = LOG_DEBUG; at < LOG_LEVEL__COUNT; at++) {
			log_write((enum log_level)at, "e", NULL);
			assert_int_equal(read_line() > 0, at >= level);
			assert_int_equal(
			    log_enabled((enum log_level)at), at >= level);
		}
	}
	assert_int_equal(log_level_parse("loud"), -1);
	assert_int_equal(log_level_parse(""), -1);
}

static void
requests_are_named(void **state)
{
	char id[] = "req-1";

	(void)state;
	log_set_request(id);
	id[0] = 'x';
	log_write(LOG_INFO, "e", LOG_FIELDS(LOG_NUM("n", 1)));
	assert_string_equal(fields(), ",\"request_id\":\"req-1\",\"n\":1}\n");
	log_set_request(NULL);
	log_write(LOG_INFO, "e", LOG_FIELDS(LOG_NUM("n", 1)));
	assert_string_equal(fields(), ",\"n\":1}\n");
}

static void
errors_are_written_at_their_level(void **state)
{
	struct err err;

	(void)state;
	(void)err_set(&err, &ERR_TIMEOUT, "after %d", 5);
	log_err("failed", &err);
	assert_string_equal(fields(),
	    ",\"code\":\"TIMEOUT\",\"details\":\"\",\"cause\":\"after 5\"}\n");
	assert_non_null(
	    strstr(line, "\"level\":\"warn\",\"event\":\"failed\""));
	log_set_level(LOG_ERROR);
	log_err("failed", &err);
	assert_int_equal(read_line(), 0);
}

static void
fill_the_pipe(void)
{
	uint64_t before = log_dropped();
	int written = 0;

	while (log_dropped() == before && written++ < 100000) {
		errno = ENOTTY;
		log_write(LOG_INFO, "e", NULL);
		assert_int_equal(errno, ENOTTY);
	}
	assert_true(written >= 10 && written < 100000);
	log_write(LOG_INFO, "e", NULL);
	assert_int_equal(log_dropped(), before + 2);
}

static void
a_full_pipe_drops_and_counts(void **state)
{
	uint64_t dropped;

	(void)state;
	fill_the_pipe();
	dropped = log_dropped();
	assert_int_equal(fcntl(ends[1], F_GETFL) & O_NONBLOCK, 0);
	while (read_line() > 0)
		continue;
	log_write(LOG_INFO, "again", NULL);
	assert_int_equal(log_dropped(), dropped);
	assert_string_equal(fields(), "}\n");
}

/* The kernel of this process has never heard of RWF_NOWAIT. */
static void
forget_nowait(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
		    offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_pwritev2, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EOPNOTSUPP),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog filter = { ARRAY_LEN(code), code };

	assert_int_equal(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
	assert_int_equal(
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter), 0);
}

static void
an_old_kernel_does_not_wait_either(void **state)
{
	pid_t child = fork();
	int status;

	(void)state;
	assert_true(child >= 0);
	if (child == 0) {
		forget_nowait();
		fill_the_pipe();
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

/* How many may write to one pipe: where the kernel does not know RWF_NOWAIT for
 * pipes, the promise is made to one alone. */
static size_t
writers(void)
{
	const struct iovec one = { (char[]){ "x" }, 1 };

	return pwritev2(ends[1], &one, 1, -1, RWF_NOWAIT) == 1 ? 8 : 1;
}

/* Long lines take a page of the pipe each; the alarm ends one that waits. */
static void
write_long_lines(void)
{
	char text[513];

	(void)alarm(30);
	memset(text, 'a', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	for (int n = 0; n < 20; n++)
		log_write(LOG_INFO, "e",
		    LOG_FIELDS(LOG_TEXT("a", text), LOG_TEXT("b", text),
			LOG_TEXT("c", text), LOG_TEXT("d", text),
			LOG_TEXT("e", text), LOG_TEXT("f", text),
			LOG_TEXT("g", text)));
	_exit(log_dropped() == 0);
}

/* They all believe that there is room, and not all are right. */
static void
nobody_waits_for_a_pipe_that_others_fill(void **state)
{
	pid_t children[8];
	size_t count = writers();

	for (int round = 0; round < 200; round++) {
		for (size_t i = 0; i < count; i++) {
			children[i] = fork();
			assert_true(children[i] >= 0);
			if (children[i] == 0)
				write_long_lines();
		}
		for (size_t i = 0; i < count; i++) {
			int status;

			assert_int_equal(
			    waitpid(children[i], &status, 0), children[i]);
			assert_int_equal(status, 0);
		}
		teardown(state);
		setup(state);
	}
}

static void
a_broken_descriptor_drops_and_counts(void **state)
{
	uint64_t before = log_dropped();
	int full = open("/dev/full", O_WRONLY | O_CLOEXEC);

	(void)state;
	assert_true(full >= 0);
	log_open("test", LOG_INFO, full);
	assert_int_equal(log_fd(), full);
	errno = ENOTTY;
	log_write(LOG_INFO, "e", NULL);
	assert_int_equal(errno, ENOTTY);
	assert_int_equal(log_dropped(), before + 1);
	(void)close(full);
	log_write(LOG_INFO, "e", NULL);
	assert_int_equal(log_dropped(), before + 2);
}

static void
files_take_every_line(void **state)
{
	uint64_t before = log_dropped();
	FILE *file = tmpfile();
	size_t lines = 0;

	(void)state;
	assert_non_null(file);
	log_open("test", LOG_INFO, fileno(file));
	for (int i = 0; i < 1000; i++)
		log_write(LOG_INFO, "e", LOG_FIELDS(LOG_NUM("n", i)));
	rewind(file);
	while (fgets(line, sizeof(line), file) != NULL) {
		char end[32];

		(void)snprintf(end, sizeof(end), ",\"n\":%zu}\n", lines++);
		assert_string_equal(line + strlen(line) - strlen(end), end);
	}
	assert_int_equal(lines, 1000);
	assert_int_equal(log_dropped(), before);
	(void)fclose(file);
}

/* A file is written to whatever it takes; what it gave way to is not. */
static void
a_descriptor_set_again_is_looked_at_again(void **state)
{
	FILE *file = tmpfile();

	(void)state;
	assert_non_null(file);
	log_open("test", LOG_INFO, fileno(file));
	log_write(LOG_INFO, "e", NULL);
	assert_int_equal(dup3(ends[1], fileno(file), O_CLOEXEC), fileno(file));
	log_set_fd(log_fd());
	(void)alarm(10);
	fill_the_pipe();
	(void)alarm(0);
	(void)fclose(file);
}

static void
a_child_has_a_number_of_its_own(void **state)
{
	char pid[32];
	pid_t child;

	(void)state;
	log_write(LOG_INFO, "parent", NULL);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		log_write(LOG_INFO, "child", NULL);
		_exit(0);
	}
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_true(read_line() > 0);
	(void)snprintf(pid, sizeof(pid), "\"pid\":%d}", getpid());
	assert_non_null(strstr(line, pid));
	(void)snprintf(pid, sizeof(pid), "\"pid\":%d}", child);
	assert_non_null(strstr(line, pid));
}

static void
fatal_ends_the_process(void **state)
{
	pid_t child = fork();
	int status;

	(void)state;
	if (child == 0)
		log_fatal("gone", LOG_FIELDS(LOG_NUM("n", 1)));
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
	assert_true(read_line() > 0);
	assert_non_null(strstr(line, "\"level\":\"error\",\"event\":\"gone\""));
	assert_non_null(strstr(line, ",\"n\":1}\n"));
}

#define TEST(function)                                                         \
	cmocka_unit_test_setup_teardown(function, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		/* The first line of all is written to a file. */
		TEST(a_descriptor_set_again_is_looked_at_again),
		TEST(lines_begin_alike),
		TEST(the_journal_is_told_the_priority),
		TEST(every_type_of_field),
		TEST(no_byte_forges_a_line),
		TEST(texts_are_cut_between_characters),
		TEST(lines_are_cut_between_fields),
		TEST(quiet_levels_are_not_written),
		TEST(requests_are_named),
		TEST(errors_are_written_at_their_level),
		TEST(a_full_pipe_drops_and_counts),
		TEST(an_old_kernel_does_not_wait_either),
		TEST(nobody_waits_for_a_pipe_that_others_fill),
		TEST(a_broken_descriptor_drops_and_counts),
		TEST(files_take_every_line),
		TEST(a_child_has_a_number_of_its_own),
		TEST(fatal_ends_the_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
