#include "mq/mq_publisher.h"

#include <linux/sockios.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "core/text.h"
#include "mq/mq_private.h"

/* Messages without a verdict at any moment. */
#define WINDOW_MAX 1024
/* Messages written before what has arrived is looked at. */
#define DRAIN_EVERY 32
/* Of the send buffer; the rest is room for the kernel's own bookkeeping. */
#define BUFFER_SHARE 4
/* Method and header frames of a message, at most. */
#define OVERHEAD_BYTES 2048
#define ROOM_WAIT_MS   5

/* --- opening ---------------------------------------------------------------
 */

static int
confirm_mode(struct mq *mq, struct err *err)
{
	amqp_confirm_select_t select = { .nowait = 0 };

	if (mq->confirming)
		return 0;
	if (mq_call(mq, AMQP_CONFIRM_SELECT_METHOD, &select,
		AMQP_CONFIRM_SELECT_OK_METHOD, err) != 0)
		return -1;
	mq->confirming = true;
	mq->next_tag = 1;
	return 0;
}

static bool
is_checked(const struct mq *mq, const char *exchange)
{
	for (unsigned i = 0; i < mq->checked_count && i < MQ_CHECKED_MAX; i++)
		if (strcmp(mq->checked[i], exchange) == 0)
			return true;
	return false;
}

/* Publishing to an exchange that does not exist succeeds in silence until the
 * channel is closed; so it is asked about first. */
static int
check_exchange(struct mq *mq, const char *exchange, struct err *err)
{
	amqp_exchange_declare_t declare = { .exchange =
						amqp_cstring_bytes(exchange),
		.type = amqp_cstring_bytes("topic"),
		.passive = 1 };

	/* The default exchange is always there, and not to be asked about. */
	if (*exchange == '\0' || is_checked(mq, exchange))
		return 0;
	if (mq_call(mq, AMQP_EXCHANGE_DECLARE_METHOD, &declare,
		AMQP_EXCHANGE_DECLARE_OK_METHOD, err) != 0)
		return -1;
	text_copy(mq->checked[mq->checked_count++ % MQ_CHECKED_MAX],
	    MQ_NAME_SIZE, exchange);
	return 0;
}

int
mq_publisher_open(struct mq *mq, const char *exchange, struct err *err)
{
	/* What the broker said while nobody listened: a connection that it
	 * closed meanwhile is opened again. */
	if (mq_is_open(mq) && mq_drain(mq, err) != 0)
		err_clear(err);
	if (mq_open(mq, err) != 0 || check_exchange(mq, exchange, err) != 0 ||
	    confirm_mode(mq, err) != 0)
		return -1;
	mq_prove(mq);
	return 0;
}

/* --- verdicts --------------------------------------------------------------
 */

static void
give_verdict(struct mq_batch *batch, size_t i, enum mq_verdict verdict)
{
	if (batch->verdicts[i] == MQ_UNKNOWN) {
		batch->verdicts[i] = verdict;
		batch->settled++;
	}
	while (batch->lowest < batch->sent &&
	       batch->verdicts[batch->lowest] != MQ_UNKNOWN)
		batch->lowest++;
}

/* Tags below the batch's first are answers to messages that were given up. */
void
mq_settle(struct mq *mq, uint64_t tag, bool multiple, enum mq_verdict verdict)
{
	struct mq_batch *batch = mq->batch;
	size_t end;

	if (batch == NULL)
		return;
	if (multiple && tag == 0)
		tag = mq->next_tag - 1;
	if (tag < batch->first_tag || tag - batch->first_tag >= batch->sent)
		return;
	end = (size_t)(tag - batch->first_tag) + 1;
	for (size_t i = multiple ? batch->lowest : end - 1; i < end; i++)
		give_verdict(batch, i, verdict);
	mq_prove(mq);
}

/* A return names no tag. It precedes its own confirm, and returns come in the
 * order of publishing: the first open message of that identity is meant. */
