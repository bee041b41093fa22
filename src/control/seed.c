#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "app/app.h"
#include "control/command.h"
#include "control/progress.h"
#include "core/text.h"
#include "db/transaction.h"
#include "repository/seed_repo.h"

#define ARENA_BYTES	 (1024 * 1024)
#define DEFAULT_BOOKINGS 1000
#define MAX_BOOKINGS	 9999999 /* seven digits of a reference */
#define WAIT_S		 60
#define LIMIT_MS	 (60 * 60 * 1000)

struct seeding {
	struct arena *arena;
	struct seed_plan plan;
	unsigned from, to;
	uint64_t taken;
};

struct seed_options {
	int64_t bookings;
	const char *user;
	bool undo;
};

static int
parse_options(int argc, char **argv, struct seed_options *options)
{
	static const struct option LONG[] = {
		{ "bookings", required_argument, NULL, 'b' },
		{ "user", required_argument, NULL, 'u' },
		{ "undo", no_argument, NULL, 'x' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	optind = 1;
	while ((c = getopt_long(argc, argv, "", LONG, NULL)) != -1) {
		if (c == 'u')
			options->user = optarg;
		else if (c == 'x')
			options->undo = true;
		else if (c != 'b' || text_parse_int(optarg, 1, MAX_BOOKINGS,
					 &options->bookings) != 0)
			return -1;
	}
	return optind < argc ? -1 : 0;
}

static int
make_batch(struct db *db, void *context, struct err *err)
{
	struct seeding *work = context;

	return seed_repo_make(db, &work->plan, work->from, work->to, err);
}

static int
take_back_batch(struct db *db, void *context, struct err *err)
{
	struct seeding *work = context;

	return seed_repo_take_back(db, work->arena, &work->taken, err);
}

/* Seeds after what is there already. */
static int
make_all(
    struct db *db, struct seeding *work, unsigned bookings, struct err *err)
{
	struct progress progress;
	unsigned have = 0;

	if (seed_repo_count(db, work->arena, &have, err) != 0)
		return -1;
	work->plan.total = have + bookings;
	if (work->plan.total > MAX_BOOKINGS)
		return err_set(err, &ERR_INVALID,
		    "%u bookings are seeded already; use --undo first", have);
	progress_begin(&progress, "bookings", bookings);
	for (work->from = have; work->from < have + bookings;
	     work->from = work->to) {
		work->to = work->from + SEED_BATCH;
		if (work->to > have + bookings)
			work->to = have + bookings;
		if (db_transaction(
			db, deadline_in(LIMIT_MS), make_batch, work, err) != 0)
			return -1;
		progress_show(&progress, work->to - have);
	}
	progress_end(&progress, bookings);
	return 0;
}

static int
undo_all(struct db *db, struct seeding *work, struct err *err)
{
	struct progress progress;
	uint64_t flights = 0;

	progress_begin(&progress, "flights taken back", 0);
	do {
		if (db_transaction(db, deadline_in(LIMIT_MS), take_back_batch,
			work, err) != 0)
			return -1;
		flights += work->taken;
		arena_reset(work->arena);
		progress_show(&progress, flights);
	} while (work->taken > 0);
	progress_end(&progress, flights);
	return 0;
}

static int
run(const struct settings *settings, int argc, char **argv)
{
	struct seed_options options = { .bookings = DEFAULT_BOOKINGS };
	struct db_settings db_settings = app_db_settings(settings);
	struct seeding work = { .plan.now_ms = clock_wall_ms() };
	struct db *db;
	struct err err;
	int result;

	if (parse_options(argc, argv, &options) != 0)
		return command_usage(&COMMAND_SEED, "unknown arguments");
	err_clear(&err);
	work.plan.user_id = options.user;
	work.arena = arena_create(ARENA_BYTES);
	db_settings.timeout_s = WAIT_S;
	db = db_create(&db_settings);
	result = options.undo
		     ? undo_all(db, &work, &err)
		     : make_all(db, &work, (unsigned)options.bookings, &err);
	db_free(db);
	arena_free(work.arena);
	return result == 0 ? EXIT_SUCCESS : command_failed(&COMMAND_SEED, &err);
}

const struct command COMMAND_SEED = {
	.name = "seed",
	.arguments = "[--bookings N] [--user ID] | --undo",
	.summary = "make bookings to try things on, or take them back",
	.run = run,
};
