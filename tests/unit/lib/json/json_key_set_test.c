#include "json/json_key_set.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static enum json_key_verdict
add(struct json_key_set *set, uint32_t owner, const char *name)
{
	const struct json_key key = {
		.bytes = (const unsigned char *)name,
		.len = strlen(name),
		.escaped = strchr(name, '\\') != NULL,
		.owner = owner,
	};

	return json_key_set_add(set, &key);
}

static void
tells_names_apart(void **state)
{
	/* Each differs from all others as decoded. */
	static const char *const names[] = { "", "a", "b", "aa", "\\u0061a b",
		"\\u00e9", "\\u20ac", "\\ud83d\\ude00", "\\ud83d\\ude01",
		"12345678", "123456789", "1234567", "\\t", "t", "\\\\t",
		"\\\\u0061", "\\b\\f\\n\\r" };
	struct json_key_set set;

	(void)state;
	json_key_set_init(&set);
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		assert_int_equal(add(&set, 1, names[i]), JSON_KEY_NEW);
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		assert_int_equal(add(&set, 1, names[i]), JSON_KEY_DUPLICATE);
	json_key_set_release(&set);
}

static void
knows_a_name_in_every_spelling(void **state)
{
	static const struct {
		const char *first, *second;
	} rows[] = {
		{ "a", "\\u0061" },
		{ "\\u0061", "a" },
		{ "/", "\\/" },
		{ "\\\"", "\\u0022" },
		{ "\\b\\f\\n\\r\\t", "\\u0008\\u000c\\u000a\\u000D\\u0009" },
		{ "\x7f", "\\u007f" },
		{ "\xc2\x80", "\\u0080" },
		{ "\xdf\xbf", "\\u07ff" },
		{ "\xe0\xa0\x80", "\\u0800" },
		{ "\xef\xbf\xbf", "\\uffff" },
		{ "\xf0\x90\x80\x80", "\\ud800\\udc00" },
		{ "\xf4\x8f\xbf\xbf", "\\uDBFF\\uDFFF" },
		{ "1234567\xe2\x82\xac"
		  "89",
		    "1234567\\u20ac89" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct json_key_set set;
		json_key_set_init(&set);
		assert_int_equal(add(&set, 1, rows[i].first), JSON_KEY_NEW);
		assert_int_equal(
		    add(&set, 1, rows[i].second), JSON_KEY_DUPLICATE);
		json_key_set_release(&set);
	}
}

static void
keeps_objects_apart(void **state)
{
	struct json_key_set set;

	(void)state;
	json_key_set_init(&set);
	for (uint32_t owner = 1; owner <= 1000; owner++)
		assert_int_equal(add(&set, owner, "name"), JSON_KEY_NEW);
	for (uint32_t owner = 1; owner <= 1000; owner++)
		assert_int_equal(add(&set, owner, "name"), JSON_KEY_DUPLICATE);
	json_key_set_release(&set);
}

static void
remembers_all_while_it_grows(void **state)
{
	enum { COUNT = 20 * JSON_KEY_SET_INLINE };
	static char names[COUNT][16];
	struct json_key_set set;

	(void)state;
	json_key_set_init(&set);
	for (int i = 0; i < COUNT; i++) {
		snprintf(names[i], sizeof(names[i]), "key%d", i);
		assert_int_equal(add(&set, 1, names[i]), JSON_KEY_NEW);
		assert_int_equal(
		    add(&set, 1, names[i / 2]), JSON_KEY_DUPLICATE);
	}
	assert_int_equal(set.count, COUNT);
	assert_true(set.capacity >= 2 * COUNT);
	json_key_set_release(&set);
}

/* Each of the few is known before and after they are hashed, whether it is
 * their number or an escape that begins it. */
static void
knows_the_few_for_ever(void **state)
{
	static const char *const beginnings[] = { "last", "\\u006cast" };
	static char names[JSON_KEY_SET_FEW][16];

	(void)state;
	for (size_t i = 0; i < JSON_KEY_SET_FEW; i++)
		snprintf(names[i], sizeof(names[i]), "key%zu", i);
	for (size_t i = 0; i < ARRAY_LEN(beginnings); i++)
		for (size_t few = 0; few <= JSON_KEY_SET_FEW; few++) {
			struct json_key_set set;
			json_key_set_init(&set);
			for (size_t n = 0; n < few; n++)
				assert_int_equal(
				    add(&set, 1, names[n]), JSON_KEY_NEW);
			assert_int_equal(
			    add(&set, 1, beginnings[i]), JSON_KEY_NEW);
			assert_int_equal(
			    add(&set, 1, "last"), JSON_KEY_DUPLICATE);
			for (size_t n = 0; n < JSON_KEY_SET_FEW; n++)
				assert_int_equal(add(&set, 1, names[n]),
				    n < few ? JSON_KEY_DUPLICATE
					    : JSON_KEY_NEW);
			json_key_set_release(&set);
		}
}

/* What an attacker would need to know to make names collide. */
static void
hashes_differently_every_time(void **state)
{
	struct json_key_set first, second;

	(void)state;
	json_key_set_init(&first);
	json_key_set_init(&second);
	assert_int_equal(add(&first, 1, "\\u0061"), JSON_KEY_NEW);
	assert_int_equal(add(&second, 1, "\\u0061"), JSON_KEY_NEW);
	assert_int_equal(first.capacity, JSON_KEY_SET_INLINE);
	assert_memory_not_equal(first.seed, second.seed, sizeof(first.seed));
	json_key_set_release(&first);
	json_key_set_release(&second);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_names_apart),
		cmocka_unit_test(knows_a_name_in_every_spelling),
		cmocka_unit_test(keeps_objects_apart),
		cmocka_unit_test(remembers_all_while_it_grows),
		cmocka_unit_test(knows_the_few_for_ever),
		cmocka_unit_test(hashes_differently_every_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