void
mq_returned(struct mq *mq, const char *message_id, size_t len)
{
	struct mq_batch *batch = mq->batch;

	if (batch == NULL)
		return;
	for (size_t i = batch->lowest; i < batch->sent; i++) {
		const char *id = batch->messages[i].message_id;

		if (id == NULL)
			id = "";
		if (batch->verdicts[i] != MQ_UNKNOWN || strlen(id) != len ||
		    memcmp(id, len > 0 ? message_id : "", len) != 0)
			continue;
		give_verdict(batch, i, MQ_RETURNED);
		return;
	}
}

static int
say_late(const struct mq *mq, struct err *err)
{
	return err_set(err, &ERR_TIMEOUT,
	    "rabbitmq %s:%d: no confirm within the time", mq->url.host,
	    mq->url.port);
}

static int
say_blocked(const struct mq *mq, struct err *err)
{
	return err_set(err, &ERR_UNAVAILABLE,
	    "rabbitmq %s:%d: the broker takes no messages (blocked)",
	    mq->url.host, mq->url.port);
}

/* Reads until at most `open` messages of the batch lack a verdict. A blocked
 * broker may stay so for long: then only what has arrived counts. 0 or -1. */
static int
await_verdicts(
    struct mq *mq, size_t open, struct deadline deadline, struct err *err)
{
	const struct mq_batch *batch = mq->batch;

	while (batch->sent - batch->settled > open) {
		int acted =
		    mq_pump(mq, mq->blocked ? deadline_in(0) : deadline, err);

		if (acted < 0)
			return -1;
		if (acted == 0)
			return mq->blocked ? say_blocked(mq, err)
					   : say_late(mq, err);
	}
	return 0;
}

/* --- sending ---------------------------------------------------------------
 */

/* amqp_basic_publish knows no deadline: it waits for a broker that does not
 * read until TCP_USER_TIMEOUT ends it. It is called only when the kernel takes
 * the whole message at once. */
static bool
has_room(const struct mq *mq, size_t bytes)
{
	int fd = amqp_get_sockfd(mq->wire);
	int unsent = 0, buffer = 0;
	socklen_t len = sizeof(buffer);

	/* What cannot be asked, the write itself will tell. */
	if (ioctl(fd, SIOCOUTQ, &unsent) != 0 || unsent == 0 ||
	    getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &buffer, &len) != 0)
		return true;
	return (size_t)unsent + bytes <= (size_t)buffer / BUFFER_SHARE;
}

static int
await_room(
    struct mq *mq, size_t bytes, struct deadline deadline, struct err *err)
{
	while (!has_room(mq, bytes)) {
		if (mq_pump(mq, deadline_within(deadline, ROOM_WAIT_MS), err) <
		    0)
			return -1;
		if (mq->blocked)
			return say_blocked(mq, err);
		if (deadline_left_ms(deadline) == 0)
			return say_late(mq, err);
	}
	return 0;
}

static int
send_message(struct mq *mq, const struct mq_message *message,
    const amqp_basic_properties_t *properties, struct deadline deadline,
    struct err *err)
{
	int status;

	if (await_room(mq, message->body_len + OVERHEAD_BYTES, deadline, err) !=
	    0)
		return -1;
	status = amqp_basic_publish(mq->wire, MQ_CHANNEL,
	    amqp_cstring_bytes(message->exchange),
	    amqp_cstring_bytes(message->routing_key), 1, 0, properties,
	    mq_bytes(message->body, message->body_len));
	if (status != AMQP_STATUS_OK)
		return mq_lose(mq, &ERR_UNAVAILABLE, "publish",
		    amqp_error_string2(status), err);
	mq->next_tag++;
	mq->batch->sent++;
	return 0;
}

static void
set_text(amqp_basic_properties_t *properties, amqp_flags_t flag,
    amqp_bytes_t *property, const char *text)
{
	if (text == NULL)
		return;
	properties->_flags |= flag;
	*property = amqp_cstring_bytes(text);
}

