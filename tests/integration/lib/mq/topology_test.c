#include "broker.h"

#include <stdio.h>
#include <string.h>

struct differences {
	unsigned count;
	char objects[8][200];
	char reasons[8][300];
};

static void
note(void *context, const char *object, const char *why)
{
	struct differences *seen = context;

	assert_true(seen->count < ARRAY_LEN(seen->objects));
	snprintf(
	    seen->objects[seen->count], sizeof(seen->objects[0]), "%s", object);
	snprintf(
	    seen->reasons[seen->count], sizeof(seen->reasons[0]), "%s", why);
	seen->count++;
}

static struct differences
declare(const struct mq_topology *topology)
{
	struct mq *mq = broker_create(broker_url(), BROKER_TIMEOUT_MS);
	struct differences seen = { 0 };
	struct err err;

	if (mq_declare(mq, topology, note, &seen, &err) != 0)
		fail_msg("%s", err.cause);
	assert_false(mq_is_open(mq));
	mq_free(mq);
	return seen;
}

static void
everything_is_made_once_and_declared_again_in_peace(void **state)
{
	const char *events = broker_name("events"), *dlx = broker_name("dlx");
	const char *classic = broker_name("classic");
	const char *quorum = broker_name("quorum");
	const char *waiting = broker_name("waiting");
	const struct mq_exchange exchanges[] = { { events, "topic" },
		{ dlx, "direct" } };
	const struct mq_queue queues[] = {
		{ .name = classic, .dead_letter_exchange = dlx },
		{ .name = quorum,
		    .quorum = true,
		    .dead_letter_exchange = dlx,
		    .dead_letter_key = "dead" },
		{ .name = waiting,
		    .dead_letter_exchange = "",
		    .dead_letter_key = classic,
		    .message_ttl_ms = 50 },
	};
	const struct mq_binding bindings[] = { { classic, events, "a.*" },
		{ quorum, events, "#" }, { waiting, dlx, "wait" } };
	const struct mq_topology topology = { exchanges, 2, queues, 3, bindings,
		3 };
	const struct mq_queue classics[] = {
		{ .name = quorum,
		    .dead_letter_exchange = dlx,
		    .dead_letter_key = "dead" },
	};
	const struct mq_topology as_classic = { .queues = classics,
		.queue_count = 1 };
	struct arena *arena = arena_create(1 << 20);
	struct mq *mq = broker_connect();
	struct mq_delivery got;
	struct err err;

	(void)state;
	assert_int_equal(declare(&topology).count, 0);
	assert_int_equal(declare(&topology).count, 0);
	/* It is a quorum queue: as a classic one it differs. */
	assert_int_equal(declare(&as_classic).count, 1);
	assert_int_equal(
	    broker_publish(mq, events, "a.b", "1", "{}"), MQ_CONFIRMED);
	assert_int_equal(broker_depth(classic), 1);
	assert_int_equal(mq_get(mq, arena, quorum, &got, &err), 1);
	/* After its time a message goes on to the dead-letter target. */
	assert_int_equal(
	    broker_publish(mq, dlx, "wait", "2", "{}"), MQ_CONFIRMED);
	assert_int_equal(mq_consume(mq, classic, &err), 0);
	for (unsigned i = 1; i <= 2; i++)
		assert_int_equal(
		    mq_next(
			mq, arena, deadline_in(BROKER_TIMEOUT_MS), &got, &err),
		    1);
	assert_string_equal(got.message_id, "2");
	mq_free(mq);
	arena_free(arena);
}

