#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/app.h"
#include "app/places.h"
#include "control/command.h"
#include "core/text.h"
#include "db/migration.h"

#define ARENA_BYTES	 (16 * 1024 * 1024)
#define LOCK_WAIT_S	 60
#define STATEMENT_WAIT_S 600 /* DDL on a large table takes its time */

static void
show_step(void *context, unsigned number, const char *name, bool up)
{
	(void)context;
	printf("%s %04u %s\n", up ? "applying" : "taking back", number, name);
	fflush(stdout);
}

static int
up(struct db *db, struct arena *arena, const char *folder, struct err *err)
{
	return migration_up(
	    db, arena, folder, LOCK_WAIT_S, show_step, NULL, err);
}

static int
down(struct db *db, struct arena *arena, const char *folder, unsigned steps,
    struct err *err)
{
	return migration_down(
	    db, arena, folder, steps, LOCK_WAIT_S, show_step, NULL, err);
}

static int
status(struct db *db, struct arena *arena, const char *folder, struct err *err)
{
	struct migration_state *states;
	size_t count;
	char when[CLOCK_RFC3339_SIZE];

	if (migration_list(db, arena, folder, &states, &count, err) != 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		printf("%04u  %-28s  %s%s\n", states[i].number, states[i].name,
		    states[i].applied
			? clock_format(states[i].applied_at_ms, when)
			: "pending",
		    states[i].changed ? "  CHANGED since" : "");
	return 0;
}

/* *understood tells whether the arguments made sense. */
static int
run_on(struct db *db, struct arena *arena, int argc, char **argv,
    bool *understood, struct err *err)
{
	const char *what = argc > 1 ? argv[1] : "up";
	struct places places;
	int64_t steps = 1;

	places_find(&places);
	*understood = true;
	if (strcmp(what, "up") == 0 && argc <= 2)
		return up(db, arena, places.migrations, err);
	if (strcmp(what, "status") == 0 && argc == 2)
		return status(db, arena, places.migrations, err);
	if (strcmp(what, "down") == 0 && argc <= 3 &&
	    (argc == 2 || text_parse_int(argv[2], 1, 9999, &steps) == 0))
		return down(db, arena, places.migrations, (unsigned)steps, err);
	*understood = false;
	return -1;
}

static int
run(const struct settings *settings, int argc, char **argv)
{
	struct db_settings db_settings = app_db_settings(settings);
	struct arena *arena = arena_create(ARENA_BYTES);
	struct db *db;
	struct err err;
	bool understood;
	int result = EXIT_SUCCESS;

	err_clear(&err);
	db_settings.timeout_s = STATEMENT_WAIT_S;
	db = db_create(&db_settings);
	if (run_on(db, arena, argc, argv, &understood, &err) != 0)
		result = understood ? command_failed(&COMMAND_MIGRATE, &err)
				    : command_usage(&COMMAND_MIGRATE,
					  "unknown arguments");
	db_free(db);
	arena_free(arena);
	return result;
}

const struct command COMMAND_MIGRATE = {
	.name = "migrate",
	.arguments = "[up | down [STEPS] | status]",
	.summary = "bring the database's schema up to date, or back",
	.run = run,
};
