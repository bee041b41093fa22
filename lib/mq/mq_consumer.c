#include "mq/mq_consumer.h"

#include <string.h>

#include "mq/mq_private.h"

#define ATTEMPTS_HEADER	   "x-attempts"
#define ERROR_HEADER	   "x-error"
#define TRACEPARENT_HEADER "traceparent"
#define QUEUE_HEADER	   "x-origin-queue"
#define KEY_HEADER	   "x-origin-key"
/* Set by a broker that dead-letters. */
#define DEATH_HEADER "x-first-death-queue"
/* Longer reasons are cut, so that the properties still fit into one frame. */
#define ERROR_MAX_BYTES 1000

/* --- tags ------------------------------------------------------------------
 */

/* The broker counts each channel's deliveries from 1. The opening's number is
 * kept in the upper bits, so that a delivery of a lost connection can never
 * acknowledge a newer one. */
#define TAG_BITS 48
#define TAG_MASK ((UINT64_C(1) << TAG_BITS) - 1)

static uint64_t
tag_outside(const struct mq *mq, uint64_t tag)
{
	return mq->epoch << TAG_BITS | (tag & TAG_MASK);
}

static int
tag_inside(
    const struct mq *mq, uint64_t outside, uint64_t *tag, struct err *err)
{
	if (mq_require_open(mq, err) != 0)
		return -1;
	*tag = outside & TAG_MASK;
	if (tag_outside(mq, *tag) == outside)
		return 0;
	return err_set(
	    err, &ERR_UNAVAILABLE, "the connection of this delivery is gone");
}

/* --- from frames to a delivery -----------------------------------------------
 */

/* NULL for an empty text and for one that C could not tell from a shorter. */
static const char *
copy_bytes(struct arena *arena, amqp_bytes_t text)
{
	if (text.len == 0 || memchr(text.bytes, '\0', text.len) != NULL)
		return NULL;
	return arena_copy(arena, text.bytes, text.len);
}

static bool
key_is(const amqp_table_entry_t *entry, const char *name)
{
	return entry->key.len == strlen(name) &&
	       memcmp(entry->key.bytes, name, entry->key.len) == 0;
}

static const char *
text_value(struct arena *arena, const amqp_field_value_t *value)
{
	if (value->kind != AMQP_FIELD_KIND_UTF8 &&
	    value->kind != AMQP_FIELD_KIND_BYTES)
		return NULL;
	return copy_bytes(arena, value->value.bytes);
}

static int64_t
integer_value(const amqp_field_value_t *value)
{
	switch (value->kind) {
	case AMQP_FIELD_KIND_I8:
		return value->value.i8;
	case AMQP_FIELD_KIND_U8:
		return value->value.u8;
	case AMQP_FIELD_KIND_I16:
		return value->value.i16;
	case AMQP_FIELD_KIND_U16:
		return value->value.u16;
	case AMQP_FIELD_KIND_I32:
		return value->value.i32;
	case AMQP_FIELD_KIND_U32:
		return value->value.u32;
	case AMQP_FIELD_KIND_I64:
		return value->value.i64;
	default:
		return 0;
	}
}

static void
read_headers(struct arena *arena, const amqp_table_t *headers,
    struct mq_delivery *delivery)
{
	for (int i = 0; i < headers->num_entries; i++) {
		const amqp_table_entry_t *entry = &headers->entries[i];

		if (key_is(entry, ATTEMPTS_HEADER))
			delivery->attempts = integer_value(&entry->value);
		else if (key_is(entry, ERROR_HEADER))
			delivery->error = text_value(arena, &entry->value);
		else if (key_is(entry, TRACEPARENT_HEADER))
			delivery->traceparent =
			    text_value(arena, &entry->value);
		else if (key_is(entry, KEY_HEADER))
			delivery->origin_key = text_value(arena, &entry->value);
		else if (key_is(entry, QUEUE_HEADER) ||
			 (key_is(entry, DEATH_HEADER) &&
			     delivery->origin_queue == NULL))
			delivery->origin_queue =
			    text_value(arena, &entry->value);
	}
	if (delivery->attempts < 0)
		delivery->attempts = 0;
}

