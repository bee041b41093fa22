#include "broker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *exchange;
static struct arena *arena;

static int
set_up(void **state)
{
	broker_set_up(state);
	arena = arena_create(64 << 20);
	exchange = broker_name("exchange");
	broker_exchange(exchange);
	return 0;
}

static int
tear_down(void **state)
{
	arena_free(arena);
	return broker_clean(state);
}

static const char *
make_queue(const char *word)
{
	const char *queue = broker_name(word);

	broker_queue(queue, exchange, amqp_empty_table);
	return queue;
}

static struct mq *
consumer_of(const char *queue, unsigned prefetch)
{
	struct mq *mq = broker_connect();
	struct err err;

	if (mq_consumer_prefetch(mq, prefetch, &err) != 0 ||
	    mq_consume(mq, queue, &err) != 0)
		fail_msg("%s", err.cause);
	return mq;
}

static struct mq_delivery
next(struct mq *mq)
{
	struct mq_delivery delivery;
	struct err err;
	int came =
	    mq_next(mq, arena, deadline_in(BROKER_TIMEOUT_MS), &delivery, &err);

	if (came != 1)
		fail_msg("%s", came == 0 ? "nothing came" : err.cause);
	return delivery;
}

static void
assert_quiet(struct mq *mq)
{
	struct mq_delivery delivery;
	struct err err;

	assert_int_equal(
	    mq_next(mq, arena, deadline_in(100), &delivery, &err), 0);
}

static void
put(const char *queue, const char *id)
{
	struct mq *mq = broker_connect();

	assert_int_equal(
	    broker_publish(mq, exchange, queue, id, "{}"), MQ_CONFIRMED);
	mq_free(mq);
}

static void
what_was_not_acknowledged_comes_again(void **state)
{
	const char *queue = make_queue("again");
	struct mq *mq = consumer_of(queue, 10);
	struct mq_delivery first, again;
	struct err err;

	(void)state;
	put(queue, "a-1");
	first = next(mq);
	assert_false(first.redelivered);
	mq_drop(mq);
	/* Its connection is gone: it can no longer be answered for. */
	assert_int_equal(mq_ack(mq, first.tag, &err), -1);
	mq_free(mq);

	mq = consumer_of(queue, 10);
	again = next(mq);
	assert_true(again.redelivered);
	assert_string_equal(again.message_id, "a-1");
	assert_int_equal(mq_ack(mq, again.tag, &err), 0);
	mq_free(mq);
	assert_int_equal(broker_depth(queue), 0);
}

static void
a_tag_of_an_older_connection_acknowledges_nothing(void **state)
{
	const char *queue = make_queue("tags");
	struct mq *mq = broker_connect();
	struct mq_delivery old, new;
	struct err err;

	(void)state;
	put(queue, "t-1");
	assert_int_equal(mq_get(mq, arena, queue, &old, &err), 1);
	mq_drop(mq);
	while (mq_get(mq, arena, queue, &new, &err) == 0)
		;
	assert_int_equal(mq_ack(mq, old.tag, &err), -1);
	assert_ptr_equal(err.def, &ERR_UNAVAILABLE);
	assert_int_equal(mq_reject(mq, old.tag, false, &err), -1);
	assert_true(mq_is_open(mq));
	assert_int_equal(mq_reject(mq, new.tag, true, &err), 0);
	assert_int_equal(mq_get(mq, arena, queue, &new, &err), 1);
	assert_true(new.redelivered);
	mq_free(mq);
}

static void
no_more_than_the_prefetch_is_sent(void **state)
{
	const char *queue = make_queue("prefetch");
	struct mq *mq = consumer_of(queue, 2);
	struct mq_delivery first, second;
	struct err err;

	(void)state;
	put(queue, "p-1");
	put(queue, "p-2");
	put(queue, "p-3");
	first = next(mq);
	second = next(mq);
	assert_quiet(mq);
	assert_int_equal(mq_ack(mq, first.tag, &err), 0);
	assert_string_equal(next(mq).message_id, "p-3");
	assert_string_equal(second.message_id, "p-2");
	mq_free(mq);
}

