#include "app/places.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define ASK "ask" /* the argument of a copy: print the places */

static char directory[] = "/tmp/places_test.XXXXXX";

static int
set_up(void **state)
{
	(void)state;
	unsetenv("BOOKING_MIGRATIONS");
	unsetenv("BOOKING_ENV_FILE");
	return mkdtemp(directory) == NULL || chdir(directory) != 0 ? -1 : 0;
}

static int
tear_down(void **state)
{
	pid_t child = fork();

	(void)state;
	if (child == 0) {
		execl("/bin/rm", "rm", "-rf", directory, NULL);
		_exit(1);
	}
	return waitpid(child, NULL, 0) == child ? 0 : -1;
}

static void
make_directories(const char *path)
{
	char made[PATH_MAX];

	for (const char *slash = strchr(path + 1, '/'); slash != NULL;
	     slash = strchr(slash + 1, '/')) {
		snprintf(made, sizeof(made), "%.*s", (int)(slash - path), path);
		mkdir(made, 0700);
	}
	mkdir(path, 0700);
}

static void
copy_self(const char *to)
{
	FILE *from = fopen("/proc/self/exe", "re"), *copy = fopen(to, "we");
	char bytes[65536];
	size_t n;

	assert_non_null(from);
	assert_non_null(copy);
	while ((n = fread(bytes, 1, sizeof(bytes), from)) > 0)
		assert_int_equal(fwrite(bytes, 1, n, copy), n);
	assert_int_equal(fclose(copy), 0);
	fclose(from);
	assert_int_equal(chmod(to, 0700), 0);
}

/* What a copy of this program at `path` finds: "MIGRATIONS\nENV_FILE". */
static void
ask_copy(const char *path, char *answer, size_t size)
{
	int ends[2];
	pid_t child;
	ssize_t n;

	assert_int_equal(pipe(ends), 0);
	child = fork();
	if (child == 0) {
		dup2(ends[1], STDOUT_FILENO);
		execl(path, path, ASK, NULL);
		_exit(1);
	}
	close(ends[1]);
	n = read(ends[0], answer, size - 1);
	assert_true(n > 0);
	answer[n] = '\0';
	close(ends[0]);
	assert_int_equal(waitpid(child, NULL, 0), child);
}

static void
a_checkout_has_its_own(void **state)
{
	struct places places;

	(void)state;
	places_find(&places);
	assert_string_equal(places.migrations, "sql/migrations");
	assert_string_equal(places.env_file, "");
	assert_false(places.env_file_named);
	fclose(fopen(".env", "we"));
	places_find(&places);
	assert_string_equal(places.env_file, ".env");
	assert_false(places.env_file_named);
	unlink(".env");
}

static void
the_environment_names_them(void **state)
{
	struct places places;

	(void)state;
	setenv("BOOKING_MIGRATIONS", "/m", 1);
	setenv("BOOKING_ENV_FILE", "/e", 1);
	places_find(&places);
	unsetenv("BOOKING_MIGRATIONS");
	unsetenv("BOOKING_ENV_FILE");
	assert_string_equal(places.migrations, "/m");
	assert_string_equal(places.env_file, "/e");
	assert_true(places.env_file_named);
}

static void
an_installed_program_knows_by_its_place(void **state)
{
	static const struct {
		const char *prefix, *program, *settings;
	} rows[] = {
		{ "a/usr", "libexec/booking", "a/etc" },
		{ "b/usr/local", "bin", "b/etc" },
		{ "c/opt", "bin", "c/opt/etc" },
	};
	char path[PATH_MAX], answer[PATH_MAX * 2], wanted[PATH_MAX * 2];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		snprintf(path, sizeof(path), "%s/%s/share/booking", directory,
		    rows[i].prefix);
		make_directories(path);
		snprintf(path, sizeof(path), "%s/%s/%s", directory,
		    rows[i].prefix, rows[i].program);
		make_directories(path);
		snprintf(path, sizeof(path), "%s/%s/%s/p", directory,
		    rows[i].prefix, rows[i].program);
		copy_self(path);
		ask_copy(path, answer, sizeof(answer));
		snprintf(wanted, sizeof(wanted),
		    "%s/%s/share/booking/migrations\n"
		    "%s/%s/booking/booking.env\n",
		    directory, rows[i].prefix, directory, rows[i].settings);
		assert_string_equal(answer, wanted);
	}
}

static void
a_build_directory_is_no_installation(void **state)
{
	char path[PATH_MAX], answer[PATH_MAX * 2];

	(void)state;
	snprintf(path, sizeof(path), "%s/build/bin", directory);
	make_directories(path);
	snprintf(path, sizeof(path), "%s/build/bin/p", directory);
	copy_self(path);
	ask_copy(path, answer, sizeof(answer));
	assert_string_equal(answer, "sql/migrations\n\n");
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_checkout_has_its_own),
		cmocka_unit_test(the_environment_names_them),
		cmocka_unit_test(an_installed_program_knows_by_its_place),
		cmocka_unit_test(a_build_directory_is_no_installation),
	};

	if (argc == 2 && strcmp(argv[1], ASK) == 0) {
		struct places places;

		places_find(&places);
		printf("%s\n%s\n", places.migrations, places.env_file);
		return EXIT_SUCCESS;
	}
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
