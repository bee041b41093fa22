#include "app/settings.h"

#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/arena.h"

#define SECRET_OF_31 "1234567890123456789012345678901"
#define SAMPLE	     "your-super-secret-key-of-the-sample"
#define ADDRESS	     "unix:/path, 127.0.0.1:PORT, [::1]:PORT or localhost:PORT"

/* Settings that are right one by one, and what is said of them together. */
static const struct {
	const char *const set[4];
	const char *problem;
} ROWS[] = {
	{ { "POOL_MODE=dynamic", "POOL_MIN_WORKERS=5", "POOL_MAX_WORKERS=4" },
	    "environment: POOL_MIN_WORKERS: must not be above POOL_MAX_WORKERS\n" },
	{ { "POOL_MODE=dynamic", "POOL_MIN_WORKERS=4", "POOL_MAX_WORKERS=4" },
	    "" },
	{ { "POOL_MODE=dynamic", "POOL_MIN_WORKERS=5", "POOL_MAX_WORKERS=0" },
	    "" },
	{ { "POOL_MODE=static", "POOL_MIN_WORKERS=5", "POOL_MAX_WORKERS=4" },
	    "" },
	{ { "POOL_MODE=dynamic", "POOL_SPARE_MIN=5", "POOL_SPARE_MAX=4" },
	    "environment: POOL_SPARE_MIN: must not be above POOL_SPARE_MAX\n" },
	{ { "POOL_MODE=dynamic", "POOL_SPARE_MIN=4", "POOL_SPARE_MAX=4" }, "" },
	{ { "POOL_MODE=static", "POOL_SPARE_MIN=5", "POOL_SPARE_MAX=4" }, "" },
	{ { "AUTH_MODE=local", "JWT_SECRET=" },
	    "environment: JWT_SECRET: must be set when AUTH_MODE is local\n" },
	{ { "AUTH_MODE=local", "JWT_SECRET=x", "NODE_ENV=test" }, "" },
	{ { "AUTH_MODE=service", "JWT_SECRET=", "NODE_ENV=production" }, "" },
	{ { "NODE_ENV=production", "JWT_SECRET=" SECRET_OF_31 },
	    "environment: JWT_SECRET: production needs a secret of its own of at least 32 "
	    "bytes\n" },
	{ { "NODE_ENV=production", "JWT_SECRET=" SECRET_OF_31 "2" }, "" },
	{ { "NODE_ENV=production", "JWT_SECRET=" SAMPLE },
	    "environment: JWT_SECRET: production needs a secret of its own of at least 32 "
	    "bytes\n" },
	{ { "NODE_ENV=development", "JWT_SECRET=" SAMPLE }, "" },
	{ { "RABBITMQ_URL=amqps://localhost", "RABBITMQ_TLS_CA=" },
	    "environment: RABBITMQ_TLS_CA: must name a file when RABBITMQ_URL is amqps\n" },
	{ { "RABBITMQ_URL=AMQPS://localhost", "RABBITMQ_TLS_CA=" },
	    "environment: RABBITMQ_TLS_CA: must name a file when RABBITMQ_URL is amqps\n" },
	{ { "RABBITMQ_URL=amqps://localhost", "RABBITMQ_TLS_CA=/ca" }, "" },
	{ { "RABBITMQ_URL=amqp://localhost", "RABBITMQ_TLS_CA=" }, "" },
	{ { "POOL_LISTEN=/run/booking.sock" },
	    "environment: POOL_LISTEN: must be " ADDRESS "\n" },
	{ { "POOL_LISTEN=none" },
	    "environment: POOL_LISTEN: must be " ADDRESS "\n" },
	{ { "POOL_LISTEN=unix:/run/booking.sock" }, "" },
	{ { "POOL_STATUS_LISTEN=0.0.0.0:9000" },
	    "environment: POOL_STATUS_LISTEN: must be none, " ADDRESS "\n" },
	{ { "POOL_STATUS_LISTEN=none" }, "" },
	{ { "POOL_STATUS_LISTEN=127.0.0.1:9000" }, "" },
};

#define MOST_SETTINGS 128

struct environment {
	struct arena *arena;
	char *lines[MOST_SETTINGS + 1];
	size_t count;
};

#define WRONG "\x01"

