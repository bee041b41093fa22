#include "config/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct settings {
	const char *host;
	int64_t port;
	const char *password;
	bool verbose;
	const char *level;
	const char *url;
};

#define FIELD(name) offsetof(struct settings, name)

static const struct config_key keys[] = {
	{ "Database", "DB_HOST", CONFIG_TEXT, FIELD(host), "localhost", 1, 20,
	    NULL, CONFIG_REQUIRED, "Host." },
	{ "Database", "DB_PORT", CONFIG_INT, FIELD(port), "3306", 1, 65535,
	    NULL, 0, "Port." },
	{ "Database", "DB_PASSWORD", CONFIG_TEXT, FIELD(password), "", 8, 0,
	    NULL, CONFIG_SECRET, "Password." },
	{ "Log", "VERBOSE", CONFIG_BOOL, FIELD(verbose), "yes", 0, 0, NULL, 0,
	    "Verbose." },
	{ "Log", "LOG_LEVEL", CONFIG_CHOICE, FIELD(level), "info", 0, 0,
	    "debug info warn", 0, "Level." },
	{ "Peers", "PEER_URL", CONFIG_URL, FIELD(url), "http://localhost", 0, 0,
	    "http https", 0, "Peer." },
};

static bool
port_without_password(const void *from)
{
	const struct settings *read = from;

	return read->port < 1024 && read->password[0] == '\0';
}

static bool
quiet_at_debug(const void *from)
{
	const struct settings *read = from;

	return !read->verbose && strcmp(read->level, "debug") == 0;
}

static const struct config_rule rules[] = {
	{ { "DB_PASSWORD", "DB_PORT" }, port_without_password,
	    "must be set when DB_PORT is below 1024" },
	{ { "VERBOSE", "LOG_LEVEL" }, quiet_at_debug,
	    "must be true when LOG_LEVEL is debug" },
};

static const struct config_table table = {
	.keys = keys,
	.count = ARRAY_LEN(keys),
	.rules = rules,
	.rule_count = ARRAY_LEN(rules),
	.size = sizeof(struct settings),
};

#define PATH_PATTERN "/tmp/config-test-XXXXXX"

static char path[sizeof(PATH_PATTERN)];

/* What one load did. */
static struct settings settings;
static struct config_values *values;
static char *problems;

static int
setup(void **state)
{
	int fd;

	(void)state;
	memcpy(path, PATH_PATTERN, sizeof(path));
	fd = mkstemp(path);
	if (fd >= 0)
		(void)close(fd);
	memset(&settings, 0, sizeof(settings));
	values = NULL;
	problems = NULL;
	return fd < 0 ? -1 : 0;
}

static int
teardown(void **state)
{
	(void)state;
	config_release(values);
	free(problems);
	(void)unlink(path);
	return 0;
}

static void
write_file(const char *text, size_t len)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
}

static int
load_from(const char *file, char *const env[])
{
	size_t len;
	FILE *stream;
	int result;

	free(problems);
	config_release(values);
	values = NULL;
	stream = open_memstream(&problems, &len);
	assert_non_null(stream);
	result = config_load(&table, file, env, &settings, &values, stream);
	assert_int_equal(fclose(stream), 0);
	return result;
}

static int
load(const char *text, char *const env[])
{
	write_file(text, strlen(text));
	return load_from(path, env);
}

static void
defaults_hold_without_a_source(void **state)
{
	char missing[80];

	(void)state;
	(void)snprintf(missing, sizeof(missing), "%s.missing", path);
	for (int way = 0; way < 2; way++) {
		assert_int_equal(load_from(way == 0 ? NULL : missing, NULL), 0);
		assert_string_equal(problems, "");
		assert_string_equal(settings.host, "localhost");
		assert_int_equal(settings.port, 3306);
		assert_string_equal(settings.password, "");
		assert_true(settings.verbose);
		assert_string_equal(settings.level, "info");
		assert_string_equal(settings.url, "http://localhost");
	}
}

static void
the_environment_wins_over_the_file(void **state)
{
	char host[] = "DB_HOST=from-env";
	char again[] = "DB_HOST=second";
	char prefix[] = "DB_HOSTS=other";
	char bare[] = "DB_PORT";
	char password[] = "DB_PASSWORD=p=#w '\"d";
	char *env[] = { bare, prefix, host, again, password, NULL };

	(void)state;
	assert_int_equal(
	    load("DB_HOST=from-file\nDB_PORT=1\nLOG_LEVEL=WARN\n", env), 0);
	/* The values are copies. */
	memset(host, 'x', sizeof(host) - 1);
	assert_string_equal(settings.host, "from-env");
	assert_int_equal(settings.port, 1);
	assert_string_equal(settings.level, "warn");
	assert_string_equal(settings.password, "p=#w '\"d");
}

