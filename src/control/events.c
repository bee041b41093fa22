#include "control/events.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "repository/lease_repo.h"
#include "repository/outbox_repo.h"

#define ARENA_BYTES   (64 * 1024 * 1024)
#define KEPT_BYTES    (1024 * 1024)
#define LIST_DEFAULT  20
#define LIST_MOST     1000
#define MQ_TIMEOUT_MS 5000

static int
wrong_arguments(struct err *err, const char *what)
{
	return err_set(err, &ERR_INVALID, "%s", what);
}

/* --- status ------------------------------------------------------------------
 */

static int
show_relays(struct events_desk *desk, struct err *err)
{
	struct relay_share *shares;
	size_t count;

	if (lease_repo_shares(desk->db, desk->arena, &shares, &count, err) != 0)
		return -1;
	printf("relays    %zu\n", count);
	for (size_t i = 0; i < count; i++)
		printf("          %s: %u of %d shards\n", shares[i].host,
		    shares[i].shards, OUTBOX_SHARDS);
	return 0;
}

static int
status(struct events_desk *desk, struct err *err)
{
	struct outbox_figures figures;
	int64_t age_s = 0;

	if (outbox_repo_figures(desk->db, desk->arena,
		desk->background.relay.max_attempts, &figures, err) != 0)
		return -1;
	if (figures.oldest_ms >= 0)
		age_s = (clock_wall_ms() - figures.oldest_ms) / 1000;
	printf("unsent    %lld\n", (long long)figures.unsent);
	printf("oldest    %lld s\n", (long long)age_s);
	printf("returned  %lld\n", (long long)figures.returned);
	printf("dead      %lld\n", (long long)figures.dead);
	return show_relays(desk, err);
}

/* --- list --------------------------------------------------------------------
 */

/* The least number of attempts that --dead, --returned or nothing means. */
static int
parse_list(const struct events_desk *desk, unsigned *attempts, int64_t *limit,
    struct err *err)
{
	for (int i = 0; i < desk->argc; i++) {
		const char *argument = desk->argv[i];

		if (strcmp(argument, "--dead") == 0)
			*attempts = desk->background.relay.max_attempts;
		else if (strcmp(argument, "--returned") == 0)
			*attempts = 1;
		else if (strcmp(argument, "--limit") != 0 ||
			 ++i == desk->argc ||
			 text_parse_int(desk->argv[i], 1, LIST_MOST, limit) !=
			     0)
			return wrong_arguments(err, "unknown arguments");
	}
	return 0;
}

static int
list(struct events_desk *desk, struct err *err)
{
	struct waiting_events found;
	char when[CLOCK_RFC3339_SIZE], id[UUID_TEXT_SIZE];
	int64_t limit = LIST_DEFAULT;
	unsigned attempts = 0;

	if (parse_list(desk, &attempts, &limit, err) != 0 ||
	    outbox_repo_list(desk->db, desk->arena, attempts, (size_t)limit,
		&found, err) != 0)
		return -1;
	for (size_t i = 0; i < found.count; i++) {
		const struct waiting_event *waiting = &found.events[i];
		const struct booking_event *event = &waiting->event;

		printf("%s  %s %u  %-23s  %u attempts%s%s\n",
		    clock_format(event->occurred_at_ms, when),
		    uuid_format(&event->booking_id, id), event->sequence,
		    event_type_name(event->type), waiting->attempts,
		    waiting->last_error == NULL ? "" : "  ",
		    waiting->last_error == NULL ? "" : waiting->last_error);
	}
	if (found.count == 0)
		puts("none");
	return 0;
}

/* --- resend ------------------------------------------------------------------
 */

static int
revive(struct events_desk *desk, unsigned attempts, struct err *err)
{
	uint64_t count = 0;

	if (outbox_repo_revive(desk->db, attempts, &count, err) != 0)
		return -1;
	printf("%llu events will be sent again\n", (unsigned long long)count);
	return 0;
}