static void
deliveries_name_their_queue(void **state)
{
	const char *one = make_queue("one"), *two = make_queue("two");
	struct mq *mq = consumer_of(one, 10);
	struct err err;

	(void)state;
	assert_int_equal(mq_consume(mq, two, &err), 0);
	put(two, "two");
	assert_string_equal(next(mq).queue, two);
	put(one, "one");
	assert_string_equal(next(mq).queue, one);
	mq_free(mq);
}

static void
a_deleted_queue_ends_its_consumer(void **state)
{
	const char *queue = make_queue("deleted");
	struct mq *mq = consumer_of(queue, 10);
	struct mq_delivery delivery;
	struct err err;

	(void)state;
	broker_delete_queue(queue);
	assert_int_equal(
	    mq_next(mq, arena, deadline_in(BROKER_TIMEOUT_MS), &delivery, &err),
	    -1);
	assert_non_null(strstr(err.cause, queue));
	assert_int_equal(
	    mq_next(mq, arena, deadline_in(0), &delivery, &err), -1);
	assert_int_equal(mq_open(mq, &err), 0);
	assert_int_equal(mq_consume(mq, queue, &err), -1);
	assert_ptr_equal(err.def, &ERR_NOT_FOUND);
	mq_free(mq);
}

static void
a_rejected_message_goes_to_the_dead_letters(void **state)
{
	const char *dead = make_queue("dead"),
		   *queue = broker_name("rejecting");
	amqp_table_entry_t arguments[] = {
		broker_text("x-dead-letter-exchange", exchange),
		broker_text("x-dead-letter-routing-key", dead),
	};
	struct mq *mq;
	struct mq_delivery got;
	struct err err;

	(void)state;
	broker_queue(
	    queue, exchange, (amqp_table_t){ ARRAY_LEN(arguments), arguments });
	mq = consumer_of(queue, 1);
	put(queue, "d-1");
	assert_int_equal(mq_reject(mq, next(mq).tag, true, &err), 0);
	got = next(mq);
	assert_true(got.redelivered);
	assert_int_equal(mq_reject(mq, got.tag, false, &err), 0);
	mq_free(mq);
	mq = consumer_of(dead, 1);
	assert_string_equal(next(mq).message_id, "d-1");
	mq_free(mq);
}

static void
a_forwarded_message_is_the_same_with_a_reason(void **state)
{
	const char *queue = make_queue("source"), *retry = make_queue("retry");
	struct mq *mq = consumer_of(queue, 10);
	struct mq_delivery one, got;
	struct err err;

	(void)state;
	put(queue, "w-1");
	one = next(mq);
	assert_int_equal(mq_forward(mq, &one, exchange, retry, 3, "no \"luck\"",
			     deadline_in(BROKER_TIMEOUT_MS), &err),
	    0);
	assert_int_equal(mq_ack(mq, one.tag, &err), 0);
	assert_int_equal(mq_consume(mq, retry, &err), 0);
	got = next(mq);
	assert_string_equal(got.queue, retry);
	assert_string_equal(got.message_id, "w-1");
	assert_string_equal(got.type, one.type);
	assert_string_equal(got.app_id, one.app_id);
	assert_string_equal(got.correlation_id, one.correlation_id);
	assert_string_equal(got.traceparent, one.traceparent);
	assert_int_equal(got.timestamp_ms, one.timestamp_ms);
	assert_string_equal(got.body, one.body);
	assert_int_equal(got.attempts, 3);
	assert_string_equal(got.error, "no \"luck\"");
	assert_string_equal(got.origin_queue, queue);
	assert_string_equal(got.origin_key, one.routing_key);
	/* Once more: its own headers are replaced, not repeated. */
	assert_int_equal(mq_forward(mq, &got, exchange, retry, 4, NULL,
			     deadline_in(BROKER_TIMEOUT_MS), &err),
	    0);
	got = next(mq);
	assert_int_equal(got.attempts, 4);
	assert_null(got.error);
	assert_string_equal(got.origin_queue, queue);
	assert_string_equal(got.origin_key, one.routing_key);
	mq_free(mq);
}

