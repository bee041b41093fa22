/*
 * Numbered SQL files, applied in order, once, by one runner at a time.
 *
 * A folder holds NNNN_name.up.sql and NNNN_name.down.sql. What was applied is
 * kept in schema_migrations with the SHA-256 of the up file: a changed file is
 * an error, not a surprise. A second runner waits for the first one's lock
 * (GET_LOCK, at most `lock_wait_s`).
 */
#ifndef DB_MIGRATION_H
#define DB_MIGRATION_H

#include "db/db.h"

struct migration_state {
	unsigned number;
	const char *name;
	bool applied;
	bool changed; /* applied with another checksum */
	int64_t applied_at_ms;
};

/* Told about each step before it runs. */
typedef void migration_progress(
    void *context, unsigned number, const char *name, bool up);

/* Lists files and what is applied; *states in the arena. */
int migration_list(struct db *db, struct arena *arena, const char *folder,
    struct migration_state **states, size_t *count, struct err *err) MUST_CHECK;
/* Applies everything that is pending. */
int migration_up(struct db *db, struct arena *arena, const char *folder,
    unsigned lock_wait_s, migration_progress *progress, void *context,
    struct err *err) MUST_CHECK;
/* Takes back the newest `steps` applied migrations. */
int migration_down(struct db *db, struct arena *arena, const char *folder,
    unsigned steps, unsigned lock_wait_s, migration_progress *progress,
    void *context, struct err *err) MUST_CHECK;

#endif
