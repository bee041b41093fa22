/*
 * bookingctl events tail: an example consumer. It does what any service does
 * that wants the booking events: a queue of its own, bound to the exchange,
 * each message acknowledged when it is done with. Here being done is printing.
 */
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "control/events.h"
#include "core/text.h"
#include "mq/mq_consumer.h"
#include "mq/mq_topology.h"

#define ALL_EVENTS    "booking.#"
#define PREFETCH      100
#define QUEUE_LIFE_MS 60000 /* after we have gone */
#define WAIT_MS	      500
#define COUNT_MOST    1000000000

struct tail_options {
	const char *key;
	int64_t count; /* 0: until told to stop */
};

static int
parse_options(const struct events_desk *desk, struct tail_options *options,
    struct err *err)
{
	for (int i = 0; i + 1 < desk->argc; i += 2) {
		const char *value = desk->argv[i + 1];

		if (strcmp(desk->argv[i], "--key") == 0)
			options->key = value;
		else if (strcmp(desk->argv[i], "--count") != 0 ||
			 text_parse_int(
			     value, 1, COUNT_MOST, &options->count) != 0)
			return err_set(err, &ERR_INVALID, "unknown arguments");
	}
	if (desk->argc % 2 != 0)
		return err_set(err, &ERR_INVALID, "unknown arguments");
	return 0;
}

static void
report(void *context, const char *object, const char *why)
{
	(void)context;
	fprintf(stderr, "bookingctl events: %s: %s\n", object, why);
}

static int
subscribe(struct events_desk *desk, const char *key, struct err *err)
{
	const char *exchange = desk->settings->rabbitmq_exchange;
	const char *name =
	    arena_printf(desk->arena, "%s.tail.%d", exchange, (int)getpid());
	const struct mq_exchange source = { exchange, "topic" };
	const struct mq_queue queue = { .name = name,
		.expires_ms = QUEUE_LIFE_MS };
	const struct mq_binding binding = { name, exchange, key };
	const struct mq_topology topology = { &source, 1, &queue, 1, &binding,
		1 };

	if (mq_declare(desk->mq, &topology, report, NULL, err) != 0 ||
	    mq_open(desk->mq, err) != 0 ||
	    mq_consumer_prefetch(desk->mq, PREFETCH, err) != 0)
		return -1;
	return mq_consume(desk->mq, name, err);
}

static void
print(const struct mq_delivery *delivery)
{
	char now[CLOCK_RFC3339_SIZE];

	printf("%s  %-23s  %.*s\n", clock_format_ms(clock_wall_ms(), now),
	    delivery->routing_key, (int)delivery->body_len, delivery->body);
	fflush(stdout);
}

int
events_tail(struct events_desk *desk, struct err *err)
{
	struct tail_options options = { .key = ALL_EVENTS };
	struct mq_delivery delivery;
	int64_t seen = 0;

	if (parse_options(desk, &options, err) != 0)
		return -1;
	events_catch_signals();
	if (subscribe(desk, options.key, err) != 0)
		return -1;
	fprintf(stderr, "waiting for %s; Ctrl-C ends it\n", options.key);
	while (!events_interrupted() &&
	       (options.count == 0 || seen < options.count)) {
		int got = mq_next(desk->mq, desk->arena, deadline_in(WAIT_MS),
		    &delivery, err);

		if (got < 0)
			return -1;
		if (got > 0) {
			print(&delivery);
			seen++;
			if (mq_ack(desk->mq, delivery.tag, err) != 0)
				return -1;
		}
		arena_reset(desk->arena);
	}
	return 0;
}