static void
add_line(struct environment *env, const char *name_and_value)
{
	assert_true(env->count < MOST_SETTINGS);
	env->lines[env->count++] = arena_strdup(env->arena, name_and_value);
}

static bool
row_sets(size_t row, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; ROWS[row].set[i] != NULL; i++)
		if (strncmp(ROWS[row].set[i], name, len) == 0 &&
		    ROWS[row].set[i][len] == '=')
			return true;
	return false;
}

/* Returns how many. */
static size_t
make_all_others_wrong(struct environment *env, size_t row)
{
	size_t before = env->count;

	for (size_t i = 0; i < SETTINGS_TABLE.count; i++) {
		const char *name = SETTINGS_TABLE.keys[i].name;

		if (!row_sets(row, name))
			add_line(env, arena_printf(env->arena, "%s=", name));
	}
	return env->count - before;
}

/* What a load says that must succeed only when it says nothing. */
static char *
problems_of(struct environment *env)
{
	struct settings settings;
	struct config_values *values = NULL;
	char **own = environ;
	char *problems, *copy;
	size_t len;
	FILE *stream = open_memstream(&problems, &len);
	int rc;

	assert_non_null(stream);
	environ = env->lines;
	rc = settings_load("/nothing", &settings, &values, stream);
	environ = own;
	assert_int_equal(fclose(stream), 0);
	assert_int_equal(rc, len == 0 ? 0 : -1);
	config_release(values);
	copy = arena_strdup(env->arena, problems);
	free(problems);
	return copy;
}

/* Skips lines; fails when there are fewer. */
static const char *
behind_lines(const char *text, size_t count)
{
	for (; count > 0; count--) {
		text = strchr(text, '\n');
		assert_non_null(text);
		text++;
	}
	return text;
}

/* Each row by itself, and beside everything else that can be wrong. */
static void
rules_over_several_settings(void **state)
{
	(void)state;
	for (size_t run = 0; run < 2 * ARRAY_LEN(ROWS); run++) {
		size_t row = run / 2, wrong = 0;
		struct environment env = { .arena = arena_create(1 << 20) };
		const char *said;

		for (size_t i = 0; ROWS[row].set[i] != NULL; i++)
			add_line(&env, ROWS[row].set[i]);
		if (run % 2 == 1)
			wrong = make_all_others_wrong(&env, row);
		said = behind_lines(problems_of(&env), wrong);
		assert_string_equal(said, ROWS[row].problem);
		arena_free(env.arena);
	}
}

/* One after the other of a row's settings is wrong by itself. */
static void
rules_over_wrong_settings_are_silent(void **state)
{
	(void)state;
	for (size_t row = 0; row < ARRAY_LEN(ROWS); row++)
		for (size_t bad = 0; ROWS[row].set[bad] != NULL; bad++) {
			struct arena *arena = arena_create(1 << 20);
			struct environment env = { .arena = arena };
			const char *name = arena_copy(arena, ROWS[row].set[bad],
			    strcspn(ROWS[row].set[bad], "="));

			add_line(&env, arena_printf(arena, "%s=" WRONG, name));
			for (size_t i = 0; ROWS[row].set[i] != NULL; i++)
				if (i != bad)
					add_line(&env, ROWS[row].set[i]);
			assert_string_equal(problems_of(&env),
			    arena_printf(arena,
				"environment: %s: must be UTF-8 without "
				"control characters\n",
				name));
			arena_free(arena);
		}
}

/* What a container's cpuset or taskset does to a process. */
static void
workers_follow_the_processors_that_may_be_used(void **state)
{
	cpu_set_t usable, one;
	size_t first = 0;

	(void)state;
	assert_return_code(sched_getaffinity(0, sizeof(usable), &usable), 0);
	assert_int_equal(settings_default_workers(), 6 * CPU_COUNT(&usable));
	while (!CPU_ISSET(first, &usable))
		first++;
	CPU_ZERO(&one);
	CPU_SET(first, &one);
	assert_return_code(sched_setaffinity(0, sizeof(one), &one), 0);
	assert_int_equal(settings_default_workers(), 6);
	assert_return_code(sched_setaffinity(0, sizeof(usable), &usable), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rules_over_several_settings),
		cmocka_unit_test(rules_over_wrong_settings_are_silent),
		cmocka_unit_test(
		    workers_follow_the_processors_that_may_be_used),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