static void
read_properties(struct arena *arena, const amqp_basic_properties_t *from,
    struct mq_delivery *delivery)
{
	const struct {
		amqp_flags_t flag;
		amqp_bytes_t from;
		const char **to;
	} texts[] = {
		{ AMQP_BASIC_MESSAGE_ID_FLAG, from->message_id,
		    &delivery->message_id },
		{ AMQP_BASIC_CORRELATION_ID_FLAG, from->correlation_id,
		    &delivery->correlation_id },
		{ AMQP_BASIC_TYPE_FLAG, from->type, &delivery->type },
		{ AMQP_BASIC_APP_ID_FLAG, from->app_id, &delivery->app_id },
	};

	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		if (from->_flags & texts[i].flag)
			*texts[i].to = copy_bytes(arena, texts[i].from);
	if (from->_flags & AMQP_BASIC_TIMESTAMP_FLAG &&
	    from->timestamp < INT64_MAX / 1000)
		delivery->timestamp_ms = (int64_t)from->timestamp * 1000;
	if (from->_flags & AMQP_BASIC_HEADERS_FLAG)
		read_headers(arena, &from->headers, delivery);
}

/* What lies in `pool` afterwards points into `raw`. NULL: malformed. */
static amqp_basic_properties_t *
decode_properties(amqp_pool_t *pool, const void *raw, size_t len)
{
	void *decoded;

	if (amqp_decode_properties(AMQP_BASIC_CLASS, pool, mq_bytes(raw, len),
		&decoded) != AMQP_STATUS_OK)
		return NULL;
	return decoded;
}

static void
take(struct mq *mq, struct mq_content *content, const char *queue,
    struct arena *arena, struct mq_delivery *delivery)
{
	amqp_basic_properties_t *properties;
	amqp_pool_t pool;

	*delivery = (struct mq_delivery){
		.tag = tag_outside(mq, content->tag),
		.queue = arena_strdup(arena, queue),
		.exchange = arena_strdup(arena, content->exchange),
		.routing_key = arena_strdup(arena, content->routing_key),
		.redelivered = content->redelivered,
		.cut = content->body_size > content->body_len,
		.body = arena_copy(arena, content->body, content->body_len),
		.body_len = content->body_len,
		.properties = arena_copy(
		    arena, content->properties, content->properties_len),
		.properties_len = content->properties_len,
	};
	init_amqp_pool(&pool, 4096);
	properties = decode_properties(
	    &pool, content->properties, content->properties_len);
	if (properties != NULL)
		read_properties(arena, properties, delivery);
	empty_amqp_pool(&pool);
	if (delivery->origin_key == NULL)
		delivery->origin_key = delivery->routing_key;
	mq_content_free(content);
	mq_prove(mq);
}

/* --- consuming ---------------------------------------------------------------
 */

int
mq_consumer_prefetch(struct mq *mq, unsigned count, struct err *err)
{
	amqp_basic_qos_t qos = {
		.prefetch_count =
		    (uint16_t)(count < UINT16_MAX ? count : UINT16_MAX)
	};

	if (mq_require_open(mq, err) != 0)
		return -1;
	return mq_call(
	    mq, AMQP_BASIC_QOS_METHOD, &qos, AMQP_BASIC_QOS_OK_METHOD, err);
}

int
mq_consume(struct mq *mq, const char *queue, struct err *err)
{
	amqp_basic_consume_t consume = { .queue = amqp_cstring_bytes(queue),
		.consumer_tag = amqp_cstring_bytes(queue) };

	if (mq_require_open(mq, err) != 0 ||
	    mq_call(mq, AMQP_BASIC_CONSUME_METHOD, &consume,
		AMQP_BASIC_CONSUME_OK_METHOD, err) != 0)
		return -1;
	mq->consuming = true;
	mq_prove(mq);
	return 0;
}

