#include "broker.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/ident.h"

#define MANY 5000

static const char *exchange;

static int
set_up(void **state)
{
	broker_set_up(state);
	exchange = broker_name("exchange");
	broker_exchange(exchange);
	return 0;
}

static void
a_bound_queue_confirms(void **state)
{
	const char *queue = broker_name("confirmed");
	struct arena *arena = arena_create(1 << 20);
	struct mq *mq = broker_connect();
	struct mq_delivery got;
	struct err err;

	(void)state;
	broker_queue(queue, exchange, amqp_empty_table);
	assert_int_equal(
	    broker_publish(mq, exchange, queue, "id-1", "{\"a\":1}"),
	    MQ_CONFIRMED);
	assert_int_equal(broker_depth(queue), 1);
	assert_int_equal(mq_get(mq, arena, queue, &got, &err), 1);
	assert_string_equal(got.message_id, "id-1");
	assert_string_equal(got.exchange, exchange);
	assert_string_equal(got.routing_key, queue);
	assert_string_equal(got.queue, queue);
	assert_string_equal(got.type, "test.type");
	assert_string_equal(got.app_id, "test-app");
	assert_string_equal(got.correlation_id, "correlation-1");
	assert_string_equal(got.traceparent,
	    "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
	assert_int_equal(got.timestamp_ms, 1736332200000);
	assert_int_equal(got.body_len, 7);
	assert_string_equal(got.body, "{\"a\":1}");
	assert_int_equal(got.attempts, 0);
	assert_null(got.error);
	assert_false(got.redelivered);
	assert_int_equal(mq_ack(mq, got.tag, &err), 0);
	assert_int_equal(mq_get(mq, arena, queue, &got, &err), 0);
	mq_free(mq);
	arena_free(arena);
}

static void
what_no_queue_takes_is_returned(void **state)
{
	const char *queue = broker_name("routed");
	struct mq *mq = broker_connect();
	struct mq_message messages[4];
	enum mq_verdict verdicts[4];
	struct err err;

	(void)state;
	broker_queue(queue, exchange, amqp_empty_table);
	messages[0] = broker_message(exchange, queue, "r-0", "{}");
	messages[1] = broker_message(exchange, "nowhere", "r-1", "{}");
	messages[2] = broker_message(exchange, "nowhere", "r-2", "");
	messages[3] = broker_message(exchange, queue, "r-3", "{}");
	assert_int_equal(mq_publisher_open(mq, exchange, &err), 0);
	assert_int_equal(mq_publish(mq, messages, 4,
			     deadline_in(BROKER_TIMEOUT_MS), verdicts, &err),
	    0);
	assert_int_equal(verdicts[0], MQ_CONFIRMED);
	assert_int_equal(verdicts[1], MQ_RETURNED);
	assert_int_equal(verdicts[2], MQ_RETURNED);
	assert_int_equal(verdicts[3], MQ_CONFIRMED);
	/* The late confirms of the returned ones disturb nothing. */
	assert_int_equal(
	    broker_publish(mq, exchange, queue, "r-4", "{}"), MQ_CONFIRMED);
	assert_int_equal(broker_depth(queue), 3);
	mq_free(mq);
}

static void
a_full_queue_refuses(void **state)
{
	const char *queue = broker_name("full");
	amqp_table_entry_t arguments[] = { broker_number("x-max-length", 1),
		broker_text("x-overflow", "reject-publish") };
	struct mq *mq = broker_connect();

	(void)state;
	broker_queue(
	    queue, exchange, (amqp_table_t){ ARRAY_LEN(arguments), arguments });
	assert_int_equal(
	    broker_publish(mq, exchange, queue, "f-1", "{}"), MQ_CONFIRMED);
	assert_int_equal(
	    broker_publish(mq, exchange, queue, "f-2", "{}"), MQ_REFUSED);
	assert_int_equal(broker_depth(queue), 1);
	mq_free(mq);
}

static void
a_missing_exchange_fails_early_and_not_at_once_again(void **state)
{
	const char *missing = broker_name("missing");
	struct mq *mq = broker_connect();
	struct err err;

	(void)state;
	assert_int_equal(mq_publisher_open(mq, missing, &err), -1);
	assert_ptr_equal(err.def, &ERR_NOT_FOUND);
	assert_non_null(strstr(err.cause, missing));
	assert_false(mq_is_open(mq));
	assert_int_equal(mq_publisher_open(mq, missing, &err), -1);
	assert_ptr_equal(err.def, &ERR_UNAVAILABLE);
	assert_non_null(strstr(err.cause, "not tried again"));
	mq_free(mq);
}

static void
an_exchange_deleted_meanwhile_is_noticed(void **state)
{
	const char *gone = broker_name("gone");
	struct mq *mq = broker_connect();
	struct mq_message message = broker_message(gone, "key", "g-1", "{}");
	enum mq_verdict verdict = MQ_CONFIRMED;
	struct err err;

	(void)state;
	broker_exchange(gone);
	assert_int_equal(mq_publisher_open(mq, gone, &err), 0);
	broker_delete_exchange(gone);
	assert_int_equal(mq_publish(mq, &message, 1,
			     deadline_in(BROKER_TIMEOUT_MS), &verdict, &err),
	    -1);
	assert_int_equal(verdict, MQ_UNKNOWN);
	assert_ptr_equal(err.def, &ERR_NOT_FOUND);
	assert_false(mq_is_open(mq));
	broker_exchange(gone);
	assert_int_equal(mq_publisher_open(mq, gone, &err), 0);
	mq_free(mq);
}

static void
fill(struct mq_message messages[], char (*ids)[16], char (*bodies)[32],
    const char *queue, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		snprintf(ids[i], sizeof(ids[i]), "m-%zu", i);
		snprintf(bodies[i], sizeof(bodies[i]), "{\"n\":%zu}", i);
		messages[i] =
		    broker_message(exchange, queue, ids[i], bodies[i]);
	}
}

