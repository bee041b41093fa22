#include "config/config_value.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct config_key text_key = {
	.type = CONFIG_TEXT, .min = 2, .max = 4
};
static const struct config_key free_text_key = { .type = CONFIG_TEXT };
static const struct config_key int_key = {
	.type = CONFIG_INT, .min = -1, .max = 65535
};
static const struct config_key duration_key = {
	.type = CONFIG_DURATION, .min = 1, .max = 604800
};
static const struct config_key bool_key = { .type = CONFIG_BOOL };
static const struct config_key choice_key = { .type = CONFIG_CHOICE,
	.choices = "debug  info warn" };
static const struct config_key url_key = { .type = CONFIG_URL,
	.choices = "http https" };
static const struct config_key short_url_key = {
	.type = CONFIG_URL, .choices = "http", .max = 10
};

static const struct {
	const struct config_key *key;
	const char *raw;
	bool allowed;
	int64_t number;	  /* of an integer or a bool */
	const char *text; /* of the others, NULL: raw */
} rows[] = {
	{ &text_key, "ab", true, 0, NULL },
	{ &text_key, "\xC3\xA4\xC3\xB6\xC3\xBC\xC3\x9F", true, 0, NULL },
	{ &text_key, "a", false, 0, NULL },
	{ &text_key, "abcde", false, 0, NULL },
	{ &free_text_key, "a b c d e f g h i j k l m n o p", true, 0, NULL },
	{ &int_key, "0", true, 0, NULL },
	{ &int_key, "-1", true, -1, NULL },
	{ &int_key, "65535", true, 65535, NULL },
	{ &int_key, "-2", false, 0, NULL },
	{ &int_key, "65536", false, 0, NULL },
	{ &int_key, "99999999999999999999", false, 0, NULL },
	{ &int_key, "1s", false, 0, NULL },
	{ &int_key, "1.5", false, 0, NULL },
	{ &int_key, " 1", false, 0, NULL },
	{ &duration_key, "90", true, 90, NULL },
	{ &duration_key, "90s", true, 90, NULL },
	{ &duration_key, "15m", true, 900, NULL },
	{ &duration_key, "24h", true, 86400, NULL },
	{ &duration_key, "7d", true, 604800, NULL },
	{ &duration_key, "8d", false, 0, NULL },
	{ &duration_key, "0s", false, 0, NULL },
	{ &duration_key, "s", false, 0, NULL },
	{ &duration_key, "-1s", false, 0, NULL },
	{ &duration_key, "1w", false, 0, NULL },
	{ &duration_key, "1ms", false, 0, NULL },
	{ &duration_key, "1h30m", false, 0, NULL },
	{ &duration_key, "1 h", false, 0, NULL },
	{ &duration_key, "99999999999d", false, 0, NULL },
	{ &bool_key, "true", true, 1, NULL },
	{ &bool_key, "TRUE", true, 1, NULL },
	{ &bool_key, "1", true, 1, NULL },
	{ &bool_key, "yes", true, 1, NULL },
	{ &bool_key, "On", true, 1, NULL },
	{ &bool_key, "false", true, 0, NULL },
	{ &bool_key, "0", true, 0, NULL },
	{ &bool_key, "no", true, 0, NULL },
	{ &bool_key, "off", true, 0, NULL },
	{ &bool_key, "2", false, 0, NULL },
	{ &bool_key, "t", false, 0, NULL },
	{ &choice_key, "debug", true, 0, "debug" },
	{ &choice_key, "WARN", true, 0, "warn" },
	{ &choice_key, "inf", false, 0, NULL },
	{ &choice_key, "info ", false, 0, NULL },
	{ &choice_key, "debug info", false, 0, NULL },
	{ &choice_key, " ", false, 0, NULL },
	{ &url_key, "http://h", true, 0, NULL },
	{ &url_key, "HTTPS://h", true, 0, NULL },
	{ &url_key, "https://example.org:8443/a?b#c", true, 0, NULL },
	{ &url_key, "http://u:p@h:80", true, 0, NULL },
	{ &url_key, "http://u:p@q:r@h", true, 0, NULL },
	{ &url_key, "http://[::1]:80/", true, 0, NULL },
	{ &url_key, "http://[::1]", true, 0, NULL },
	{ &url_key, "http://h?x=a@b:c", true, 0, NULL },
	{ &url_key, "http://h:65535", true, 0, NULL },
	{ &url_key, "h", false, 0, NULL },
	{ &url_key, "http:", false, 0, NULL },
	{ &url_key, "http:/h", false, 0, NULL },
	{ &url_key, "http://", false, 0, NULL },
	{ &url_key, "http:///path", false, 0, NULL },
	{ &url_key, "http://?q", false, 0, NULL },
	{ &url_key, "http://:80", false, 0, NULL },
	{ &url_key, "http://u:p@", false, 0, NULL },
	{ &url_key, "http://u:p@:80", false, 0, NULL },
	{ &url_key, "http://h:", false, 0, NULL },
	{ &url_key, "http://h:0", false, 0, NULL },
	{ &url_key, "http://h:65536", false, 0, NULL },
	{ &url_key, "http://h:-1", false, 0, NULL },
	{ &url_key, "http://h:+1", false, 0, NULL },
	{ &url_key, "http://h:80:80", false, 0, NULL },
	{ &url_key, "http://h:123456789", false, 0, NULL },
	{ &url_key, "http://[::1", false, 0, NULL },
	{ &url_key, "http://[]", false, 0, NULL },
	{ &url_key, "http://[::1]x", false, 0, NULL },
	{ &url_key, "http://h h", false, 0, NULL },
	{ &url_key, "ftp://h", false, 0, NULL },
	{ &url_key, "httpx://h", false, 0, NULL },
	{ &url_key, "://h", false, 0, NULL },
	{ &url_key, "mailto:a@h", false, 0, NULL },
	{ &short_url_key, "http://abc", true, 0, NULL },
	{ &short_url_key, "http://abcd", false, 0, NULL },
};

