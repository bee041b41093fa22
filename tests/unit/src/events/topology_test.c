#include "events/topology.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const char *const PAYMENT_KEYS[] = { "payment.completed",
	"payment.failed" };

static const struct event_source SOURCES[] = {
	{ "payment_events", "ours.payments", PAYMENT_KEYS, 2, 9000 },
	{ "", "ours.flights", PAYMENT_KEYS, 1, 0 },
};

static struct topology_settings
settings(const char *consumer_queues)
{
	return (struct topology_settings){
		.exchange = "events",
		.queues = { "q.created", "q.confirmed", "q.cancelled",
		    "q.updated", "q.refund" },
		.consumer_queues = consumer_queues,
		.reminder_exchange = "",
		.sources = SOURCES,
		.source_count = ARRAY_LEN(SOURCES),
		.retries = 3,
		.first_delay_ms = 500,
	};
}

static const struct mq_queue *
find_queue(const struct mq_topology *topology, const char *name)
{
	for (size_t i = 0; i < topology->queue_count; i++)
		if (strcmp(topology->queues[i].name, name) == 0)
			return &topology->queues[i];
	return NULL;
}

static bool
is_bound(const struct mq_topology *topology, const char *queue,
    const char *exchange, const char *key)
{
	for (size_t i = 0; i < topology->binding_count; i++) {
		const struct mq_binding *binding = &topology->bindings[i];

		if (strcmp(binding->queue, queue) == 0 &&
		    strcmp(binding->exchange, exchange) == 0 &&
		    strcmp(binding->key, key) == 0)
			return true;
	}
	return false;
}

static struct mq_topology
build(struct arena *arena, const struct topology_settings *from)
{
	struct mq_topology topology;
	struct err err;

	assert_int_equal(topology_build(arena, from, &topology, &err), 0);
	return topology;
}

static void
every_event_has_a_queue_with_dead_letters(void **state)
{
	const struct topology_settings from = settings("");
	struct mq_topology topology = build(*state, &from);

	for (int i = 0; i < EVENT_TYPE__COUNT; i++) {
		const struct mq_queue *queue =
		    find_queue(&topology, from.queues[i]);

		assert_non_null(queue);
		assert_string_equal(queue->dead_letter_exchange, "events.dlx");
		assert_true(is_bound(&topology, from.queues[i], "events",
		    event_type_name((enum event_type)i)));
	}
	assert_null(find_queue(&topology, "events.dlq")->dead_letter_exchange);
	assert_true(is_bound(&topology, "events.dlq", "events.dlx", "#"));
}

static void
downstream_queues_get_what_they_name(void **state)
{
	const struct topology_settings from =
	    settings("all  some=booking.created,booking.cancelled\tlast");
	struct mq_topology topology = build(*state, &from);

	assert_true(is_bound(&topology, "all", "events", "booking.#"));
	assert_true(is_bound(&topology, "last", "events", "booking.#"));
	assert_true(is_bound(&topology, "some", "events", "booking.created"));
	assert_true(is_bound(&topology, "some", "events", "booking.cancelled"));
	assert_false(is_bound(&topology, "some", "events", "booking.#"));
}

static void
retries_wait_in_queues_that_lead_back(void **state)
{
	const struct topology_settings from = settings("");
	struct mq_topology topology = build(*state, &from);
	const int64_t delays[] = { 500, 1000, 2000 };

	for (unsigned i = 0; i < ARRAY_LEN(delays); i++) {
		const struct mq_queue *queue = find_queue(&topology,
		    topology_delay_queue(*state, "ours.payments", delays[i]));

		assert_int_equal(topology_delay_ms(500, i + 1), delays[i]);
		assert_non_null(queue);
		assert_int_equal(queue->message_ttl_ms, delays[i]);
		assert_string_equal(queue->dead_letter_exchange, "");
		assert_string_equal(queue->dead_letter_key, "ours.payments");
	}
	assert_true(is_bound(
	    &topology, "ours.payments", "payment_events", "payment.failed"));
}

static void
a_second_handling_waits_in_a_queue_too(void **state)
{
	const struct topology_settings from = settings("");
	struct mq_topology topology = build(*state, &from);
	const struct mq_queue *queue =
	    find_queue(&topology, "ours.payments.again.9000ms");

	assert_non_null(queue);
	assert_int_equal(queue->message_ttl_ms, 9000);
	assert_string_equal(queue->dead_letter_key, "ours.payments");
}

static void
a_source_without_an_exchange_has_nothing(void **state)
{
	const struct topology_settings from = settings("");
	struct mq_topology topology = build(*state, &from);

	assert_null(find_queue(&topology, "ours.flights"));
}

static void
the_queue_type_is_everywhere_the_same(void **state)
{
	struct topology_settings from = settings("one two");
	struct mq_topology topology;

	from.quorum = true;
	topology = build(*state, &from);
	for (size_t i = 0; i < topology.queue_count; i++)
		assert_true(topology.queues[i].quorum);
}

static void
malformed_consumer_queues_are_refused(void **state)
{
	static const char *const WRONG[] = { "=booking.created",
		"name=", "good other=" };
	struct mq_topology topology;
	struct err err;

	for (size_t i = 0; i < ARRAY_LEN(WRONG); i++) {
		const struct topology_settings from = settings(WRONG[i]);

		assert_int_equal(
		    topology_build(*state, &from, &topology, &err), -1);
		assert_ptr_equal(err.def, &ERR_INVALID);
		assert_non_null(
		    strstr(err.details, "RABBITMQ_CONSUMER_QUEUES"));
	}
}

static void
too_many_consumer_queues_are_refused(void **state)
{
	char list[4000] = "";
	const struct topology_settings from = settings(list);
	struct mq_topology topology;
	struct err err;

	for (size_t at = 0; at + 8 < sizeof(list); at += 6)
		snprintf(&list[at], sizeof(list) - at, "q%04zu ", at / 6);
	assert_int_equal(topology_build(*state, &from, &topology, &err), -1);
	assert_ptr_equal(err.def, &ERR_INVALID);
}

static int
set_up(void **state)
{
	*state = arena_create(1024 * 1024);
	return 0;
}

static int
tear_down(void **state)
{
	arena_free(*state);
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_event_has_a_queue_with_dead_letters),
		TEST(downstream_queues_get_what_they_name),
		TEST(retries_wait_in_queues_that_lead_back),
		TEST(a_second_handling_waits_in_a_queue_too),
		TEST(a_source_without_an_exchange_has_nothing),
		TEST(the_queue_type_is_everywhere_the_same),
		TEST(malformed_consumer_queues_are_refused),
		TEST(too_many_consumer_queues_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