static void
empty_is_empty_or_the_default(void **state)
{
	char *env[] = { (char[]){ "DB_PORT=" }, (char[]){ "VERBOSE=" },
		(char[]){ "LOG_LEVEL=" }, (char[]){ "PEER_URL=" },
		(char[]){ "DB_PASSWORD=" }, NULL };

	(void)state;
	assert_int_equal(load("DB_PORT=7\nVERBOSE=no\nLOG_LEVEL=warn\n"
			      "PEER_URL=http://h\nDB_PASSWORD=12345678\n",
			     env),
	    0);
	assert_int_equal(settings.port, 3306);
	assert_true(settings.verbose);
	assert_string_equal(settings.level, "info");
	assert_string_equal(settings.url, "");
	assert_string_equal(settings.password, "");
}

/* Files, and what is said of them behind "FILE: ". */
static const struct {
	const char *text, *problem;
} bad_files[] = {
	{ "\nDB_PORT=x", "line 2: DB_PORT: must be a whole number from 1 to "
			 "65535" },
	{ "DB_PORT=0", "line 1: DB_PORT: must be a whole number from 1 to "
		       "65535" },
	{ "VERBOSE=maybe", "line 1: VERBOSE: must be true or false" },
	{ "LOG_LEVEL=loud", "line 1: LOG_LEVEL: must be debug, info or warn" },
	{ "PEER_URL=ftp://h",
	    "line 1: PEER_URL: must be http:// or https:// with a host" },
	{ "DB_HOST=123456789012345678901",
	    "line 1: DB_HOST: must be text of 1 to 20 characters" },
	{ "DB_HOST=", "line 1: DB_HOST: must not be empty" },
	{ "DB_PASSWORD=short",
	    "line 1: DB_PASSWORD: must be text of at least 8 characters" },
	{ "DB_HOST=\x1b[31m",
	    "line 1: DB_HOST: must be UTF-8 without control characters" },
	{ "DB_HOST=\xFF",
	    "line 1: DB_HOST: must be UTF-8 without control characters" },
	{ "DB_HOST='x", "line 1: DB_HOST: has no closing quote" },
	{ "just words", "line 1: must be NAME=value" },
	{ "DB_PORT=1\n\nDB_PORT=2\n",
	    "line 3: DB_PORT: is set already in line 1" },
	{ "DB_PROT=1", "line 1: DB_PROT: is not a known setting; "
		       "did you mean DB_PORT?" },
	{ "db_host=h", "line 1: db_host: is not a known setting; "
		       "did you mean DB_HOST?" },
	{ "LOGLEVEL=x", "line 1: LOGLEVEL: is not a known setting; "
			"did you mean LOG_LEVEL?" },
	{ "COLOUR=red", "line 1: COLOUR: is not a known setting" },
};

static void
file_problems_name_the_line_and_what_is_allowed(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad_files); i++) {
		char expected[256];

		assert_int_equal(load(bad_files[i].text, NULL), -1);
		(void)snprintf(expected, sizeof(expected), "%s: %s\n", path,
		    bad_files[i].problem);
		assert_string_equal(problems, expected);
	}
}

static void
environment_problems_say_so(void **state)
{
	char *env[] = { (char[]){ "DB_PORT=x" }, (char[]){ "DB_HOST=" },
		(char[]){ "DB_PROT=ignored" }, NULL };

	(void)state;
	assert_int_equal(load("", env), -1);
	assert_string_equal(problems,
	    "environment: DB_HOST: must not be empty\n"
	    "environment: DB_PORT: must be a whole number from 1 to 65535\n");
}

static void
all_problems_come_at_once_and_nothing_is_stored(void **state)
{
	char *env[] = { (char[]){ "PEER_URL=nowhere" }, NULL };
	const struct settings untouched = { .port = 77 };
	char expected[512];

	(void)state;
	settings = untouched;
	assert_int_equal(load("DB_PORT=x\n???\nVERBOSE=2\n", env), -1);
	(void)snprintf(expected, sizeof(expected),
	    "%s: line 2: must be NAME=value\n"
	    "%s: line 1: DB_PORT: must be a whole number from 1 to 65535\n"
	    "%s: line 3: VERBOSE: must be true or false\n"
	    "environment: PEER_URL: must be http:// or https:// with a host\n",
	    path, path, path);
	assert_string_equal(problems, expected);
	assert_int_equal(settings.port, 77);
	assert_null(settings.host);
	assert_null(values);
}

#define NO_PASSWORD                                                            \
	"environment: DB_PASSWORD: must be set when DB_PORT is below 1024\n"