static void
values_follow_their_key(void **state)
{
	struct arena *arena = arena_create(65536);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct config_value value = { 0 };
		enum config_type type = rows[i].key->type;

		if (config_value_parse(rows[i].key, rows[i].raw, arena,
			&value) != rows[i].allowed)
			fail_msg("wrong about: %s", rows[i].raw);
		if (!rows[i].allowed)
			continue;
		if (type == CONFIG_INT || type == CONFIG_DURATION)
			assert_int_equal(value.integer, rows[i].number);
		else if (type == CONFIG_BOOL)
			assert_int_equal(value.boolean, rows[i].number);
		else
			assert_string_equal(value.text,
			    rows[i].text != NULL ? rows[i].text : rows[i].raw);
	}
	arena_free(arena);
}

/* Two fields of each type: only the key's own is written. */
static void
values_go_where_the_key_says(void **state)
{
	struct settings {
		const char *text, *text_after;
		int64_t number, number_after;
		bool flag, flag_after;
	} settings = { "old", "keep", 1, 2, false, false };
	const struct config_value value = { "new", 77, true };
	struct config_key key = { .type = CONFIG_TEXT,
		.offset = offsetof(struct settings, text) };

	(void)state;
	config_value_store(&key, &value, &settings);
	key = (struct config_key){ .type = CONFIG_INT,
		.offset = offsetof(struct settings, number) };
	config_value_store(&key, &value, &settings);
	key = (struct config_key){ .type = CONFIG_BOOL,
		.offset = offsetof(struct settings, flag) };
	config_value_store(&key, &value, &settings);
	assert_string_equal(settings.text, "new");
	assert_string_equal(settings.text_after, "keep");
	assert_int_equal(settings.number, 77);
	assert_int_equal(settings.number_after, 2);
	assert_true(settings.flag);
	assert_false(settings.flag_after);
}

static void
texts_and_urls_may_be_empty(void **state)
{
	(void)state;
	assert_false(config_value_needed(&text_key));
	assert_false(config_value_needed(&url_key));
	assert_true(config_value_needed(&int_key));
	assert_true(config_value_needed(&duration_key));
	assert_true(config_value_needed(&bool_key));
	assert_true(config_value_needed(&choice_key));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_follow_their_key),
		cmocka_unit_test(values_go_where_the_key_says),
		cmocka_unit_test(texts_and_urls_may_be_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
