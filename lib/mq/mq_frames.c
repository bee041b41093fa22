#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "mq/mq_private.h"

/* Longer than any text a broker gives as its reason. */
#define REASON_SIZE 200

static const struct err_def *
refusal_def(unsigned code)
{
	switch (code) {
	case AMQP_NOT_FOUND:
		return &ERR_NOT_FOUND;
	case AMQP_PRECONDITION_FAILED:
		return &ERR_CONFLICT;
	default:
		return &ERR_UNAVAILABLE;
	}
}

static void
copy_reason(char out[REASON_SIZE], amqp_bytes_t reason)
{
	snprintf(out, REASON_SIZE, "%.*s", (int)reason.len,
	    reason.bytes != NULL ? (const char *)reason.bytes : "");
}

static int
on_ack(struct mq *mq, const amqp_frame_t *frame, struct err *err)
{
	const amqp_basic_ack_t *ack = frame->payload.method.decoded;

	(void)err;
	mq_settle(mq, ack->delivery_tag, ack->multiple != 0, MQ_CONFIRMED);
	return 1;
}

static int
on_nack(struct mq *mq, const amqp_frame_t *frame, struct err *err)
{
	const amqp_basic_nack_t *nack = frame->payload.method.decoded;

	(void)err;
	mq_settle(mq, nack->delivery_tag, nack->multiple != 0, MQ_REFUSED);
	return 1;
}

static int
on_return(struct mq *mq, const amqp_frame_t *frame, struct err *err)
{
	return mq_content_begin(mq, MQ_CONTENT_RETURN, frame, err);
}

static int
on_deliver(struct mq *mq, const amqp_frame_t *frame, struct err *err)
{
	return mq_content_begin(mq, MQ_CONTENT_DELIVERY, frame, err);
}

static int
on_get_ok(struct mq *mq, const amqp_frame_t *frame, struct err *err)
{
	mq->reply.method = frame->payload.method.id;
	return mq_content_begin(mq, MQ_CONTENT_GOT, frame, err);
}

/* The queue was deleted, or its node is gone. */
static int
on_cancel(struct mq *mq, const amqp_frame_t *frame, struct err *err)
{
	const amqp_basic_cancel_t *cancel = frame->payload.method.decoded;
	char tag[REASON_SIZE];

	copy_reason(tag, cancel->consumer_tag);
	return mq_lose(mq, &ERR_UNAVAILABLE,
	    "the broker cancelled the consumer of", tag, err);
}

static int
on_channel_close(struct mq *mq, const amqp_frame_t *frame, struct err *err)
{
	const amqp_channel_close_t *close = frame->payload.method.decoded;
	const struct err_def *def = refusal_def(close->reply_code);
	amqp_channel_close_ok_t ok = { 0 };
	char reason[REASON_SIZE];

	copy_reason(reason, close->reply_text);
	mq->channel_open = false;
	if (mq_send(mq, AMQP_CHANNEL_CLOSE_OK_METHOD, &ok, err) != 0)
		return -1;
	(void)err_set(
	    err, def, "rabbitmq %s:%d: %s", mq->url.host, mq->url.port, reason);
	return 1;
}

static int
on_connection_close(struct mq *mq, const amqp_frame_t *frame, struct err *err)
{
	const amqp_connection_close_t *close = frame->payload.method.decoded;
	amqp_connection_close_ok_t ok = { 0 };
	char reason[REASON_SIZE];

	copy_reason(reason, close->reply_text);
	(void)amqp_send_method(
	    mq->wire, 0, AMQP_CONNECTION_CLOSE_OK_METHOD, &ok);
	return mq_lose(
	    mq, &ERR_UNAVAILABLE, "closed by the broker", reason, err);
}

static int
on_blocked(struct mq *mq, const amqp_frame_t *frame, struct err *err)
{
	(void)frame;
	(void)err;
	mq->blocked = true;
	return 1;
}

static int
on_unblocked(struct mq *mq, const amqp_frame_t *frame, struct err *err)
{
	(void)frame;
	(void)err;
	mq->blocked = false;
	return 1;
}

static int
on_declare_ok(struct mq *mq, const amqp_frame_t *frame, struct err *err)
{
	const amqp_queue_declare_ok_t *ok = frame->payload.method.decoded;

	(void)err;
	mq->reply.method = frame->payload.method.id;
	mq->reply.message_count = ok->message_count;
	return 1;
}

typedef int frame_action(struct mq *, const amqp_frame_t *, struct err *);

/* Any other method is the answer to a question, without content. */
static const struct {
	amqp_method_number_t method;
	frame_action *act;
} METHODS[] = {
	{ AMQP_BASIC_ACK_METHOD, on_ack },
	{ AMQP_BASIC_NACK_METHOD, on_nack },
	{ AMQP_BASIC_RETURN_METHOD, on_return },
	{ AMQP_BASIC_DELIVER_METHOD, on_deliver },
	{ AMQP_BASIC_GET_OK_METHOD, on_get_ok },
	{ AMQP_BASIC_CANCEL_METHOD, on_cancel },
	{ AMQP_QUEUE_DECLARE_OK_METHOD, on_declare_ok },
	{ AMQP_CHANNEL_CLOSE_METHOD, on_channel_close },
	{ AMQP_CONNECTION_CLOSE_METHOD, on_connection_close },
	{ AMQP_CONNECTION_BLOCKED_METHOD, on_blocked },
	{ AMQP_CONNECTION_UNBLOCKED_METHOD, on_unblocked },
};