static void
forwarding_to_nowhere_fails(void **state)
{
	const char *queue = make_queue("unforwarded");
	struct mq *mq = consumer_of(queue, 10);
	struct mq_delivery one;
	struct err err;

	(void)state;
	put(queue, "n-1");
	one = next(mq);
	assert_int_equal(mq_forward(mq, &one, exchange, "nowhere", 1, "why",
			     deadline_in(BROKER_TIMEOUT_MS), &err),
	    -1);
	assert_true(mq_is_open(mq));
	assert_int_equal(mq_reject(mq, one.tag, true, &err), 0);
	assert_true(next(mq).redelivered);
	mq_free(mq);
}

static void
deliveries_that_come_while_forwarding_are_kept(void **state)
{
	enum { COUNT = 300 };
	const char *queue = make_queue("busy"),
		   *retry = make_queue("busyretry");
	struct mq *mq, *publisher = broker_connect();
	struct mq_message messages[COUNT];
	enum mq_verdict verdicts[COUNT];
	char ids[COUNT][16];
	struct err err;

	(void)state;
	for (unsigned i = 0; i < COUNT; i++) {
		snprintf(ids[i], sizeof(ids[i]), "b-%u", i);
		messages[i] = broker_message(exchange, queue, ids[i], "{}");
	}
	mq = consumer_of(queue, 50);
	assert_int_equal(mq_publisher_open(publisher, exchange, &err), 0);
	assert_int_equal(mq_publish(publisher, messages, COUNT,
			     deadline_in(BROKER_TIMEOUT_MS), verdicts, &err),
	    0);
	for (unsigned i = 0; i < COUNT; i++) {
		struct mq_delivery one = next(mq);

		assert_string_equal(one.message_id, ids[i]);
		assert_int_equal(mq_forward(mq, &one, exchange, retry, 1, "why",
				     deadline_in(BROKER_TIMEOUT_MS), &err),
		    0);
		assert_int_equal(mq_ack(mq, one.tag, &err), 0);
	}
	assert_quiet(mq);
	assert_int_equal(broker_depth(retry), COUNT);
	mq_free(mq);
	mq_free(publisher);
}

static void
properties_that_act_again_are_not_forwarded(void **state)
{
	const char *queue = make_queue("acting"), *retry = make_queue("acted"),
		   *copy = make_queue("copied");
	struct mq *mq = consumer_of(queue, 10);
	struct mq_delivery one;
	amqp_array_t keys;
	amqp_field_value_t key = { .kind = AMQP_FIELD_KIND_UTF8,
		.value.bytes = amqp_cstring_bytes(copy) };
	amqp_table_entry_t headers[] = {
		{ .key = amqp_cstring_bytes("CC"),
		    .value = { .kind = AMQP_FIELD_KIND_ARRAY } },
		broker_number("x-attempts", -7),
		broker_text("kept", "value"),
	};
	amqp_basic_properties_t properties = {
		._flags = AMQP_BASIC_HEADERS_FLAG | AMQP_BASIC_EXPIRATION_FLAG |
			  AMQP_BASIC_USER_ID_FLAG,
		.expiration = amqp_cstring_bytes("60000"),
		.user_id = amqp_cstring_bytes("guest"),
		.headers = { ARRAY_LEN(headers), headers },
	};
	struct mq_message message = broker_message(exchange, queue, NULL, "{}");
	enum mq_verdict verdict;
	struct err err;

	(void)state;
	keys = (amqp_array_t){ 1, &key };
	headers[0].value.value.array = keys;
	assert_int_equal(mq_publish_prepared(mq, &message, &properties,
			     deadline_in(BROKER_TIMEOUT_MS), &verdict, &err),
	    0);
	one = next(mq);
	assert_null(one.message_id);
	assert_int_equal(one.attempts, 0);
	assert_int_equal(mq_forward(mq, &one, exchange, retry, 1, NULL,
			     deadline_in(BROKER_TIMEOUT_MS), &err),
	    0);
	assert_int_equal(broker_depth(copy), 1);
	assert_int_equal(mq_consume(mq, retry, &err), 0);
	one = next(mq);
	assert_non_null(memmem(one.properties, one.properties_len, "kept", 4));
	assert_null(memmem(one.properties, one.properties_len, "guest", 5));
	assert_null(memmem(one.properties, one.properties_len, "60000", 5));
	assert_null(
	    memmem(one.properties, one.properties_len, copy, strlen(copy)));
	mq_free(mq);
}

