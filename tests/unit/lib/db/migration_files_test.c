#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "db/migration_files.h"

enum { MOST = 6 };

static const struct row {
	int line;
	const char *names[MOST];
	const char *problem; /* NULL: fine */
	size_t count;
} ROWS[] = {
	{ __LINE__, { NULL }, NULL, 0 },
	{ __LINE__, { "README", "notes.txt", ".0001_x.up.sql" }, NULL, 0 },
	{ __LINE__, { "0001_a.up.sql", "0001_a.down.sql" }, NULL, 1 },
	{ __LINE__,
	    { "0002_b_2.down.sql", "0001_a.up.sql", "0002_b_2.up.sql",
		"0001_a.down.sql" },
	    NULL, 2 },
	{ __LINE__, { "0001_a.up.sql" }, "down file is missing", 0 },
	{ __LINE__, { "0001_a.down.sql" }, "up file is missing", 0 },
	{ __LINE__, { "0002_a.up.sql", "0002_a.down.sql" }, "0001", 0 },
	{ __LINE__, { "0000_a.up.sql", "0000_a.down.sql" }, "0001", 0 },
	{ __LINE__,
	    { "0001_a.up.sql", "0001_a.down.sql", "0003_c.up.sql",
		"0003_c.down.sql" },
	    "0002", 0 },
	{ __LINE__,
	    { "0001_a.up.sql", "0001_a.down.sql", "0001_b.up.sql",
		"0001_b.down.sql" },
	    "already", 0 },
	{ __LINE__, { "0001_a.up.sql", "0001_ab.down.sql" }, "already", 0 },
	{ __LINE__, { "1_a.up.sql" }, "not named", 0 },
	{ __LINE__, { "00001_a.up.sql" }, "not named", 0 },
	{ __LINE__, { "0001-a.up.sql" }, "not named", 0 },
	{ __LINE__, { "0001_.up.sql" }, "not named", 0 },
	{ __LINE__, { "0001_A.up.sql" }, "not named", 0 },
	{ __LINE__, { "0001_a.sql" }, "not named", 0 },
	{ __LINE__, { "0001_a.up.up.sql" }, "not named", 0 },
	{ __LINE__, { "seed.sql" }, "not named", 0 },
};

static void
put(const char *folder, const char *name, const char *text)
{
	char path[256];

	snprintf(path, sizeof path, "%s/%s", folder, name);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void
empty(const char *folder, const struct row *row)
{
	char path[256];

	for (size_t i = 0; i < MOST && row->names[i] != NULL; i++) {
		snprintf(path, sizeof path, "%s/%s", folder, row->names[i]);
		assert_int_equal(unlink(path), 0);
	}
	assert_int_equal(rmdir(folder), 0);
}

static void
check(const struct row *row)
{
	char folder[] = "/tmp/migration-files-XXXXXX";
	struct arena *arena = arena_create(1 << 20);
	struct migration_file *files = NULL;
	struct err err = { 0 };
	size_t count = 0;

	assert_non_null(mkdtemp(folder));
	for (size_t i = 0; i < MOST && row->names[i] != NULL; i++)
		put(folder, row->names[i], row->names[i]);
	int rc = migration_files_read(arena, folder, &files, &count, &err);
	empty(folder, row);
	if ((rc == 0) != (row->problem == NULL) || count != row->count)
		fail_msg("line %d: %d, %zu files", row->line, rc, count);
	if (rc != 0 && strstr(err.cause, row->problem) == NULL)
		fail_msg("line %d: %s", row->line, err.cause);
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(files[i].number, i + 1);
		assert_string_equal(files[i].up.sql, files[i].up.file);
		assert_string_equal(files[i].down.sql, files[i].down.file);
		assert_int_equal(strlen(files[i].checksum), 64);
	}
	arena_free(arena);
}

static void
a_folder_is_taken_whole_or_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++)
		check(&ROWS[i]);
}

static void
a_missing_folder_is_an_error(void **state)
{
	struct arena *arena = arena_create(1 << 20);
	struct migration_file *files;
	struct err err = { 0 };
	size_t count;

	(void)state;
	assert_int_equal(
	    migration_files_read(arena, "/nonexistent", &files, &count, &err),
	    -1);
	assert_ptr_equal(err.def, &ERR_INVALID);
	assert_non_null(strstr(err.cause, "/nonexistent"));
	arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_folder_is_taken_whole_or_refused),
		cmocka_unit_test(a_missing_folder_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