/* `header` is the table's one entry and must live as long as the result. */
static amqp_basic_properties_t
properties_of(const struct mq_message *message, amqp_table_entry_t *header)
{
	amqp_basic_properties_t properties = {
		._flags = AMQP_BASIC_CONTENT_TYPE_FLAG |
			  AMQP_BASIC_DELIVERY_MODE_FLAG |
			  AMQP_BASIC_TIMESTAMP_FLAG,
		.content_type = amqp_cstring_bytes("application/json"),
		.delivery_mode = AMQP_DELIVERY_PERSISTENT,
		.timestamp = (uint64_t)message->timestamp_ms / 1000,
	};

	set_text(&properties, AMQP_BASIC_MESSAGE_ID_FLAG,
	    &properties.message_id, message->message_id);
	set_text(
	    &properties, AMQP_BASIC_TYPE_FLAG, &properties.type, message->type);
	set_text(&properties, AMQP_BASIC_APP_ID_FLAG, &properties.app_id,
	    message->app_id);
	set_text(&properties, AMQP_BASIC_CORRELATION_ID_FLAG,
	    &properties.correlation_id, message->correlation_id);
	if (message->traceparent != NULL) {
		*header = (amqp_table_entry_t){ .key = amqp_cstring_bytes(
						    "traceparent"),
			.value = { .kind = AMQP_FIELD_KIND_UTF8,
			    .value.bytes =
				amqp_cstring_bytes(message->traceparent) } };
		properties._flags |= AMQP_BASIC_HEADERS_FLAG;
		properties.headers = (amqp_table_t){ 1, header };
	}
	return properties;
}

static int
send_batch(struct mq *mq, const struct mq_message messages[], size_t count,
    struct deadline deadline, struct err *err)
{
	for (size_t i = 0; i < count; i++) {
		amqp_table_entry_t header;
		amqp_basic_properties_t properties =
		    properties_of(&messages[i], &header);

		if (i > 0 && i % DRAIN_EVERY == 0 && mq_drain(mq, err) != 0)
			return -1;
		if (mq->blocked)
			break;
		if (await_verdicts(mq, WINDOW_MAX - 1, deadline, err) != 0 ||
		    send_message(
			mq, &messages[i], &properties, deadline, err) != 0)
			return -1;
	}
	if (await_verdicts(mq, 0, deadline, err) != 0)
		return -1;
	return mq->batch->sent < count ? say_blocked(mq, err) : 0;
}

int
mq_publish(struct mq *mq, const struct mq_message messages[], size_t count,
    struct deadline deadline, enum mq_verdict verdicts[], struct err *err)
{
	struct mq_batch batch = { .messages = messages, .verdicts = verdicts };
	int sent;

	for (size_t i = 0; i < count; i++)
		verdicts[i] = MQ_UNKNOWN;
	if (mq_require_open(mq, err) != 0 || confirm_mode(mq, err) != 0)
		return -1;
	batch.first_tag = mq->next_tag;
	mq->batch = &batch;
	sent = send_batch(mq, messages, count, deadline, err);
	mq->batch = NULL;
	return sent;
}

int
mq_publish_prepared(struct mq *mq, const struct mq_message *message,
    const amqp_basic_properties_t *properties, struct deadline deadline,
    enum mq_verdict *verdict, struct err *err)
{
	struct mq_batch batch = { .messages = message, .verdicts = verdict };
	int sent = -1;

	*verdict = MQ_UNKNOWN;
	if (mq_require_open(mq, err) != 0 || mq_drain(mq, err) != 0 ||
	    confirm_mode(mq, err) != 0)
		return -1;
	if (mq->blocked)
		return say_blocked(mq, err);
	batch.first_tag = mq->next_tag;
	mq->batch = &batch;
	if (send_message(mq, message, properties, deadline, err) == 0)
		sent = await_verdicts(mq, 0, deadline, err);
	mq->batch = NULL;
	return sent;
}
