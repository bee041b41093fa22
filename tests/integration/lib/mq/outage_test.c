#include "broker.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SHORT_MS 400
/* What "bounded" means here: far from a hang, far from a busy machine. */
#define HANG_MS 30000

static const char *exchange, *queue;

static int
set_up(void **state)
{
	broker_node_start(state);
	exchange = broker_name("exchange");
	queue = broker_name("queue");
	broker_exchange(exchange);
	broker_queue(queue, exchange, amqp_empty_table);
	return 0;
}

static struct mq *
publisher(int64_t timeout_ms)
{
	struct mq *mq = broker_create(broker_url(), timeout_ms);
	struct err err;

	if (mq_publisher_open(mq, exchange, &err) != 0)
		fail_msg("%s", err.cause);
	return mq;
}

static int
publish(struct mq *mq, const char *id, int64_t within_ms,
    enum mq_verdict *verdict, struct err *err)
{
	struct mq_message message = broker_message(exchange, queue, id, "{}");

	return mq_publish(
	    mq, &message, 1, deadline_in(within_ms), verdict, err);
}

/* Opens and publishes again and again until the broker has confirmed. */
static void
await_recovery(struct mq *mq, const char *id)
{
	struct deadline deadline = deadline_in(HANG_MS);
	enum mq_verdict verdict;
	struct err err;

	for (;;) {
		if (mq_publisher_open(mq, exchange, &err) == 0 &&
		    publish(mq, id, 1000, &verdict, &err) == 0)
			break;
		if (deadline_left_ms(deadline) == 0)
			fail_msg("no recovery: %s", err.cause);
		poll(NULL, 0, 10);
	}
	assert_int_equal(verdict, MQ_CONFIRMED);
}

static void
a_blocked_broker_is_believed_at_once(void **state)
{
	struct mq *mq = publisher(BROKER_TIMEOUT_MS);
	struct deadline hang = deadline_in(HANG_MS);
	enum mq_verdict verdict;
	struct err err;
	uint64_t tag;

	(void)state;
	broker_node("block", NULL);
	/* The broker says so after it has read a message. */
	assert_int_equal(publish(mq, "bl-1", HANG_MS, &verdict, &err), -1);
	assert_int_equal(verdict, MQ_UNKNOWN);
	assert_true(mq_is_blocked(mq));
	tag = mq->next_tag;
	for (unsigned i = 0; i < 1000; i++) {
		assert_int_equal(mq_publisher_open(mq, exchange, &err), 0);
		assert_int_equal(
		    publish(mq, "bl-2", HANG_MS, &verdict, &err), -1);
		assert_int_equal(verdict, MQ_UNKNOWN);
		assert_ptr_equal(err.def, &ERR_UNAVAILABLE);
	}
	/* Nothing was written, nothing was waited for. */
	assert_true(mq->next_tag == tag);
	assert_true(deadline_left_ms(hang) > 0);
	broker_node("unblock", NULL);
	await_recovery(mq, "bl-3");
	assert_false(mq_is_blocked(mq));
	mq_free(mq);
}

static void
a_large_window_into_an_alarm_ends_in_time(void **state)
{
	enum { COUNT = 3000 };
	struct mq *mq = publisher(2 * HANG_MS);
	struct mq_message *messages = calloc(COUNT, sizeof(*messages));
	enum mq_verdict *verdicts = calloc(COUNT, sizeof(*verdicts));
	struct deadline hang = deadline_in(HANG_MS);
	char *body = calloc(1, 60001);
	struct err err;

	(void)state;
	memset(body, 'x', 60000);
	for (unsigned i = 0; i < COUNT; i++)
		messages[i] = broker_message(exchange, queue, "w", body);
	broker_node("block", NULL);
	assert_int_equal(mq_publish(mq, messages, COUNT, deadline_in(SHORT_MS),
			     verdicts, &err),
	    -1);
	assert_true(deadline_left_ms(hang) > 0);
	assert_int_equal(verdicts[COUNT - 1], MQ_UNKNOWN);
	broker_node("unblock", NULL);
	await_recovery(mq, "w-2");
	mq_free(mq);
	free(messages);
	free(verdicts);
	free(body);
}

