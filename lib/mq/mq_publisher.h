/*
 * Publishing with confirms: `mandatory`, persistent, never hanging.
 */
#ifndef MQ_MQ_PUBLISHER_H
#define MQ_MQ_PUBLISHER_H

#include "core/ident.h"
#include "mq/mq_connection.h"

struct mq_message {
	const char *exchange;
	const char *routing_key;
	const char *message_id;
	const char *type;
	const char *app_id;
	const char *correlation_id; /* NULL: none */
	const char *traceparent;    /* header; NULL: none */
	int64_t timestamp_ms;
	const char *body; /* application/json */
	size_t body_len;
};

enum mq_verdict {
	MQ_CONFIRMED, /* the broker has it in at least one queue */
	MQ_RETURNED,  /* confirmed but unroutable: nobody has it */
	MQ_REFUSED,   /* basic.nack */
	MQ_UNKNOWN, /* no confirm within the time: it may or may not be there */
};

/* Puts the channel into confirm mode (once per opening) and checks that the
 * exchange exists (ERR_NOT_FOUND). Opens the connection if needed, also when
 * the broker has closed it meanwhile: call it before each mq_publish; when all
 * is well it asks the broker nothing. */
int mq_publisher_open(
    struct mq *mq, const char *exchange, struct err *err) MUST_CHECK;
/*
 * Publishes up to `count` messages and waits for their verdicts until the
 * deadline. A blocked connection, a lost one or a passed deadline leaves
 * MQ_UNKNOWN. 0 when every message has a verdict other than unknown; -1 with
 * err otherwise (verdicts are valid all the same).
 *
 * After a passed deadline (ERR_TIMEOUT) the connection stays open; a confirm
 * that comes late is told from those of newer messages. Nothing is written to
 * a broker that is known to be blocked, nor more than the kernel takes at once,
 * so that no write waits for a broker that does not read.
 */
int mq_publish(struct mq *mq, const struct mq_message messages[], size_t count,
    struct deadline deadline, enum mq_verdict verdicts[],
    struct err *err) MUST_CHECK;

#endif
