#include "mq/mq_topology.h"

#include <stdio.h>

#include "mq/mq_private.h"

#define QUEUE_ARGUMENTS_MAX 5
#define OBJECT_SIZE	    800 /* three names and the words between */

struct report {
	void (*differs)(void *context, const char *object, const char *why);
	void *context;
};

/* What a broker forbids us to declare may be there all the same, made by its
 * operator: then asking for it is answered. */
struct question {
	amqp_method_number_t method;
	void *fields;
	amqp_method_number_t answer;
	amqp_boolean_t *passive; /* NULL: there is no way to ask */
	const char *object;
};

/* 1, or 0 with the reason in err and the channel open again, or -1. */
static int
try(struct mq *mq, const struct question *question, struct err *err)
{
	struct err lost;
	int answered = mq_ask(
	    mq, question->method, question->fields, question->answer, err);

	if (answered == 0 && mq_reopen_channel(mq, &lost) != 0) {
		*err = lost;
		return -1;
	}
	return answered;
}

static int
ask(struct mq *mq, const struct question *question, const struct report *report,
    struct err *err)
{
	int answered = try(mq, question, err);

	if (answered == 0 && question->passive != NULL &&
	    err_is(err, &ERR_UNAVAILABLE)) {
		struct err absent;

		*question->passive = 1;
		answered = try(mq, question, &absent);
		if (answered < 0)
			*err = absent;
	}
	if (answered < 0)
		return -1;
	if (answered == 0)
		report->differs(report->context, question->object, err->cause);
	err_clear(err);
	return 0;
}

static int
declare_exchange(struct mq *mq, const struct mq_exchange *exchange,
    const struct report *report, struct err *err)
{
	amqp_exchange_declare_t declare = { .exchange = amqp_cstring_bytes(
						exchange->name),
		.type = amqp_cstring_bytes(exchange->type),
		.durable = 1 };
	char object[OBJECT_SIZE];
	const struct question question = { AMQP_EXCHANGE_DECLARE_METHOD,
		&declare, AMQP_EXCHANGE_DECLARE_OK_METHOD, &declare.passive,
		object };

	snprintf(object, sizeof(object), "exchange %s", exchange->name);
	return ask(mq, &question, report, err);
}

static amqp_table_entry_t
text_argument(const char *name, const char *value)
{
	return (amqp_table_entry_t){ .key = amqp_cstring_bytes(name),
		.value = { .kind = AMQP_FIELD_KIND_UTF8,
		    .value.bytes = amqp_cstring_bytes(value) } };
}

static amqp_table_entry_t
time_argument(const char *name, int64_t ms)
{
	return (amqp_table_entry_t){ .key = amqp_cstring_bytes(name),
		.value = { .kind = AMQP_FIELD_KIND_I64, .value.i64 = ms } };
}

static amqp_table_t
queue_arguments(const struct mq_queue *queue,
    amqp_table_entry_t entries[QUEUE_ARGUMENTS_MAX])
{
	int count = 0;

	/* Not left to the vhost's default. A classic queue that was declared
	 * without a type counts as the same. */
	entries[count++] =
	    text_argument("x-queue-type", queue->quorum ? "quorum" : "classic");
	if (queue->dead_letter_exchange != NULL)
		entries[count++] = text_argument(
		    "x-dead-letter-exchange", queue->dead_letter_exchange);
	if (queue->dead_letter_key != NULL)
		entries[count++] = text_argument(
		    "x-dead-letter-routing-key", queue->dead_letter_key);
	if (queue->message_ttl_ms > 0)
		entries[count++] =
		    time_argument("x-message-ttl", queue->message_ttl_ms);
	if (queue->expires_ms > 0)
		entries[count++] =
		    time_argument("x-expires", queue->expires_ms);
	return (amqp_table_t){ count, entries };
}