static int
act_on_method(struct mq *mq, const amqp_frame_t *frame, struct err *err)
{
	for (size_t i = 0; i < ARRAY_LEN(METHODS); i++)
		if (METHODS[i].method == frame->payload.method.id)
			return METHODS[i].act(mq, frame, err);
	mq->reply.method = frame->payload.method.id;
	return 1;
}

static int
act_on(struct mq *mq, const amqp_frame_t *frame, struct err *err)
{
	switch (frame->frame_type) {
	case AMQP_FRAME_METHOD:
		return act_on_method(mq, frame, err);
	case AMQP_FRAME_HEADER:
		return mq_content_header(mq, frame, err);
	case AMQP_FRAME_BODY:
		return mq_content_body(mq, frame, err);
	default:
		return 1;
	}
}

/* False when nothing has come by the deadline. The library would read first
 * and wait then: in vain whenever the answer is still on its way. A record of
 * TLS is never larger than what it reads at once, so none is hidden. */
static bool
await_input(struct mq *mq, struct deadline deadline)
{
	struct pollfd input = { .events = POLLIN };
	int ready;

	if (amqp_frames_enqueued(mq->wire) || amqp_data_in_buffer(mq->wire))
		return true;
	input.fd = amqp_get_sockfd(mq->wire);
	do
		ready = poll(&input, 1, (int)deadline_left_ms(deadline));
	while (ready < 0 && errno == EINTR);
	return ready != 0;
}

/* As mq_pump, but a closed channel (channel_open, err) is left to the caller.
 */
static int
read_frame(struct mq *mq, struct deadline deadline, struct err *err)
{
	struct timeval left;
	amqp_frame_t frame;
	int64_t ms;
	int status, acted;

	if (!await_input(mq, deadline))
		return 0;
	ms = deadline_left_ms(deadline);
	left = (struct timeval){ .tv_sec = ms / 1000,
		.tv_usec = (ms % 1000) * 1000 };
	status = amqp_simple_wait_frame_noblock(mq->wire, &frame, &left);
	if (status == AMQP_STATUS_TIMEOUT)
		return 0;
	if (status != AMQP_STATUS_OK)
		return mq_lose(mq, &ERR_UNAVAILABLE, "read",
		    amqp_error_string2(status), err);
	acted = act_on(mq, &frame, err);
	if (acted >= 0)
		amqp_maybe_release_buffers(mq->wire);
	return acted;
}

/* Gives up a connection whose channel the broker has closed: err says why. */
static int
give_up(struct mq *mq)
{
	struct err unused;

	return mq_lose(mq, &ERR_UNAVAILABLE, "channel", "closed", &unused);
}

int
mq_pump(struct mq *mq, struct deadline deadline, struct err *err)
{
	int acted = read_frame(mq, deadline, err);

	return acted > 0 && !mq->channel_open ? give_up(mq) : acted;
}

int
mq_drain(struct mq *mq, struct err *err)
{
	struct deadline now = deadline_in(0);
	int acted;

	do
		acted = mq_pump(mq, now, err);
	while (acted > 0);
	return acted;
}

int
mq_send(
    struct mq *mq, amqp_method_number_t method, void *fields, struct err *err)
{
	int status = amqp_send_method(mq->wire, MQ_CHANNEL, method, fields);

	if (status == AMQP_STATUS_OK)
		return 0;
	return mq_lose(
	    mq, &ERR_UNAVAILABLE, "send", amqp_error_string2(status), err);
}

/* Reads until the answer has come or the channel is closed. 0 or -1. */
static int
await_answer(struct mq *mq, amqp_method_number_t answer, struct err *err)
{
	struct deadline deadline = deadline_in(mq->timeout_ms);

	while (mq->reply.method != answer) {
		int acted = read_frame(mq, deadline, err);

		if (acted < 0)
			return -1;
		if (acted == 0)
			return mq_lose(mq, &ERR_TIMEOUT, "wait for an answer",
			    "none came in time", err);
		if (!mq->channel_open)
			return 0;
	}
	return 0;
}

int
mq_ask(struct mq *mq, amqp_method_number_t request, void *fields,
    amqp_method_number_t answer, struct err *err)
{
	mq->reply = (struct mq_reply){ 0 };
	if (mq_send(mq, request, fields, err) != 0)
		return -1;
	if (await_answer(mq, answer, err) != 0)
		return -1;
	return mq->reply.method == answer ? 1 : 0;
}

int
mq_call(struct mq *mq, amqp_method_number_t request, void *fields,
    amqp_method_number_t answer, struct err *err)
{
	int answered = mq_ask(mq, request, fields, answer, err);

	if (answered == 0)
		return give_up(mq);
	return answered > 0 ? 0 : -1;
}

int
mq_reopen_channel(struct mq *mq, struct err *err)
{
	amqp_channel_open_t open = { .out_of_band = amqp_empty_bytes };

	mq_content_clear(mq);
	mq->epoch++;
	mq->confirming = false;
	mq->consuming = false;
	mq->checked_count = 0;
	mq->channel_open = true;
	return mq_call(mq, AMQP_CHANNEL_OPEN_METHOD, &open,
	    AMQP_CHANNEL_OPEN_OK_METHOD, err);
}