static void
check_order(const char *queue)
{
	struct arena *arena = arena_create(1 << 20);
	struct mq *mq = broker_connect();
	struct mq_delivery got;
	struct err err;

	assert_int_equal(mq_consumer_prefetch(mq, 500, &err), 0);
	assert_int_equal(mq_consume(mq, queue, &err), 0);
	for (size_t i = 0; i < MANY; i++) {
		char id[16];

		snprintf(id, sizeof(id), "m-%zu", i);
		assert_int_equal(
		    mq_next(
			mq, arena, deadline_in(BROKER_TIMEOUT_MS), &got, &err),
		    1);
		assert_string_equal(got.message_id, id);
		assert_false(got.redelivered);
		assert_int_equal(mq_ack(mq, got.tag, &err), 0);
		arena_reset(arena);
	}
	assert_int_equal(mq_next(mq, arena, deadline_in(50), &got, &err), 0);
	mq_free(mq);
	arena_free(arena);
}

static void
thousands_are_confirmed_once_and_in_order(void **state)
{
	const char *queue = broker_name("many");
	struct mq_message *messages = calloc(MANY, sizeof(*messages));
	enum mq_verdict *verdicts = calloc(MANY, sizeof(*verdicts));
	char(*ids)[16] = calloc(MANY, sizeof(*ids));
	char(*bodies)[32] = calloc(MANY, sizeof(*bodies));
	struct mq *mq = broker_connect();
	struct err err;

	(void)state;
	broker_queue(queue, exchange, amqp_empty_table);
	fill(messages, ids, bodies, queue, MANY);
	assert_int_equal(mq_publisher_open(mq, exchange, &err), 0);
	assert_int_equal(
	    mq_publish(mq, messages, MANY, deadline_in(60000), verdicts, &err),
	    0);
	for (size_t i = 0; i < MANY; i++)
		assert_int_equal(verdicts[i], MQ_CONFIRMED);
	check_order(queue);
	mq_free(mq);
	free(messages);
	free(verdicts);
	free(ids);
	free(bodies);
}

static void
publish_many(struct mq *mq, const char *queue, unsigned batches)
{
	struct mq_message messages[100];
	enum mq_verdict verdicts[100];
	struct err err;

	for (size_t i = 0; i < ARRAY_LEN(messages); i++)
		messages[i] = broker_message(
		    exchange, i % 2 == 0 ? queue : "nowhere", "same", "{}");
	for (unsigned i = 0; i < batches; i++)
		assert_int_equal(
		    mq_publish(mq, messages, ARRAY_LEN(messages),
			deadline_in(BROKER_TIMEOUT_MS), verdicts, &err),
		    0);
}

