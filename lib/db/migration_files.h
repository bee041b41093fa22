/*
 * Private to lib/db: the folder of migrations, read and checked as a whole.
 *
 * Numbers run from 0001 without a gap; each has one up file and one down file
 * of the same name. Anything else that ends in .sql is refused: a misspelt
 * migration must not be one that silently never runs.
 */
#ifndef DB_MIGRATION_FILES_H
#define DB_MIGRATION_FILES_H

#include "core/arena.h"
#include "core/digest.h"
#include "core/err.h"

enum { MIGRATION_NAME_MAX = 100 };

struct migration_text {
	const char *file; /* its name, for errors */
	const char *sql;
	size_t len;
};

struct migration_file {
	unsigned number;
	const char *name; /* "create_bookings" */
	struct migration_text up;
	struct migration_text down;
	char checksum[DIGEST_HEX_SIZE]; /* of the up file */
};

/* All migrations of the folder by number, in the arena. */
int migration_files_read(struct arena *arena, const char *folder,
    struct migration_file **files, size_t *count, struct err *err) MUST_CHECK;

#endif