static void
a_huge_body_is_cut_and_stays_at_the_broker(void **state)
{
	const char *queue = make_queue("huge");
	size_t len = MQ_BODY_MAX + 200000;
	char *body = malloc(len + 1);
	struct mq *mq = consumer_of(queue, 1);
	struct mq_delivery got;
	struct err err;

	(void)state;
	memset(body, 'x', len);
	body[len] = '\0';
	assert_int_equal(
	    broker_publish(mq, exchange, queue, "h-1", body), MQ_CONFIRMED);
	got = next(mq);
	assert_true(got.cut);
	assert_int_equal(got.body_len, MQ_BODY_MAX);
	assert_int_equal(mq_forward(mq, &got, exchange, queue, 1, "why",
			     deadline_in(BROKER_TIMEOUT_MS), &err),
	    -1);
	assert_ptr_equal(err.def, &ERR_INVALID);
	assert_int_equal(mq_reject(mq, got.tag, false, &err), 0);
	put(queue, "h-2");
	assert_string_equal(next(mq).message_id, "h-2");
	mq_free(mq);
	free(body);
}

static void
getting_from_a_missing_queue_says_so(void **state)
{
	struct mq *mq = broker_connect();
	struct mq_delivery got;
	struct err err;

	(void)state;
	assert_int_equal(
	    mq_get(mq, arena, broker_name("none"), &got, &err), -1);
	assert_ptr_equal(err.def, &ERR_NOT_FOUND);
	mq_free(mq);
}

static void
consuming_wants_an_open_connection(void **state)
{
	struct mq *mq = broker_create(broker_url(), BROKER_TIMEOUT_MS);
	struct mq_delivery got;
	struct err err;

	(void)state;
	assert_int_equal(mq_consumer_prefetch(mq, 1, &err), -1);
	assert_int_equal(mq_consume(mq, "any", &err), -1);
	assert_int_equal(mq_next(mq, arena, deadline_in(0), &got, &err), -1);
	assert_int_equal(mq_ack(mq, 1, &err), -1);
	assert_ptr_equal(err.def, &ERR_UNAVAILABLE);
	assert_int_equal(mq_socket(mq), -1);
	mq_free(mq);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_not_acknowledged_comes_again),
		cmocka_unit_test(
		    a_tag_of_an_older_connection_acknowledges_nothing),
		cmocka_unit_test(no_more_than_the_prefetch_is_sent),
		cmocka_unit_test(deliveries_name_their_queue),
		cmocka_unit_test(a_deleted_queue_ends_its_consumer),
		cmocka_unit_test(a_rejected_message_goes_to_the_dead_letters),
		cmocka_unit_test(a_forwarded_message_is_the_same_with_a_reason),
		cmocka_unit_test(forwarding_to_nowhere_fails),
		cmocka_unit_test(
		    deliveries_that_come_while_forwarding_are_kept),
		cmocka_unit_test(properties_that_act_again_are_not_forwarded),
		cmocka_unit_test(a_huge_body_is_cut_and_stays_at_the_broker),
		cmocka_unit_test(getting_from_a_missing_queue_says_so),
		cmocka_unit_test(consuming_wants_an_open_connection),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