int
mq_next(struct mq *mq, struct arena *arena, struct deadline deadline,
    struct mq_delivery *delivery, struct err *err)
{
	struct mq_content *content;

	if (mq_require_open(mq, err) != 0)
		return -1;
	while (mq->arrived == NULL) {
		int acted = mq_pump(mq, deadline, err);

		if (acted <= 0)
			return acted;
	}
	content = mq->arrived;
	mq->arrived = content->next;
	if (mq->arrived == NULL)
		mq->arrived_end = &mq->arrived;
	take(mq, content, content->queue, arena, delivery);
	return 1;
}

int
mq_ack(struct mq *mq, uint64_t tag, struct err *err)
{
	amqp_basic_ack_t ack = { .multiple = 0 };

	if (tag_inside(mq, tag, &ack.delivery_tag, err) != 0)
		return -1;
	return mq_send(mq, AMQP_BASIC_ACK_METHOD, &ack, err);
}

int
mq_reject(struct mq *mq, uint64_t tag, bool requeue, struct err *err)
{
	amqp_basic_reject_t reject = { .requeue = requeue };

	if (tag_inside(mq, tag, &reject.delivery_tag, err) != 0)
		return -1;
	return mq_send(mq, AMQP_BASIC_REJECT_METHOD, &reject, err);
}

/* Asks once; the answer is either get-ok and a message, or get-empty. */
static int
ask_for_one(struct mq *mq, const char *queue, struct err *err)
{
	amqp_basic_get_t get = { .queue = amqp_cstring_bytes(queue) };
	struct deadline deadline = deadline_in(mq->timeout_ms);

	mq->reply = (struct mq_reply){ 0 };
	if (mq_send(mq, AMQP_BASIC_GET_METHOD, &get, err) != 0)
		return -1;
	while (mq->got == NULL) {
		int acted;

		if (mq->reply.method == AMQP_BASIC_GET_EMPTY_METHOD)
			return 0;
		acted = mq_pump(mq, deadline, err);
		if (acted < 0)
			return -1;
		if (acted == 0)
			return mq_lose(mq, &ERR_TIMEOUT, "get a message",
			    "no answer in time", err);
	}
	return 1;
}

int
mq_get(struct mq *mq, struct arena *arena, const char *queue,
    struct mq_delivery *delivery, struct err *err)
{
	struct mq_content *content;
	int answered;

	if (mq_open(mq, err) != 0)
		return -1;
	answered = ask_for_one(mq, queue, err);
	if (answered <= 0)
		return answered;
	content = mq->got;
	mq->got = NULL;
	take(mq, content, queue, arena, delivery);
	return 1;
}

/* --- forwarding --------------------------------------------------------------
 */

static bool
is_carried(const amqp_table_entry_t *entry)
{
	static const char *const ours[] = { ATTEMPTS_HEADER, ERROR_HEADER,
		QUEUE_HEADER, KEY_HEADER, "CC", "BCC" };

	for (size_t i = 0; i < ARRAY_LEN(ours); i++)
		if (key_is(entry, ours[i]))
			return false;
	return true;
}

static amqp_table_entry_t
text_entry(const char *name, const char *text, size_t max)
{
	return (amqp_table_entry_t){ .key = amqp_cstring_bytes(name),
		.value = { .kind = AMQP_FIELD_KIND_UTF8,
		    .value.bytes = mq_bytes(text, strnlen(text, max)) } };
}

/* The headers that came, with ours in place of older ones of the same name.
 * Memory of the pool. -1: out of it. */
