/*
 * bookingctl dlq: dead letters, with the reason why each is dead.
 *
 * Every message is taken without being acknowledged; those that are replayed
 * or dropped are acknowledged when that is done, all others return to their
 * places when the connection ends.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/app.h"
#include "app/background.h"
#include "control/command.h"
#include "core/digest.h"
#include "mq/mq_consumer.h"
#include "mq/mq_topology.h"

#define KEPT_BYTES    (4 * 1024 * 1024)
#define ARENA_BYTES   (64 * 1024 * 1024)
#define MQ_TIMEOUT_MS 5000
#define NAME_SIZE     14 /* of a message without an id: "~" and 12 digits */

enum deed { DEED_LIST, DEED_SHOW, DEED_REPLAY, DEED_DROP };

struct walk {
	struct mq *mq;
	struct arena *arena; /* reset after each message */
	const char *queue;
	enum deed deed;
	bool all, dry_run;
	char **names; /* of the messages that are meant */
	int name_count;
	unsigned met;
};

/* Its id, or a digest when it has none. */
static const char *
name_of(struct arena *arena, const struct mq_delivery *delivery)
{
	const struct digest_part parts[] = {
		{ delivery->origin_key, strlen(delivery->origin_key) },
		{ delivery->body, delivery->body_len },
	};
	struct digest digest = digest_of_parts(parts, ARRAY_LEN(parts));
	char hex[DIGEST_HEX_SIZE];

	if (delivery->message_id != NULL)
		return delivery->message_id;
	return arena_printf(
	    arena, "~%.*s", NAME_SIZE - 2, digest_hex(&digest, hex));
}

static bool
is_meant(const struct walk *walk, const char *name)
{
	if (walk->all)
		return true;
	for (int i = 0; i < walk->name_count; i++) {
		if (strcmp(walk->names[i], name) == 0)
			return true;
	}
	return false;
}

static const char *
or_unknown(const char *text)
{
	return text == NULL ? "unknown" : text;
}

static void
list_one(const struct mq_delivery *delivery, const char *name)
{
	printf("%-36s  %-18s  from %s, %lld attempts, %zu bytes: %s\n", name,
	    delivery->origin_key, or_unknown(delivery->origin_queue),
	    (long long)delivery->attempts, delivery->body_len,
	    delivery->error == NULL ? "rejected by its consumer"
				    : delivery->error);
}

static void
show_one(const struct mq_delivery *delivery, const char *name)
{
	list_one(delivery, name);
	printf("correlation %s\n%.*s\n\n", or_unknown(delivery->correlation_id),
	    (int)delivery->body_len, delivery->body);
}

/* Back to the queue that it died in, and to no other: with the broker before
 * it leaves the dead. */
static int
replay_one(struct walk *walk, const struct mq_delivery *delivery,
    const char *name, struct err *err)
{
	if (delivery->origin_queue == NULL) {
		printf("%s stays: nobody knows where it came from\n", name);
		return 0;
	}
	printf("%s %s to %s\n", name,
	    walk->dry_run ? "would go back" : "goes back",
	    delivery->origin_queue);
	if (walk->dry_run)
		return 0;
	if (mq_forward(walk->mq, delivery, "", delivery->origin_queue, 0, NULL,
		deadline_in(MQ_TIMEOUT_MS), err) != 0)
		return -1;
	return mq_ack(walk->mq, delivery->tag, err);
}

static int
drop_one(struct walk *walk, const struct mq_delivery *delivery,
    const char *name, struct err *err)
{
	printf("%s %s\n", name, walk->dry_run ? "would be dropped" : "dropped");
	return walk->dry_run ? 0 : mq_ack(walk->mq, delivery->tag, err);
}

