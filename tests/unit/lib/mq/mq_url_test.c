#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "mq/mq_url.h"

static const struct {
	const char *text;
	struct mq_url url;
} GOOD[] = {
	{ "amqp://broker", { false, 5672, "guest", "guest", "broker", "/" } },
	{ "amqp://broker/", { false, 5672, "guest", "guest", "broker", "/" } },
	{ "amqp://broker/%2f",
	    { false, 5672, "guest", "guest", "broker", "/" } },
	{ "amqp://broker/%2F%2f",
	    { false, 5672, "guest", "guest", "broker", "//" } },
	{ "AMQPS://broker", { true, 5671, "guest", "guest", "broker", "/" } },
	{ "Amqp://broker", { false, 5672, "guest", "guest", "broker", "/" } },
	{ "amqps://broker", { true, 5671, "guest", "guest", "broker", "/" } },
	{ "amqps://broker:1/v", { true, 1, "guest", "guest", "broker", "v" } },
	{ "amqp://broker:65535",
	    { false, 65535, "guest", "guest", "broker", "/" } },
	{ "amqp://u:p@10.0.0.1:5673/air",
	    { false, 5673, "u", "p", "10.0.0.1", "air" } },
	{ "amqp://u@h", { false, 5672, "u", "guest", "h", "/" } },
	{ "amqp://u:@h", { false, 5672, "u", "", "h", "/" } },
	{ "amqp://a%40b:p%3a%2F%25@h/",
	    { false, 5672, "a@b", "p:/%", "h", "/" } },
	{ "amqp://u:p:q@h", { false, 5672, "u", "p:q", "h", "/" } },
	{ "amqp://u:p@q@h", { false, 5672, "u", "p@q", "h", "/" } },
	{ "amqp://u:%c3%A9@h", { false, 5672, "u", "\xc3\xa9", "h", "/" } },
	{ "amqp://[::1]", { false, 5672, "guest", "guest", "::1", "/" } },
	{ "amqp://u:p@[fe80::1]:7/v", { false, 7, "u", "p", "fe80::1", "v" } },
};

static const struct {
	const char *text, *word;
} BAD[] = {
	{ "", "begin" },
	{ "http://h", "begin" },
	{ "amqp:/h", "begin" },
	{ "amqp://", "host" },
	{ "amqp:///v", "host" },
	{ "amqp://u:p@", "host" },
	{ "amqp://u:p@:1", "host" },
	{ "amqp://[::1", "host" },
	{ "amqp://[]", "host" },
	{ "amqp://[::1/v]", "host" },
	{ "amqp://[::1]5672", "port" },
	{ "amqp://h:", "port" },
	{ "amqp://h:0", "port" },
	{ "amqp://h:65536", "port" },
	{ "amqp://h:12x", "port" },
	{ "amqp://h:-1", "port" },
	{ "amqp://h:000000005672", "port" },
	{ "amqp://u:p%@h", "password" },
	{ "amqp://u:p%4@h", "password" },
	{ "amqp://u:p%zz@h", "password" },
	{ "amqp://u:p%00x@h", "password" },
	{ "amqp://%0:p@h", "password" },
	{ "amqp://h/%", "vhost" },
	{ "amqp://h/a/b", "vhost" },
	{ "amqp://h/v?heartbeat=5", "query" },
	{ "amqp://h/v#x", "query" },
};

static void
a_url_is_taken_apart(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(GOOD); i++) {
		struct mq_url url;
		const char *why;

		if (mq_url_parse(GOOD[i].text, &url, &why) != 0)
			fail_msg("%s: %s", GOOD[i].text, why);
		assert_int_equal(url.tls, GOOD[i].url.tls);
		assert_int_equal(url.port, GOOD[i].url.port);
		assert_string_equal(url.user, GOOD[i].url.user);
		assert_string_equal(url.password, GOOD[i].url.password);
		assert_string_equal(url.host, GOOD[i].url.host);
		assert_string_equal(url.vhost, GOOD[i].url.vhost);
	}
}

static void
what_is_malformed_is_refused_with_a_reason(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(BAD); i++) {
		struct mq_url url = { .port = 42 };
		const char *why = NULL;

		if (mq_url_parse(BAD[i].text, &url, &why) != -1)
			fail_msg("%s was accepted", BAD[i].text);
		if (strstr(why, BAD[i].word) == NULL)
			fail_msg("%s: %s", BAD[i].text, why);
		assert_int_equal(url.port, 42);
	}
}

static void
what_is_too_long_is_refused(void **state)
{
	char fits[256], too_long[257], text[600];
	struct mq_url url;
	const char *why;

	(void)state;
	memset(fits, 'p', 255);
	fits[255] = '\0';
	memset(too_long, 'p', 256);
	too_long[256] = '\0';
	snprintf(text, sizeof(text), "amqp://u:%s@h/%s", fits, fits);
	assert_int_equal(mq_url_parse(text, &url, &why), 0);
	assert_string_equal(url.password, fits);
	assert_string_equal(url.vhost, fits);
	snprintf(text, sizeof(text), "amqp://u:%s@h", too_long);
	assert_int_equal(mq_url_parse(text, &url, &why), -1);
	snprintf(text, sizeof(text), "amqp://%s", too_long);
	assert_int_equal(mq_url_parse(text, &url, &why), -1);
	snprintf(text, sizeof(text), "amqp://h/%s", too_long);
	assert_int_equal(mq_url_parse(text, &url, &why), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_url_is_taken_apart),
		cmocka_unit_test(what_is_malformed_is_refused_with_a_reason),
		cmocka_unit_test(what_is_too_long_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
