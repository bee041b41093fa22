/*
 * What the files of lib/mq share: the connection's state, and one reader of
 * frames that every wait goes through.
 *
 * rabbitmq-c is used for the login, for encoding and decoding, and for nothing
 * else: its RPCs, its message reader and its queue of frames are not, since
 * they know no deadline, and lose or delay what arrives between. One channel
 * carries everything; frames are acted on in the order in which they come.
 */
#ifndef MQ_MQ_PRIVATE_H
#define MQ_MQ_PRIVATE_H

#include <sys/time.h>
#include <sys/types.h>

#if __has_include(<rabbitmq-c/amqp.h>)
#include <rabbitmq-c/amqp.h>
#include <rabbitmq-c/framing.h>
#else
#include <amqp.h>
#include <amqp_framing.h>
#endif

#include "mq/mq_connection.h"
#include "mq/mq_publisher.h"
#include "mq/mq_url.h"

#define MQ_CHANNEL     1
#define MQ_NAME_SIZE   256 /* AMQP's short string and a NUL */
#define MQ_CHECKED_MAX 4

/* The messages whose verdicts somebody waits for; one batch at a time. */
struct mq_batch {
	const struct mq_message *messages;
	enum mq_verdict *verdicts;
	uint64_t first_tag;
	size_t sent;
	size_t settled; /* verdicts other than unknown */
	size_t lowest;	/* everything before it is settled */
};

enum mq_content_kind { MQ_CONTENT_DELIVERY, MQ_CONTENT_GOT, MQ_CONTENT_RETURN };

/* A message on its way in, or complete and waiting to be taken. */
struct mq_content {
	struct mq_content *next;
	enum mq_content_kind kind;
	uint64_t tag;
	bool redelivered;
	bool has_header;
	char queue[MQ_NAME_SIZE];
	char exchange[MQ_NAME_SIZE];
	char routing_key[MQ_NAME_SIZE];
	char *properties; /* encoded, as they came */
	size_t properties_len;
	char *body; /* the first MQ_BODY_MAX bytes */
	size_t body_len;
	uint64_t body_size;	/* as announced */
	uint64_t body_received; /* so far */
};

/* The last method that was neither content nor news: an answer. */
struct mq_reply {
	amqp_method_number_t method;
	uint32_t message_count;
};

struct mq {
	char *tls_ca;
	char *name;
	int64_t timeout_ms;
	struct mq_url url;
	const char *url_defect; /* NULL: url is usable */

	amqp_connection_state_t wire; /* NULL: closed */
	pid_t owner;		      /* the process that opened it */
	uint64_t epoch;		      /* counts openings of the channel */
	bool channel_open;
	bool blocked;
	bool proven; /* has done more than open */
	unsigned failures;
	int64_t next_try_ms;

	bool consuming;
	bool confirming;
	uint64_t next_tag;
	struct mq_batch *batch;
	char checked[MQ_CHECKED_MAX][MQ_NAME_SIZE]; /* exchanges that exist */
	unsigned checked_count;

	struct mq_reply reply;
	struct mq_content *incoming; /* incomplete */
	struct mq_content *arrived;  /* complete deliveries, in order */
	struct mq_content **arrived_end;
	struct mq_content *got; /* the answer to basic.get */
};

/* --- mq_connection.c --- */

/* A closed connection with the same settings and a history of its own. */
struct mq *mq_twin(const struct mq *mq);
/* How long to wait after so many failures in a row, with jitter. */
int64_t mq_pause_ms(unsigned failures);
/* Drops the connection, counts the failure and sets err. Returns -1. */
int mq_lose(struct mq *mq, const struct err_def *def, const char *doing,
    const char *why, struct err *err);
/* ERR_UNAVAILABLE unless open. */
int mq_require_open(const struct mq *mq, struct err *err) MUST_CHECK;
/* The connection has done something useful: a loss from here on is not a
 * failure to open. */
void mq_prove(struct mq *mq);

/* --- mq_frames.c --- */

/* Waits for one frame and acts on it: 1, 0 when none came in time, -1 when the
 * connection was lost and dropped. A closed channel is a lost connection. */
int mq_pump(
    struct mq *mq, struct deadline deadline, struct err *err) MUST_CHECK;
/* Acts on what has already arrived, without waiting. 0 or -1. */
int mq_drain(struct mq *mq, struct err *err) MUST_CHECK;
/* Sends a method. 0 or -1 (dropped). */
int mq_send(struct mq *mq, amqp_method_number_t method, void *fields,
    struct err *err) MUST_CHECK;
/* Sends a method and waits for the answer, timeout_ms at most: 1 when it came
 * (mq->reply), 0 when the broker refused and closed the channel (err is set,
 * the connection stands: mq_reopen_channel), -1 when the connection is lost. */
int mq_ask(struct mq *mq, amqp_method_number_t request, void *fields,
    amqp_method_number_t answer, struct err *err) MUST_CHECK;
/* As mq_ask, for callers to whom a refusal is a loss: 0 or -1 (dropped). */
int mq_call(struct mq *mq, amqp_method_number_t request, void *fields,
    amqp_method_number_t answer, struct err *err) MUST_CHECK;
/* Opens the channel; its state starts anew. */
int mq_reopen_channel(struct mq *mq, struct err *err) MUST_CHECK;

/* --- mq_content.c --- */

int mq_content_begin(struct mq *mq, enum mq_content_kind kind,
    const amqp_frame_t *frame, struct err *err) MUST_CHECK;
int mq_content_header(
    struct mq *mq, const amqp_frame_t *frame, struct err *err) MUST_CHECK;
int mq_content_body(
    struct mq *mq, const amqp_frame_t *frame, struct err *err) MUST_CHECK;
void mq_content_free(struct mq_content *content);
/* Frees all that is incoming, arrived or got. */
void mq_content_clear(struct mq *mq);

/* --- mq_publisher.c --- */

/* The broker has answered for delivery tag `tag`, or for all up to it. */
void mq_settle(
    struct mq *mq, uint64_t tag, bool multiple, enum mq_verdict verdict);
/* The broker has sent a message back. */
void mq_returned(struct mq *mq, const char *message_id, size_t len);
/* Publishes one message with properties of the caller's making. */
int mq_publish_prepared(struct mq *mq, const struct mq_message *message,
    const amqp_basic_properties_t *properties, struct deadline deadline,
    enum mq_verdict *verdict, struct err *err) MUST_CHECK;

/* --- small things --- */

/* The library's byte strings are not const; it does not write through them. */
static inline amqp_bytes_t
mq_bytes(const void *bytes, size_t len)
{
	return (amqp_bytes_t){ .len = len, .bytes = (void *)(uintptr_t)bytes };
}

#endif