static int
do_one(struct walk *walk, const struct mq_delivery *delivery, struct err *err)
{
	const char *name = name_of(walk->arena, delivery);

	if (!is_meant(walk, name))
		return 0;
	walk->met++;
	switch (walk->deed) {
	case DEED_LIST:
		list_one(delivery, name);
		return 0;
	case DEED_SHOW:
		show_one(delivery, name);
		return 0;
	case DEED_REPLAY:
		return replay_one(walk, delivery, name, err);
	case DEED_DROP:
		return drop_one(walk, delivery, name, err);
	}
	return 0;
}

/* As many as there are now: a replayed message that dies again is not met a
 * second time. */
static int
walk_queue(struct walk *walk, struct err *err)
{
	uint32_t depth = 0;

	if (mq_queue_depth(walk->mq, walk->queue, &depth, err) != 0)
		return -1;
	while (depth-- > 0) {
		struct mq_delivery delivery;
		int got =
		    mq_get(walk->mq, walk->arena, walk->queue, &delivery, err);

		if (got < 0 || (got > 0 && do_one(walk, &delivery, err) != 0))
			return -1;
		arena_reset(walk->arena);
		if (got == 0)
			break;
	}
	if (walk->met > 0)
		return 0;
	if (walk->name_count > 0)
		return err_set_public(
		    err, &ERR_NOT_FOUND, "no dead letter has that id");
	puts("none");
	return 0;
}

/* --- the command -------------------------------------------------------------
 */

static int
parse(struct walk *walk, int argc, char **argv, struct err *err)
{
	static const char *const DEEDS[] = {
		[DEED_LIST] = "list",
		[DEED_SHOW] = "show",
		[DEED_REPLAY] = "replay",
		[DEED_DROP] = "drop",
	};
	const char *deed = argc > 1 ? argv[1] : DEEDS[DEED_LIST];
	size_t i = 0;

	while (i < ARRAY_LEN(DEEDS) && strcmp(DEEDS[i], deed) != 0)
		i++;
	if (i == ARRAY_LEN(DEEDS))
		return err_set(
		    err, &ERR_INVALID, "there is no such subcommand");
	walk->deed = (enum deed)i;
	walk->all = walk->deed == DEED_LIST;
	walk->names = &argv[argc > 1 ? 2 : 1];
	for (int at = 2; at < argc; at++) {
		if (strcmp(argv[at], "--dry-run") == 0)
			walk->dry_run = true;
		else if (strcmp(argv[at], "--all") == 0)
			walk->all = true;
		else
			walk->names[walk->name_count++] = argv[at];
	}
	if (walk->all == (walk->name_count > 0))
		return err_set(err, &ERR_INVALID,
		    "name the messages by their ids, or all with --all");
	return 0;
}

static int
run(const struct settings *settings, int argc, char **argv)
{
	struct arena *kept = arena_create(KEPT_BYTES);
	struct mq_settings mq_settings =
	    app_mq_settings(settings, "bookingctl");
	struct background_settings background;
	struct walk walk = { .arena = arena_create(ARENA_BYTES) };
	struct err err;
	int result = EXIT_SUCCESS;

	mq_settings.timeout_ms = MQ_TIMEOUT_MS;
	walk.mq = mq_create(&mq_settings);
	err_clear(&err);
	if (parse(&walk, argc, argv, &err) != 0) {
		result = command_usage(&COMMAND_DLQ, err.cause);
		goto out;
	}
	if (background_settings(settings, kept, &background, &err) != 0) {
		result = command_failed(&COMMAND_DLQ, &err);
		goto out;
	}
	walk.queue = background.dead_queue;
	if (walk_queue(&walk, &err) != 0)
		result = command_failed(&COMMAND_DLQ, &err);
out:
	mq_free(walk.mq);
	arena_free(walk.arena);
	arena_free(kept);
	return result;
}

const struct command COMMAND_DLQ = {
	.name = "dlq",
	.arguments = "[list | show (ID...|--all) | replay (ID...|--all) "
		     "[--dry-run] | drop (ID...|--all) [--dry-run]]",
	.summary = "dead letters: look at them, send them again, drop them",
	.run = run,
};
