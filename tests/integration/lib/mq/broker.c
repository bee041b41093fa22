#include "broker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NAMES_MAX 64

static char names[NAMES_MAX][64];
static unsigned name_count;
static struct mq *admin;

const char *
broker_url(void)
{
	const char *url = getenv("TEST_RABBITMQ_URL");

	if (url == NULL)
		fail_msg("TEST_RABBITMQ_URL names no broker");
	return url;
}

const char *
broker_name(const char *word)
{
	char *name = names[name_count];

	assert_true(name_count < NAMES_MAX);
	snprintf(name, sizeof(names[0]), "test.%d.%u.%s", (int)getpid(),
	    name_count, word);
	name_count++;
	return name;
}

struct mq *
broker_create(const char *url, int64_t timeout_ms)
{
	return mq_create(&(struct mq_settings){
	    .url = url, .name = "test", .timeout_ms = timeout_ms });
}

struct mq *
broker_connect(void)
{
	struct mq *mq = broker_create(broker_url(), BROKER_TIMEOUT_MS);
	struct err err;

	if (mq_open(mq, &err) != 0)
		fail_msg("%s", err.cause);
	return mq;
}

static void
order(amqp_method_number_t method, void *fields, amqp_method_number_t answer)
{
	struct err err;

	if (mq_is_open(admin) && mq_drain(admin, &err) != 0)
		err_clear(&err);
	if (mq_open(admin, &err) != 0 ||
	    mq_call(admin, method, fields, answer, &err) != 0)
		fail_msg("%s", err.cause);
}

void
broker_queue(const char *queue, const char *exchange, amqp_table_t arguments)
{
	amqp_queue_declare_t declare = { .queue = amqp_cstring_bytes(queue),
		.durable = 1,
		.arguments = arguments };
	amqp_queue_bind_t bind = { .queue = amqp_cstring_bytes(queue),
		.exchange = amqp_cstring_bytes(exchange),
		.routing_key = amqp_cstring_bytes(queue) };

	order(
	    AMQP_QUEUE_DECLARE_METHOD, &declare, AMQP_QUEUE_DECLARE_OK_METHOD);
	if (*exchange != '\0')
		order(AMQP_QUEUE_BIND_METHOD, &bind, AMQP_QUEUE_BIND_OK_METHOD);
}

void
broker_exchange(const char *exchange)
{
	amqp_exchange_declare_t declare = { .exchange =
						amqp_cstring_bytes(exchange),
		.type = amqp_cstring_bytes("topic"),
		.durable = 1 };

	order(AMQP_EXCHANGE_DECLARE_METHOD, &declare,
	    AMQP_EXCHANGE_DECLARE_OK_METHOD);
}

void
broker_delete_queue(const char *queue)
{
	amqp_queue_delete_t delete = { .queue = amqp_cstring_bytes(queue) };

	order(AMQP_QUEUE_DELETE_METHOD, &delete, AMQP_QUEUE_DELETE_OK_METHOD);
}

void
broker_delete_exchange(const char *exchange)
{
	amqp_exchange_delete_t delete = { .exchange =
					      amqp_cstring_bytes(exchange) };

	order(AMQP_EXCHANGE_DELETE_METHOD, &delete,
	    AMQP_EXCHANGE_DELETE_OK_METHOD);
}

uint32_t
broker_depth(const char *queue)
{
	uint32_t messages;
	struct err err;

	if (mq_queue_depth(admin, queue, &messages, &err) != 0)
		fail_msg("%s", err.cause);
	return messages;
}

int
broker_set_up(void **state)
{
	(void)state;
	admin = broker_connect();
	return 0;
}

int
broker_clean(void **state)
{
	(void)state;
	for (unsigned i = 0; i < name_count; i++) {
		broker_delete_queue(names[i]);
		broker_delete_exchange(names[i]);
	}
	broker_leave();
	return 0;
}

void
broker_leave(void)
{
	mq_free(admin);
	admin = NULL;
}

struct mq_message
broker_message(
    const char *exchange, const char *key, const char *id, const char *body)
{
	return (struct mq_message){ .exchange = exchange,
		.routing_key = key,
		.message_id = id,
		.type = "test.type",
		.app_id = "test-app",
		.correlation_id = "correlation-1",
		.traceparent = "00-0af7651916cd43dd8448eb211c80319c-"
			       "b7ad6b7169203331-01",
		.timestamp_ms = 1736332200000,
		.body = body,
		.body_len = strlen(body) };
}

enum mq_verdict
broker_publish(struct mq *mq, const char *exchange, const char *key,
    const char *id, const char *body)
{
	struct mq_message message = broker_message(exchange, key, id, body);
	enum mq_verdict verdict = MQ_UNKNOWN;
	struct err err;

	if (mq_publisher_open(mq, exchange, &err) != 0 ||
	    mq_publish(mq, &message, 1, deadline_in(BROKER_TIMEOUT_MS),
		&verdict, &err) != 0)
		fail_msg("%s", err.cause);
	return verdict;
}

amqp_table_entry_t
broker_number(const char *name, int32_t value)
{
	return (amqp_table_entry_t){ .key = amqp_cstring_bytes(name),
		.value = { .kind = AMQP_FIELD_KIND_I32, .value.i32 = value } };
}

amqp_table_entry_t
broker_text(const char *name, const char *value)
{
	return (amqp_table_entry_t){ .key = amqp_cstring_bytes(name),
		.value = { .kind = AMQP_FIELD_KIND_UTF8,
		    .value.bytes = amqp_cstring_bytes(value) } };
}
