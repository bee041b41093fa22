#include "config/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct settings {
	const char *name;
	int64_t port;
	const char *secret;
	const char *unset_secret;
	bool flag;
	const char *level;
	const char *url;
	int64_t secret_number;
	int64_t wait;
};

#define FIELD(name) offsetof(struct settings, name)
#define QUOTED	    "a \"b\" 'c' #d \\ $e `f`|g"

static const struct config_key keys[] = {
	{ "First", "NAME", CONFIG_TEXT, FIELD(name), QUOTED, 1, 64, NULL,
	    CONFIG_REQUIRED, "A name | or two." },
	{ "First", "PORT", CONFIG_INT, FIELD(port), "80", 1, 65535, NULL, 0,
	    "A port." },
	{ "First", "SECRET", CONFIG_TEXT, FIELD(secret), "guest", 0, 0, NULL,
	    CONFIG_SECRET, "A secret." },
	{ "First", "UNSET_SECRET", CONFIG_TEXT, FIELD(unset_secret), "", 16, 0,
	    NULL, CONFIG_SECRET, "None." },
	{ "Second", "FLAG", CONFIG_BOOL, FIELD(flag), "off", 0, 0, NULL, 0,
	    "A flag." },
	{ "Second", "LEVEL", CONFIG_CHOICE, FIELD(level), "b", 0, 0, "a b", 0,
	    "A level." },
	{ "Second", "PEER_URL", CONFIG_URL, FIELD(url), "amqp://u:pw@h:1/v", 0,
	    0, "amqp", 0, "A peer." },
	{ "Second", "SECRET_NUMBER", CONFIG_INT, FIELD(secret_number), "4711",
	    0, INT64_MAX, NULL, CONFIG_SECRET, "A number." },
	{ "Second", "WAIT", CONFIG_DURATION, FIELD(wait), "15m", 1, 3600, NULL,
	    0, "A wait." },
};

static const struct config_table table = {
	.keys = keys,
	.count = ARRAY_LEN(keys),
};

static void
prints(char *text, const char *expected)
{
	assert_string_equal(text, expected);
	free(text);
}

static char *
example(void)
{
	char *text;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	config_print_example(&table, out);
	assert_int_equal(fclose(out), 0);
	return text;
}

static char *
markdown(void)
{
	char *text;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	config_print_markdown(&table, out);
	assert_int_equal(fclose(out), 0);
	return text;
}

static char *
values_of(const struct settings *settings)
{
	char *text;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	config_print_values(&table, settings, out);
	assert_int_equal(fclose(out), 0);
	return text;
}

static void
example_names_everything(void **state)
{
	(void)state;
	prints(example(),
	    "# --- First ---\n"
	    "\n# A name | or two.\n"
	    "# Allowed: text of 1 to 64 characters; required.\n"
	    "NAME=\"a \\\"b\\\" 'c' #d \\\\ \\$e \\`f\\`|g\"\n"
	    "\n# A port.\n# Allowed: a whole number from 1 to 65535.\n"
	    "PORT=80\n"
	    "\n# A secret.\n# Allowed: text.\nSECRET=guest\n"
	    "\n# None.\n# Allowed: text of at least 16 characters.\n"
	    "UNSET_SECRET=\n"
	    "\n# --- Second ---\n"
	    "\n# A flag.\n# Allowed: true or false.\nFLAG=off\n"
	    "\n# A level.\n# Allowed: a or b.\nLEVEL=b\n"
	    "\n# A peer.\n# Allowed: amqp:// with a host.\n"
	    "PEER_URL=amqp://u:pw@h:1/v\n"
	    "\n# A number.\n# Allowed: a whole number of at least 0.\n"
	    "SECRET_NUMBER=4711\n"
	    "\n# A wait.\n# Allowed: a number with s, m, h or d, in seconds "
	    "from 1 to 3600.\n"
	    "WAIT=15m\n");
}