static void
rules_are_told_with_what_is_wrong_elsewhere(void **state)
{
	char *env[] = { (char[]){ "PEER_URL=nowhere" }, NULL };
	char expected[512];

	(void)state;
	settings.port = 77;
	assert_int_equal(
	    load("DB_PORT=1\nLOG_LEVEL=debug\nVERBOSE=off\nDB_HOST=\n", env),
	    -1);
	(void)snprintf(expected, sizeof(expected),
	    "%s: line 4: DB_HOST: must not be empty\n"
	    "environment: PEER_URL: must be http:// or https:// with a host\n" NO_PASSWORD
	    "%s: line 3: VERBOSE: must be true when LOG_LEVEL is debug\n",
	    path, path);
	assert_string_equal(problems, expected);
	assert_int_equal(settings.port, 77);
	assert_null(settings.host);
	assert_null(values);
}

#define QUIET "VERBOSE=off\nLOG_LEVEL=debug\n"

/* What is not known is not judged: of these, only one rule knows enough. */
static void
rules_are_silent_about_what_is_wrong_by_itself(void **state)
{
	static const char *const files[] = {
		QUIET "DB_PORT=0\n",
		QUIET "DB_PORT=1\nDB_PASSWORD=short\n",
		QUIET "DB_PORT=1\nDB_PASSWORD=\x01\n",
		QUIET "DB_PORT=1\nDB_PASSWORD='open\n",
		QUIET "DB_PORT=1\nDB_PORT=1\n",
		QUIET "DB_PORT='1\nDB_PORT=1\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		assert_int_equal(load(files[i], NULL), -1);
		assert_null(strstr(problems, "below 1024"));
		assert_non_null(strstr(problems, ": VERBOSE: must be true"));
	}
}

/* A file that cannot be read may have set anything; the environment wins over
 * its mistakes, too. */
static void
rules_know_what_the_environment_says(void **state)
{
	char port[] = "DB_PORT=1", password[] = "DB_PASSWORD=";
	char *const one[] = { port, NULL };
	char *const both[] = { port, password, NULL };

	(void)state;
	assert_int_equal(load_from("/", one), -1);
	assert_string_equal(problems, "/: Is a directory\n");
	assert_int_equal(load_from("/", both), -1);
	assert_string_equal(problems, "/: Is a directory\n" NO_PASSWORD);
	assert_int_equal(load("DB_PORT='1\nDB_PASSWORD='\n", both), -1);
	assert_non_null(strstr(problems, NO_PASSWORD));
}

/* A secret with every kind of mistake in and around it. */
static void
no_problem_repeats_a_value(void **state)
{
	static const char *const files[] = { "DB_PASSWORD=canary",
		"DB_PASSWORD='canary", "DB_PASSWORD=\"canary\" x",
		"DB_PASSWORD=12345678\nDB_PASSWORD=canary", "DB_PASWORD=canary",
		"DB_PASSWORD canary", "DB_PASSWORD=canary\x01",
		"PEER_URL=http://u:canary@", "PEER_URL=amqp://u:canary@h",
		"DB_PORT=canary", "LOG_LEVEL=canary", "canary" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		assert_int_equal(load(files[i], NULL), -1);
		assert_true(strlen(problems) > 0);
		assert_null(strstr(problems, "canary"));
	}
}

static void
long_names_are_not_repeated(void **state)
{
	char text[100];

	(void)state;
	memset(text, 'A', sizeof(text));
	memcpy(text + 65, "=1", 3);
	assert_int_equal(load(text, NULL), -1);
	assert_null(strstr(problems, "AAAA"));
	memcpy(text + 64, "=1", 3);
	assert_int_equal(load(text, NULL), -1);
	assert_non_null(strstr(problems, "AAAA"));
}

static void
unreadable_files_are_problems(void **state)
{
	size_t size = (size_t)1024 * 1024;
	char *text = malloc(size + 1);
	char expected[128];

	(void)state;
	assert_int_equal(load_from("/", NULL), -1);
	assert_string_equal(problems, "/: Is a directory\n");
	assert_non_null(text);
	memset(text, '\n', size + 1);
	write_file(text, size);
	assert_int_equal(load_from(path, NULL), 0);
	write_file(text, size + 1);
	assert_int_equal(load_from(path, NULL), -1);
	(void)snprintf(
	    expected, sizeof(expected), "%s: is larger than 1 MiB\n", path);
	assert_string_equal(problems, expected);
	free(text);
	config_release(NULL);
}

#define TEST(function)                                                         \
	cmocka_unit_test_setup_teardown(function, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(defaults_hold_without_a_source),
		TEST(the_environment_wins_over_the_file),
		TEST(empty_is_empty_or_the_default),
		TEST(file_problems_name_the_line_and_what_is_allowed),
		TEST(environment_problems_say_so),
		TEST(all_problems_come_at_once_and_nothing_is_stored),
		TEST(rules_are_told_with_what_is_wrong_elsewhere),
		TEST(rules_are_silent_about_what_is_wrong_by_itself),
		TEST(rules_know_what_the_environment_says),
		TEST(no_problem_repeats_a_value),
		TEST(long_names_are_not_repeated),
		TEST(unreadable_files_are_problems),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