static void
memory_stays_as_it_is(void **state)
{
	const char *queue = broker_name("memory");
	amqp_table_entry_t arguments[] = { broker_number("x-max-length", 100) };
	struct mq *mq = broker_connect();
	struct err err;
	size_t before;

	(void)state;
	broker_queue(queue, exchange, (amqp_table_t){ 1, arguments });
	assert_int_equal(mq_publisher_open(mq, exchange, &err), 0);
	publish_many(mq, queue, 20);
	before = mallinfo2().uordblks;
	publish_many(mq, queue, 200);
	/* What the library keeps in its pools does not grow either. */
	assert_true(mallinfo2().uordblks <= before + 100000);
	mq_free(mq);
}

static void
a_late_confirm_is_not_taken_for_a_newer_message(void **state)
{
	const char *queue = broker_name("late");
	struct mq *mq = broker_connect();
	struct mq_message lost = broker_message(exchange, queue, "l-1", "{}");
	struct mq_message unroutable =
	    broker_message(exchange, "nowhere", "l-2", "{}");
	enum mq_verdict verdict;
	struct err err;

	(void)state;
	broker_queue(queue, exchange, amqp_empty_table);
	for (unsigned i = 0; i < 50; i++) {
		assert_int_equal(mq_publisher_open(mq, exchange, &err), 0);
		/* No time at all: its confirm arrives during the next. */
		if (mq_publish(mq, &lost, 1, deadline_in(0), &verdict, &err) !=
		    0) {
			assert_int_equal(verdict, MQ_UNKNOWN);
			assert_ptr_equal(err.def, &ERR_TIMEOUT);
		}
		assert_true(mq_is_open(mq));
		assert_int_equal(
		    mq_publish(mq, &unroutable, 1,
			deadline_in(BROKER_TIMEOUT_MS), &verdict, &err),
		    0);
		assert_int_equal(verdict, MQ_RETURNED);
	}
	assert_int_equal(
	    broker_publish(mq, exchange, queue, "l-3", "{}"), MQ_CONFIRMED);
	assert_int_equal(broker_depth(queue), 51);
	mq_free(mq);
}

static void
large_bodies_pass_whole(void **state)
{
	static const size_t sizes[] = { 0, 1, 65536, 131063, 131064, 131065,
		300000, MQ_BODY_MAX };
	const char *queue = broker_name("large");
	struct arena *arena = arena_create(64 << 20);
	struct mq *mq = broker_connect();
	char *body = malloc(MQ_BODY_MAX + 1);
	struct mq_delivery got;
	struct err err;

	(void)state;
	broker_queue(queue, exchange, amqp_empty_table);
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		memset(body, 'a' + (int)i, sizes[i]);
		body[sizes[i]] = '\0';
		assert_int_equal(
		    broker_publish(mq, exchange, queue, "large", body),
		    MQ_CONFIRMED);
		assert_int_equal(mq_get(mq, arena, queue, &got, &err), 1);
		assert_int_equal(got.body_len, sizes[i]);
		assert_memory_equal(got.body, body, sizes[i] + 1);
		assert_false(got.cut);
		assert_int_equal(mq_ack(mq, got.tag, &err), 0);
	}
	mq_free(mq);
	arena_free(arena);
	free(body);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_bound_queue_confirms),
		cmocka_unit_test(what_no_queue_takes_is_returned),
		cmocka_unit_test(a_full_queue_refuses),
		cmocka_unit_test(
		    a_missing_exchange_fails_early_and_not_at_once_again),
		cmocka_unit_test(an_exchange_deleted_meanwhile_is_noticed),
		cmocka_unit_test(thousands_are_confirmed_once_and_in_order),
		cmocka_unit_test(memory_stays_as_it_is),
		cmocka_unit_test(
		    a_late_confirm_is_not_taken_for_a_newer_message),
		cmocka_unit_test(large_bodies_pass_whole),
	};

	return cmocka_run_group_tests(tests, set_up, broker_clean);
}