static int
declare_queue(struct mq *mq, const struct mq_queue *queue,
    const struct report *report, struct err *err)
{
	amqp_table_entry_t entries[QUEUE_ARGUMENTS_MAX];
	amqp_queue_declare_t declare = { .queue =
					     amqp_cstring_bytes(queue->name),
		.durable = 1,
		.arguments = queue_arguments(queue, entries) };
	char object[OBJECT_SIZE];
	const struct question question = { AMQP_QUEUE_DECLARE_METHOD, &declare,
		AMQP_QUEUE_DECLARE_OK_METHOD, &declare.passive, object };

	snprintf(object, sizeof(object), "queue %s", queue->name);
	return ask(mq, &question, report, err);
}

static int
bind_queue(struct mq *mq, const struct mq_binding *binding,
    const struct report *report, struct err *err)
{
	amqp_queue_bind_t bind = { .queue = amqp_cstring_bytes(binding->queue),
		.exchange = amqp_cstring_bytes(binding->exchange),
		.routing_key = amqp_cstring_bytes(binding->key) };
	char object[OBJECT_SIZE];
	const struct question question = { AMQP_QUEUE_BIND_METHOD, &bind,
		AMQP_QUEUE_BIND_OK_METHOD, NULL, object };

	snprintf(object, sizeof(object), "binding %s of %s to %s", binding->key,
	    binding->queue, binding->exchange);
	return ask(mq, &question, report, err);
}

static int
declare_all(struct mq *mq, const struct mq_topology *topology,
    const struct report *report, struct err *err)
{
	for (size_t i = 0; i < topology->exchange_count; i++)
		if (declare_exchange(
			mq, &topology->exchanges[i], report, err) != 0)
			return -1;
	for (size_t i = 0; i < topology->queue_count; i++)
		if (declare_queue(mq, &topology->queues[i], report, err) != 0)
			return -1;
	for (size_t i = 0; i < topology->binding_count; i++)
		if (bind_queue(mq, &topology->bindings[i], report, err) != 0)
			return -1;
	return 0;
}

int
mq_declare(struct mq *mq, const struct mq_topology *topology,
    void (*differs)(void *context, const char *object, const char *why),
    void *context, struct err *err)
{
	const struct report report = { differs, context };
	struct mq *own = mq_twin(mq);
	int declared = -1;

	if (mq_open(own, err) == 0)
		declared = declare_all(own, topology, &report, err);
	mq_free(own);
	return declared;
}

/* Asks without declaring. 0, or -1. A refusal is an answer as well and the
 * connection goes on; but not with consumers, which went with the channel:
 * mq_next must see it. */
static int
ask_passively(struct mq *mq, amqp_method_number_t method, void *fields,
    amqp_method_number_t answer, struct err *err)
{
	struct err unused;
	int answered;

	if (mq_open(mq, err) != 0)
		return -1;
	answered = mq_ask(mq, method, fields, answer, err);
	if (answered > 0) {
		mq_prove(mq);
		return 0;
	}
	if (answered == 0 && mq->consuming)
		mq_drop(mq);
	else if (answered == 0 && mq_reopen_channel(mq, &unused) == 0)
		mq_prove(mq);
	return -1;
}

int
mq_exchange_exists(struct mq *mq, const char *exchange, struct err *err)
{
	amqp_exchange_declare_t declare = {
		.exchange = amqp_cstring_bytes(exchange),
		.type = amqp_empty_bytes,
		.passive = 1,
	};

	return ask_passively(mq, AMQP_EXCHANGE_DECLARE_METHOD, &declare,
	    AMQP_EXCHANGE_DECLARE_OK_METHOD, err);
}

int
mq_queue_depth(
    struct mq *mq, const char *queue, uint32_t *messages, struct err *err)
{
	amqp_queue_declare_t declare = { .queue = amqp_cstring_bytes(queue),
		.passive = 1 };

	if (ask_passively(mq, AMQP_QUEUE_DECLARE_METHOD, &declare,
		AMQP_QUEUE_DECLARE_OK_METHOD, err) != 0)
		return -1;
	*messages = mq->reply.message_count;
	return 0;
}
