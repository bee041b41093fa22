#include <stdlib.h>
#include <string.h>

#include "mq/mq_consumer.h"
#include "mq/mq_private.h"

static int
broken(struct mq *mq, const char *why, struct err *err)
{
	return mq_lose(mq, &ERR_UNAVAILABLE, "read a message", why, err);
}

void
mq_content_free(struct mq_content *content)
{
	if (content == NULL)
		return;
	free(content->properties);
	free(content->body);
	free(content);
}

void
mq_content_clear(struct mq *mq)
{
	mq_content_free(mq->incoming);
	mq_content_free(mq->got);
	mq->incoming = NULL;
	mq->got = NULL;
	while (mq->arrived != NULL) {
		struct mq_content *next = mq->arrived->next;

		mq_content_free(mq->arrived);
		mq->arrived = next;
	}
	mq->arrived_end = &mq->arrived;
}

/* A short string holds 255 bytes at most, so it always fits. */
static void
copy_name(char out[MQ_NAME_SIZE], amqp_bytes_t name)
{
	size_t len = name.len < MQ_NAME_SIZE ? name.len : MQ_NAME_SIZE - 1;

	if (len > 0)
		memcpy(out, name.bytes, len);
	out[len] = '\0';
}

static void
copy_delivery(struct mq_content *content, const amqp_basic_deliver_t *deliver)
{
	content->tag = deliver->delivery_tag;
	content->redelivered = deliver->redelivered != 0;
	/* mq_consume names each consumer after its queue. */
	copy_name(content->queue, deliver->consumer_tag);
	copy_name(content->exchange, deliver->exchange);
	copy_name(content->routing_key, deliver->routing_key);
}

static void
copy_got(struct mq_content *content, const amqp_basic_get_ok_t *got)
{
	content->tag = got->delivery_tag;
	content->redelivered = got->redelivered != 0;
	copy_name(content->exchange, got->exchange);
	copy_name(content->routing_key, got->routing_key);
}

int
mq_content_begin(struct mq *mq, enum mq_content_kind kind,
    const amqp_frame_t *frame, struct err *err)
{
	struct mq_content *content;

	if (mq->incoming != NULL)
		return broken(mq, "one began inside another", err);
	content = calloc(1, sizeof(*content));
	if (content == NULL)
		return broken(mq, "out of memory", err);
	content->kind = kind;
	switch (kind) {
	case MQ_CONTENT_DELIVERY:
		copy_delivery(content, frame->payload.method.decoded);
		break;
	case MQ_CONTENT_GOT:
		copy_got(content, frame->payload.method.decoded);
		break;
	case MQ_CONTENT_RETURN:
		break;
	}
	mq->incoming = content;
	return 1;
}

static void
finish_if_complete(struct mq *mq)
{
	struct mq_content *content = mq->incoming;

	if (content->body_received < content->body_size)
		return;
	mq->incoming = NULL;
	switch (content->kind) {
	case MQ_CONTENT_DELIVERY:
		*mq->arrived_end = content;
		mq->arrived_end = &content->next;
		break;
	case MQ_CONTENT_GOT:
		mq_content_free(mq->got);
		mq->got = content;
		break;
	case MQ_CONTENT_RETURN:
		mq_content_free(content);
		break;
	}
}

/* Of a message sent back its identity is all that matters. */
static void
report_return(struct mq *mq, const amqp_basic_properties_t *properties)
{
	amqp_bytes_t id = properties->_flags & AMQP_BASIC_MESSAGE_ID_FLAG
			      ? properties->message_id
			      : amqp_empty_bytes;

	mq_returned(mq, id.bytes, id.len);
}

static bool
keep_properties(struct mq_content *content, amqp_bytes_t raw)
{
	size_t body_len = content->body_size < MQ_BODY_MAX
			      ? (size_t)content->body_size
			      : MQ_BODY_MAX;

	content->properties = malloc(raw.len + 1);
	content->body = malloc(body_len + 1);
	if (content->properties == NULL || content->body == NULL)
		return false;
	memcpy(content->properties, raw.bytes, raw.len);
	content->properties_len = raw.len;
	return true;
}

int
mq_content_header(struct mq *mq, const amqp_frame_t *frame, struct err *err)
{
	struct mq_content *content = mq->incoming;

	if (content == NULL || content->has_header ||
	    frame->payload.properties.class_id != AMQP_BASIC_CLASS)
		return broken(mq, "a header out of place", err);
	content->has_header = true;
	content->body_size = frame->payload.properties.body_size;
	if (content->kind == MQ_CONTENT_RETURN)
		report_return(mq, frame->payload.properties.decoded);
	else if (!keep_properties(content, frame->payload.properties.raw))
		return broken(mq, "out of memory", err);
	finish_if_complete(mq);
	return 1;
}

int
mq_content_body(struct mq *mq, const amqp_frame_t *frame, struct err *err)
{
	struct mq_content *content = mq->incoming;
	amqp_bytes_t part = frame->payload.body_fragment;

	if (content == NULL || !content->has_header ||
	    part.len > content->body_size - content->body_received)
		return broken(mq, "a body out of place", err);
	content->body_received += part.len;
	if (content->kind != MQ_CONTENT_RETURN) {
		if (part.len > MQ_BODY_MAX - content->body_len)
			part.len = MQ_BODY_MAX - content->body_len;
		memcpy(content->body + content->body_len, part.bytes, part.len);
		content->body_len += part.len;
	}
	finish_if_complete(mq);
	return 1;
}