static void
what_differs_is_reported_and_left_alone(void **state)
{
	const char *exchange = broker_name("exchange");
	const char *queue = broker_name("queue"), *new = broker_name("new");
	amqp_table_entry_t arguments[] = { broker_number("x-max-length", 7) };
	const struct mq_exchange exchanges[] = { { exchange, "fanout" } };
	const struct mq_queue queues[] = { { .name = queue, .quorum = true },
		{ .name = new } };
	const struct mq_binding bindings[] = { { new, exchange, "key" },
		{ new, "no.such.exchange", "key" } };
	const struct mq_topology topology = { exchanges, 1, queues, 2, bindings,
		2 };
	struct differences seen;
	struct mq *mq = broker_connect();

	(void)state;
	broker_exchange(exchange);
	broker_queue(queue, exchange, (amqp_table_t){ 1, arguments });
	seen = declare(&topology);
	assert_int_equal(seen.count, 3);
	assert_non_null(strstr(seen.objects[0], "exchange"));
	assert_non_null(strstr(seen.objects[0], exchange));
	assert_non_null(strstr(seen.reasons[0], "PRECONDITION_FAILED"));
	assert_non_null(strstr(seen.objects[1], queue));
	assert_non_null(strstr(seen.objects[2], "no.such.exchange"));
	/* It is the topic exchange it was, and the rest stands. */
	assert_int_equal(
	    broker_publish(mq, exchange, "other", "1", "{}"), MQ_RETURNED);
	assert_int_equal(
	    broker_publish(mq, exchange, "key", "2", "{}"), MQ_CONFIRMED);
	assert_int_equal(broker_depth(new), 1);
	mq_free(mq);
}

static void
the_depth_of_a_missing_queue_is_an_error_and_no_more(void **state)
{
	const char *queue = broker_name("there");
	const char *missing = broker_name("missing");
	struct mq *mq = broker_connect();
	uint32_t depth = 99;
	struct err err;

	(void)state;
	broker_queue(queue, "", amqp_empty_table);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(mq_queue_depth(mq, missing, &depth, &err), -1);
		assert_ptr_equal(err.def, &ERR_NOT_FOUND);
		assert_int_equal(depth, 99);
		assert_true(mq_is_open(mq));
	}
	assert_int_equal(mq_queue_depth(mq, queue, &depth, &err), 0);
	assert_int_equal(depth, 0);
	mq_free(mq);
}

static void
an_exchange_is_asked_for_and_not_made(void **state)
{
	const char *missing = broker_name("nowhere");
	struct mq *mq = broker_connect();
	struct err err;

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(mq_exchange_exists(mq, missing, &err), -1);
		assert_ptr_equal(err.def, &ERR_NOT_FOUND);
		assert_true(mq_is_open(mq));
	}
	assert_int_equal(mq_exchange_exists(mq, "amq.topic", &err), 0);
	mq_free(mq);
}

static void
a_consumer_that_lost_its_channel_is_told(void **state)
{
	const char *queue = broker_name("consumed");
	struct arena *arena = arena_create(1 << 20);
	struct mq *mq = broker_connect();
	struct mq_delivery got;
	uint32_t depth;
	struct err err;

	(void)state;
	broker_queue(queue, "", amqp_empty_table);
	assert_int_equal(mq_consume(mq, queue, &err), 0);
	assert_int_equal(
	    mq_queue_depth(mq, broker_name("absent"), &depth, &err), -1);
	assert_int_equal(mq_next(mq, arena, deadline_in(0), &got, &err), -1);
	mq_free(mq);
	arena_free(arena);
}

static void
an_unreachable_broker_declares_nothing(void **state)
{
	struct mq *mq = broker_create("amqp://127.0.0.1:1", 500);
	const struct mq_topology topology = { 0 };
	struct differences seen = { 0 };
	struct err err;

	(void)state;
	assert_int_equal(mq_declare(mq, &topology, note, &seen, &err), -1);
	assert_ptr_equal(err.def, &ERR_UNAVAILABLE);
	mq_free(mq);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    everything_is_made_once_and_declared_again_in_peace),
		cmocka_unit_test(what_differs_is_reported_and_left_alone),
		cmocka_unit_test(
		    the_depth_of_a_missing_queue_is_an_error_and_no_more),
		cmocka_unit_test(an_exchange_is_asked_for_and_not_made),
		cmocka_unit_test(a_consumer_that_lost_its_channel_is_told),
		cmocka_unit_test(an_unreachable_broker_declares_nothing),
	};

	return cmocka_run_group_tests(tests, broker_set_up, broker_clean);
}
