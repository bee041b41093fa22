#include "events/topology.h"

#include <string.h>

#include "core/log.h"

#define ALL_EVENTS     "booking.#"
#define EXCHANGES_MAX  16
#define QUEUES_MAX     128
#define BINDINGS_MAX   256
#define NAME_MAX_BYTES 200
#define BLANKS	       " \t"

struct builder {
	struct arena *arena;
	const struct topology_settings *from;
	struct mq_exchange *exchanges;
	struct mq_queue *queues;
	struct mq_binding *bindings;
	size_t exchange_count, queue_count, binding_count;
	bool full;
};

const char *
topology_dead_exchange(struct arena *arena, const char *exchange)
{
	return arena_printf(arena, "%s.dlx", exchange);
}

const char *
topology_dead_queue(struct arena *arena, const char *exchange)
{
	return arena_printf(arena, "%s.dlq", exchange);
}

int64_t
topology_delay_ms(int64_t first_delay_ms, unsigned retry)
{
	return first_delay_ms << (retry - 1);
}

const char *
topology_delay_queue(struct arena *arena, const char *queue, int64_t delay_ms)
{
	return arena_printf(
	    arena, "%s.retry.%lldms", queue, (long long)delay_ms);
}

const char *
topology_again_queue(struct arena *arena, const struct event_source *source)
{
	return arena_printf(arena, "%s.again.%lldms", source->queue,
	    (long long)source->again_ms);
}

static void
add_exchange(struct builder *builder, const char *name, const char *type)
{
	if (builder->exchange_count == EXCHANGES_MAX) {
		builder->full = true;
		return;
	}
	builder->exchanges[builder->exchange_count++] =
	    (struct mq_exchange){ .name = name, .type = type };
}

/* A queue whose refused messages become dead letters. */
static struct mq_queue *
add_queue(struct builder *builder, const char *name)
{
	struct mq_queue *queue = &builder->queues[builder->queue_count];

	if (builder->queue_count == QUEUES_MAX) {
		builder->full = true;
		return &builder->queues[0];
	}
	builder->queue_count++;
	*queue = (struct mq_queue){
		.name = name,
		.quorum = builder->from->quorum,
		.dead_letter_exchange = topology_dead_exchange(
		    builder->arena, builder->from->exchange),
	};
	return queue;
}

static void
bind(struct builder *builder, const char *queue, const char *exchange,
    const char *key)
{
	if (builder->binding_count == BINDINGS_MAX) {
		builder->full = true;
		return;
	}
	builder->bindings[builder->binding_count++] = (struct mq_binding){
		.queue = queue, .exchange = exchange, .key = key
	};
}

static void
add_own(struct builder *builder)
{
	const struct topology_settings *from = builder->from;
	const char *dlx =
	    topology_dead_exchange(builder->arena, from->exchange);
	const char *dlq = topology_dead_queue(builder->arena, from->exchange);

	add_exchange(builder, from->exchange, "topic");
	add_exchange(builder, dlx, "topic");
	add_queue(builder, dlq)->dead_letter_exchange = NULL;
	bind(builder, dlq, dlx, "#");
	for (int i = 0; i < EVENT_TYPE__COUNT; i++) {
		add_queue(builder, from->queues[i]);
		bind(builder, from->queues[i], from->exchange,
		    event_type_name((enum event_type)i));
	}
}

/* NAME or NAME=KEY,KEY. */
static int
add_consumer(struct builder *builder, char *text, struct err *err)
{
	char *keys = strchr(text, '='), *rest = NULL;

	if (keys != NULL)
		*keys++ = '\0';
	if (*text == '\0' || strlen(text) > NAME_MAX_BYTES ||
	    (keys != NULL && *keys == '\0'))
		return err_set_public(err, &ERR_INVALID,
		    "RABBITMQ_CONSUMER_QUEUES: must be NAME or NAME=KEY,KEY");
	add_queue(builder, text);
	if (keys == NULL) {
		bind(builder, text, builder->from->exchange, ALL_EVENTS);
		return 0;
	}
	for (char *key = strtok_r(keys, ",", &rest); key != NULL;
	     key = strtok_r(NULL, ",", &rest))
		bind(builder, text, builder->from->exchange, key);
	return 0;
}

static int
add_consumers(struct builder *builder, struct err *err)
{
	char *list =
		 arena_strdup(builder->arena, builder->from->consumer_queues),
	     *rest = NULL;

	for (char *one = strtok_r(list, BLANKS, &rest); one != NULL;
	     one = strtok_r(NULL, BLANKS, &rest)) {
		if (add_consumer(builder, one, err) != 0)
			return -1;
	}
	return 0;
}

/* Of a delay queue nobody consumes: a message leaves it for our queue when it
 * has waited. The delay is part of its name, for it can never be changed. */
static void
add_delay(struct builder *builder, const struct event_source *source,
    const char *name, int64_t delay_ms)
{
	struct mq_queue *delay = add_queue(builder, name);

	delay->dead_letter_exchange = "";
	delay->dead_letter_key = source->queue;
	delay->message_ttl_ms = delay_ms;
}

static void
add_source(struct builder *builder, const struct event_source *source)
{
	const struct topology_settings *from = builder->from;

	add_exchange(builder, source->exchange, "topic");
	add_queue(builder, source->queue);
	for (size_t i = 0; i < source->key_count; i++)
		bind(builder, source->queue, source->exchange, source->keys[i]);
	for (unsigned retry = 1; retry <= from->retries; retry++) {
		int64_t delay_ms =
		    topology_delay_ms(from->first_delay_ms, retry);

		add_delay(builder, source,
		    topology_delay_queue(
			builder->arena, source->queue, delay_ms),
		    delay_ms);
	}
	if (source->again_ms > 0)
		add_delay(builder, source,
		    topology_again_queue(builder->arena, source),
		    source->again_ms);
}

int
topology_build(struct arena *arena, const struct topology_settings *from,
    struct mq_topology *topology, struct err *err)
{
	struct builder builder = {
		.arena = arena,
		.from = from,
		.exchanges = arena_array(
		    arena, EXCHANGES_MAX, sizeof(struct mq_exchange)),
		.queues =
		    arena_array(arena, QUEUES_MAX, sizeof(struct mq_queue)),
		.bindings =
		    arena_array(arena, BINDINGS_MAX, sizeof(struct mq_binding)),
	};

	add_own(&builder);
	if (from->reminder_exchange[0] != '\0')
		add_exchange(&builder, from->reminder_exchange, "direct");
	if (add_consumers(&builder, err) != 0)
		return -1;
	for (size_t i = 0; i < from->source_count; i++) {
		if (from->sources[i].exchange[0] != '\0')
			add_source(&builder, &from->sources[i]);
	}
	if (builder.full)
		return err_set_public(err, &ERR_INVALID,
		    "RABBITMQ_CONSUMER_QUEUES: too many queues or keys");
	*topology = (struct mq_topology){
		.exchanges = builder.exchanges,
		.exchange_count = builder.exchange_count,
		.queues = builder.queues,
		.queue_count = builder.queue_count,
		.bindings = builder.bindings,
		.binding_count = builder.binding_count,
	};
	return 0;
}

static void
report(void *context, const char *object, const char *why)
{
	(void)context;
	log_write(LOG_ERROR, "topology_differs",
	    LOG_FIELDS(LOG_TEXT("object", object), LOG_TEXT("cause", why)));
}

int
topology_declare(
    struct mq *mq, const struct mq_topology *topology, struct err *err)
{
	return mq_declare(mq, topology, report, NULL, err);
}