static void
a_frozen_broker_holds_nobody(void **state)
{
	struct mq *mq = publisher(SHORT_MS);
	struct mq *other = broker_create(broker_url(), SHORT_MS);
	struct deadline hang = deadline_in(HANG_MS);
	enum mq_verdict verdict;
	struct err err;

	(void)state;
	broker_node("signal", "STOP");
	assert_int_equal(publish(mq, "fr-1", SHORT_MS, &verdict, &err), -1);
	assert_ptr_equal(err.def, &ERR_TIMEOUT);
	assert_int_equal(verdict, MQ_UNKNOWN);
	assert_int_equal(mq_open(other, &err), -1);
	assert_ptr_equal(err.def, &ERR_TIMEOUT);
	assert_int_equal(mq_open(other, &err), -1);
	assert_non_null(strstr(err.cause, "not tried again"));
	assert_true(deadline_left_ms(hang) > 0);
	broker_node("signal", "CONT");
	/* The same connection, and the late confirm is not mistaken. */
	assert_true(mq_is_open(mq));
	await_recovery(mq, "fr-2");
	await_recovery(other, "fr-3");
	mq_free(mq);
	mq_free(other);
}

/* More than the kernel holds for a broker that does not read: the write itself
 * must not wait for it. */
static void
a_frozen_broker_fills_no_buffer(void **state)
{
	enum { COUNT = 1000 };
	struct mq *mq = publisher(2 * HANG_MS);
	struct mq_message messages[COUNT];
	enum mq_verdict verdicts[COUNT];
	struct deadline hang = deadline_in(HANG_MS);
	char *body = calloc(1, 60001);
	struct err err;

	(void)state;
	memset(body, 'y', 60000);
	for (unsigned i = 0; i < COUNT; i++)
		messages[i] = broker_message(exchange, "nowhere", "y", body);
	broker_node("signal", "STOP");
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(mq_publish(mq, messages, COUNT,
				     deadline_in(SHORT_MS), verdicts, &err),
		    -1);
		assert_int_equal(verdicts[COUNT - 1], MQ_UNKNOWN);
		assert_ptr_equal(err.def, &ERR_TIMEOUT);
		assert_true(mq_is_open(mq));
	}
	assert_true(deadline_left_ms(hang) > 0);
	broker_node("signal", "CONT");
	await_recovery(mq, "y-2");
	mq_free(mq);
	free(body);
}

static void
a_killed_broker_is_found_again(void **state)
{
	struct mq *mq = publisher(BROKER_TIMEOUT_MS);
	struct arena *arena = arena_create(1 << 20);
	struct mq *consumer = broker_connect();
	struct mq_delivery got;
	enum mq_verdict verdict;
	struct err err;

	(void)state;
	assert_int_equal(mq_consume(consumer, queue, &err), 0);
	broker_node("signal", "KILL");
	assert_int_equal(publish(mq, "k-1", HANG_MS, &verdict, &err), -1);
	assert_int_equal(verdict, MQ_UNKNOWN);
	assert_ptr_equal(err.def, &ERR_UNAVAILABLE);
	assert_false(mq_is_open(mq));
	assert_int_equal(mq_socket(mq), -1);
	while (mq_next(consumer, arena, deadline_in(HANG_MS), &got, &err) == 1)
		;
	assert_false(mq_is_open(consumer));
	assert_int_equal(mq_publisher_open(mq, exchange, &err), -1);
	assert_int_equal(mq_publisher_open(mq, exchange, &err), -1);
	assert_non_null(strstr(err.cause, "not tried again"));
	broker_node("start", NULL);
	await_recovery(mq, "k-2");
	mq_free(mq);
	mq_free(consumer);
	arena_free(arena);
}

static void
an_operator_may_close_connections(void **state)
{
	struct mq *mq = publisher(BROKER_TIMEOUT_MS);
	enum mq_verdict verdict;
	struct err err;

	(void)state;
	broker_node("disconnect", NULL);
	/* Noticed at the next opening, which costs no message. */
	assert_int_equal(mq_publisher_open(mq, exchange, &err), 0);
	assert_int_equal(publish(mq, "o-1", HANG_MS, &verdict, &err), 0);
	assert_int_equal(verdict, MQ_CONFIRMED);
	broker_node("disconnect", NULL);
	assert_int_equal(publish(mq, "o-2", HANG_MS, &verdict, &err), -1);
	assert_non_null(strstr(err.cause, "CONNECTION_FORCED"));
	assert_int_equal(verdict, MQ_UNKNOWN);
	mq_free(mq);
}