/* One event, or all of the booking's. */
static int
resend_booking(struct events_desk *desk, const struct uuid *booking_id,
    int64_t only, struct err *err)
{
	unsigned last = 0, sent = 0;

	if (outbox_repo_count(desk->db, desk->arena, booking_id, &last, err) !=
	    0)
		return -1;
	for (unsigned sequence = 1; sequence <= last; sequence++) {
		const struct event_key key = { *booking_id, sequence };
		bool found = false;

		if (only != 0 && only != sequence)
			continue;
		if (outbox_repo_resend(desk->db, &key, &found, err) != 0)
			return -1;
		sent += found;
	}
	if (sent == 0)
		return err_set_public(err, &ERR_NOT_FOUND,
		    "no such event, or its contents were swept");
	printf("%u event%s will be sent again\n", sent, sent == 1 ? "" : "s");
	return 0;
}

static int
resend(struct events_desk *desk, struct err *err)
{
	struct uuid booking_id;
	int64_t sequence = 0;

	if (desk->argc == 1 && strcmp(desk->argv[0], "--dead") == 0)
		return revive(desk, desk->background.relay.max_attempts, err);
	if (desk->argc == 1 && strcmp(desk->argv[0], "--returned") == 0)
		return revive(desk, 1, err);
	if (desk->argc < 1 || desk->argc > 2 ||
	    uuid_parse(desk->argv[0], &booking_id) != 0 ||
	    (desk->argc == 2 &&
		text_parse_int(desk->argv[1], 1, INT32_MAX, &sequence) != 0))
		return wrong_arguments(err,
		    "resend wants --dead, --returned, or a booking's id and "
		    "perhaps a sequence");
	return resend_booking(desk, &booking_id, sequence, err);
}

/* --- the command -------------------------------------------------------------
 */

static const struct {
	const char *name;
	int (*run)(struct events_desk *desk, struct err *err);
} SUBCOMMANDS[] = {
	{ "status", status },
	{ "list", list },
	{ "resend", resend },
	{ "drain", events_drain },
	{ "watch", events_watch },
	{ "tail", events_tail },
};

static int
dispatch(struct events_desk *desk, const char *name, struct err *err)
{
	for (size_t i = 0; i < ARRAY_LEN(SUBCOMMANDS); i++) {
		if (strcmp(SUBCOMMANDS[i].name, name) == 0)
			return SUBCOMMANDS[i].run(desk, err);
	}
	return wrong_arguments(err, "there is no such subcommand");
}

static int
open_desk(struct events_desk *desk, struct arena *kept, struct err *err)
{
	if (background_settings(desk->settings, kept, &desk->background, err) !=
	    0)
		return -1;
	desk->db_settings = app_db_settings(desk->settings);
	desk->mq_settings = app_mq_settings(desk->settings, "bookingctl");
	desk->mq_settings.timeout_ms = MQ_TIMEOUT_MS;
	desk->db = db_create(&desk->db_settings);
	desk->mq = mq_create(&desk->mq_settings);
	return 0;
}

static int
run(const struct settings *settings, int argc, char **argv)
{
	struct arena *kept = arena_create(KEPT_BYTES);
	struct events_desk desk = {
		.settings = settings,
		.arena = arena_create(ARENA_BYTES),
		.argc = argc > 2 ? argc - 2 : 0,
		.argv = argv + 2,
	};
	struct err err;
	int result = EXIT_SUCCESS;

	err_clear(&err);
	if (open_desk(&desk, kept, &err) != 0 ||
	    dispatch(&desk, argc > 1 ? argv[1] : "status", &err) != 0)
		result = err_is(&err, &ERR_INVALID) && err.details[0] == '\0'
			     ? command_usage(&COMMAND_EVENTS, err.cause)
			     : command_failed(&COMMAND_EVENTS, &err);
	mq_free(desk.mq);
	db_free(desk.db);
	arena_free(desk.arena);
	arena_free(kept);
	return result;
}

const struct command COMMAND_EVENTS = {
	.name = "events",
	.arguments = "[status | list [--dead|--returned] [--limit N] | "
		     "resend (--dead|--returned|BOOKING [SEQUENCE]) | "
		     "drain [--seconds N] | watch [--seconds N] | "
		     "tail [--key KEY] [--count N]]",
	.summary = "events that wait to be published; watch them go by",
	.run = run,
};