static int
forwarded_headers(amqp_pool_t *pool, const struct mq_delivery *delivery,
    const amqp_table_t *from, int64_t attempts, const char *error,
    amqp_table_t *to)
{
	const char *queue = delivery->origin_queue != NULL
				? delivery->origin_queue
				: delivery->queue;
	size_t room = (size_t)from->num_entries + 4;
	amqp_table_entry_t *entries =
	    amqp_pool_alloc(pool, room * sizeof(*entries));
	int count = 0;

	if (entries == NULL)
		return -1;
	for (int i = 0; i < from->num_entries; i++)
		if (is_carried(&from->entries[i]))
			entries[count++] = from->entries[i];
	entries[count++] = (amqp_table_entry_t){
		.key = amqp_cstring_bytes(ATTEMPTS_HEADER),
		.value = { .kind = AMQP_FIELD_KIND_I64, .value.i64 = attempts }
	};
	entries[count++] = text_entry(QUEUE_HEADER, queue, MQ_NAME_SIZE);
	entries[count++] =
	    text_entry(KEY_HEADER, delivery->origin_key, MQ_NAME_SIZE);
	if (error != NULL)
		entries[count++] =
		    text_entry(ERROR_HEADER, error, ERROR_MAX_BYTES);
	*to = (amqp_table_t){ count, entries };
	return 0;
}

static int
forwarded_properties(amqp_pool_t *pool, const struct mq_delivery *delivery,
    int64_t attempts, const char *error, amqp_basic_properties_t *to)
{
	const amqp_basic_properties_t *from = decode_properties(
	    pool, delivery->properties, delivery->properties_len);
	amqp_table_t none = amqp_empty_table;

	if (from == NULL)
		return -1;
	*to = *from;
	to->_flags &= ~(
	    amqp_flags_t)(AMQP_BASIC_EXPIRATION_FLAG | AMQP_BASIC_USER_ID_FLAG);
	to->_flags |= AMQP_BASIC_HEADERS_FLAG | AMQP_BASIC_DELIVERY_MODE_FLAG;
	to->delivery_mode = AMQP_DELIVERY_PERSISTENT;
	return forwarded_headers(pool, delivery,
	    from->_flags & AMQP_BASIC_HEADERS_FLAG ? &from->headers : &none,
	    attempts, error, &to->headers);
}

static int
forward(struct mq *mq, const struct mq_message *message,
    const amqp_basic_properties_t *properties, struct deadline deadline,
    struct err *err)
{
	enum mq_verdict verdict;

	if (mq_publish_prepared(
		mq, message, properties, deadline, &verdict, err) != 0)
		return -1;
	if (verdict == MQ_CONFIRMED)
		return 0;
	return err_set(err, &ERR_UNAVAILABLE, "rabbitmq %s:%d: %s of \"%s\"",
	    mq->url.host, mq->url.port,
	    verdict == MQ_RETURNED ? "no queue takes messages"
				   : "a queue refuses messages",
	    message->routing_key);
}

int
mq_forward(struct mq *mq, const struct mq_delivery *delivery,
    const char *exchange, const char *routing_key, int64_t attempts,
    const char *error, struct deadline deadline, struct err *err)
{
	const struct mq_message message = { .exchange = exchange,
		.routing_key = routing_key,
		.message_id = delivery->message_id,
		.body = delivery->body,
		.body_len = delivery->body_len };
	amqp_basic_properties_t properties;
	amqp_pool_t pool;
	int forwarded;

	if (delivery->cut)
		return err_set(err, &ERR_INVALID,
		    "a message longer than %d bytes cannot be forwarded",
		    MQ_BODY_MAX);
	init_amqp_pool(&pool, 4096);
	if (forwarded_properties(
		&pool, delivery, attempts, error, &properties) != 0)
		forwarded = err_set(err, &ERR_INVALID,
		    "the message's properties are malformed");
	else
		forwarded = forward(mq, &message, &properties, deadline, err);
	empty_amqp_pool(&pool);
	return forwarded;
}