static void
a_wrong_password_is_refused_and_not_shown(void **state)
{
	char url[128];
	struct mq *mq;
	struct err err;

	(void)state;
	snprintf(url, sizeof(url), "amqp://guest:s3cret%%21@127.0.0.1:%s/",
	    getenv("MQ_NODE_PORT"));
	mq = broker_create(url, BROKER_TIMEOUT_MS);
	assert_int_equal(mq_open(mq, &err), -1);
	assert_ptr_equal(err.def, &ERR_UNAVAILABLE);
	assert_non_null(strstr(err.cause, "ACCESS_REFUSED"));
	assert_null(strstr(err.cause, "s3cret"));
	mq_free(mq);
}

static void
note(void *context, const char *object, const char *why)
{
	assert_non_null(strstr(object, "not.there"));
	assert_non_null(strstr(why, "ACCESS_REFUSED"));
	++*(unsigned *)context;
}

static void
what_may_not_be_declared_may_be_there(void **state)
{
	const struct mq_exchange exchanges[] = { { exchange, "topic" } };
	const struct mq_queue queues[] = { { .name = queue },
		{ .name = "not.there" } };
	const struct mq_binding bindings[] = { { queue, exchange, "more" } };
	const struct mq_topology topology = { exchanges, 1, queues, 2, bindings,
		1 };
	struct mq *mq = publisher(BROKER_TIMEOUT_MS);
	unsigned differences = 0;
	struct err err;

	(void)state;
	broker_node("restrict", NULL);
	assert_int_equal(
	    mq_declare(mq, &topology, note, &differences, &err), 0);
	broker_node("permit", NULL);
	assert_int_equal(differences, 1);
	assert_int_equal(
	    broker_publish(mq, exchange, "more", "1", "{}"), MQ_CONFIRMED);
	mq_free(mq);
}

static struct mq *
tls_client(const char *host, const char *authority)
{
	char url[128], file[128];

	snprintf(url, sizeof(url), "amqps://guest:guest@%s:%s/", host,
	    getenv("MQ_NODE_TLS_PORT"));
	snprintf(file, sizeof(file), "%s/%s", getenv("MQ_NODE_DIR"), authority);
	return mq_create(&(struct mq_settings){ .url = url,
	    .tls_ca = file,
	    .name = "test",
	    .timeout_ms = BROKER_TIMEOUT_MS });
}

static void
tls_carries_messages(void **state)
{
	struct mq *mq = tls_client("localhost", "ca.pem");
	char *body = calloc(1, 60001);

	(void)state;
	memset(body, 'z', 60000);
	for (unsigned i = 0; i < 20; i++)
		assert_int_equal(
		    broker_publish(mq, exchange, queue, "tls", body),
		    MQ_CONFIRMED);
	mq_free(mq);
	free(body);
}

static void
tls_trusts_no_other_authority_and_no_other_name(void **state)
{
	static const struct {
		const char *host, *authority;
	} rows[] = { { "localhost", "stranger.pem" }, { "127.0.0.1", "ca.pem" },
		{ "localhost", "missing.pem" } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct mq *mq = tls_client(rows[i].host, rows[i].authority);
		struct err err;

		assert_int_equal(mq_open(mq, &err), -1);
		assert_ptr_equal(err.def, &ERR_UNAVAILABLE);
		assert_false(mq_is_open(mq));
		mq_free(mq);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_wrong_password_is_refused_and_not_shown),
		cmocka_unit_test(what_may_not_be_declared_may_be_there),
		cmocka_unit_test(tls_carries_messages),
		cmocka_unit_test(
		    tls_trusts_no_other_authority_and_no_other_name),
		cmocka_unit_test(a_blocked_broker_is_believed_at_once),
		cmocka_unit_test(a_large_window_into_an_alarm_ends_in_time),
		cmocka_unit_test(a_frozen_broker_holds_nobody),
		cmocka_unit_test(a_frozen_broker_fills_no_buffer),
		cmocka_unit_test(an_operator_may_close_connections),
		cmocka_unit_test(a_killed_broker_is_found_again),
	};

	return cmocka_run_group_tests(tests, set_up, broker_node_stop);
}