static void
markdown_is_one_table(void **state)
{
	(void)state;
	prints(markdown(),
	    "| Setting | Default | Allowed | Meaning |\n"
	    "|---|---|---|---|\n"
	    "| **First** | | | |\n"
	    "| `NAME` | `` a \"b\" 'c' #d \\ $e `f`\\|g `` | "
	    "text of 1 to 64 characters; required | A name \\| or two. |\n"
	    "| `PORT` | `80` | a whole number from 1 to 65535 | A port. |\n"
	    "| `SECRET` | `guest` | text | A secret. |\n"
	    "| `UNSET_SECRET` |  | text of at least 16 characters | None. |\n"
	    "| **Second** | | | |\n"
	    "| `FLAG` | `off` | true or false | A flag. |\n"
	    "| `LEVEL` | `b` | a or b | A level. |\n"
	    "| `PEER_URL` | `amqp://u:pw@h:1/v` | amqp:// with a host | "
	    "A peer. |\n"
	    "| `SECRET_NUMBER` | `4711` | a whole number of at least 0 | "
	    "A number. |\n"
	    "| `WAIT` | `15m` | a number with s, m, h or d, in seconds from 1 "
	    "to 3600 | A wait. |\n");
}

static void
load_text(
    const char *text, struct settings *settings, struct config_values **values)
{
	char path[] = "/tmp/config-print-test-XXXXXX";
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	assert_int_equal(close(fd), 0);
	assert_int_equal(
	    config_load(&table, path, NULL, settings, values, stderr), 0);
	assert_int_equal(unlink(path), 0);
}

static void
example_loads_as_the_defaults(void **state)
{
	struct settings settings;
	struct config_values *values;
	char *text = example();

	(void)state;
	load_text(text, &settings, &values);
	assert_string_equal(settings.name, QUOTED);
	assert_int_equal(settings.port, 80);
	assert_string_equal(settings.secret, "guest");
	assert_string_equal(settings.unset_secret, "");
	assert_false(settings.flag);
	assert_string_equal(settings.level, "b");
	assert_string_equal(settings.url, "amqp://u:pw@h:1/v");
	assert_int_equal(settings.secret_number, 4711);
	assert_int_equal(settings.wait, 900);
	config_release(values);
	free(text);
}

static void
values_hide_secrets(void **state)
{
	const struct settings settings = { "a b", 99, "canary", "", true, "a",
		"amqp://u:canary@h:1/v", 4711, 900 };

	(void)state;
	prints(values_of(&settings),
	    "NAME=\"a b\"\nPORT=99\nSECRET=***\nUNSET_SECRET=\nFLAG=true\n"
	    "LEVEL=a\nPEER_URL=amqp://u:***@h:1/v\nSECRET_NUMBER=***\nWAIT=900\n");
}

static void
urls_lose_their_password_only(void **state)
{
	static const struct {
		const char *url, *shown;
	} rows[] = {
		{ "", "" },
		{ "amqp://h", "amqp://h" },
		{ "amqp://h:1/a:b@c", "amqp://h:1/a:b@c" },
		{ "amqp://u@h", "amqp://u@h" },
		{ "amqp://u:@h", "amqp://u:***@h" },
		{ "amqp://u:p:q@r@h/v", "amqp://u:***@h/v" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct settings settings = { "n", 1, "", "", false, "a",
			rows[i].url, 0, 0 };
		char expected[64];
		char *text = values_of(&settings);

		(void)snprintf(expected, sizeof(expected), "\nPEER_URL=%s\n",
		    rows[i].shown);
		assert_non_null(strstr(text, expected));
		free(text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(example_names_everything),
		cmocka_unit_test(markdown_is_one_table),
		cmocka_unit_test(example_loads_as_the_defaults),
		cmocka_unit_test(values_hide_secrets),
		cmocka_unit_test(urls_lose_their_password_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
