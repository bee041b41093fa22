/*
 * Consuming with manual acknowledgement.
 */
#ifndef MQ_MQ_CONSUMER_H
#define MQ_MQ_CONSUMER_H

#include "core/arena.h"
#include "mq/mq_connection.h"

struct mq_delivery {
	uint64_t tag;
	const char *queue; /* the queue it came from */
	const char *exchange;
	const char *routing_key;
	const char *message_id; /* NULL: none */
	const char *correlation_id;
	const char *traceparent;
	int64_t attempts; /* the x-attempts header, 0 without */
	bool redelivered;
	const char *body;
	size_t body_len;
};

/* Sets the prefetch (per consumer). */
int mq_consumer_prefetch(
    struct mq *mq, unsigned count, struct err *err) MUST_CHECK;
/* Starts consuming `queue` on mq. */
int mq_consume(struct mq *mq, const char *queue, struct err *err) MUST_CHECK;
/* Waits for the next delivery until the deadline: 1 with *delivery (in the
 * arena), 0 when none came, -1 when the connection was lost or the broker
 * cancelled the consumer. */
int mq_next(struct mq *mq, struct arena *arena, struct deadline deadline,
    struct mq_delivery *delivery, struct err *err) MUST_CHECK;
int mq_ack(struct mq *mq, uint64_t tag, struct err *err) MUST_CHECK;
/* requeue false sends it to the queue's dead-letter exchange. */
int mq_reject(
    struct mq *mq, uint64_t tag, bool requeue, struct err *err) MUST_CHECK;
/* One message without a consumer: 1, 0 when empty, -1. Acknowledge it as any.
 */
int mq_get(struct mq *mq, struct arena *arena, const char *queue,
    struct mq_delivery *delivery, struct err *err) MUST_CHECK;
/* Publishes a delivery again (same properties and body) with x-attempts and
 * x-error headers, confirmed before the deadline. */
int mq_forward(struct mq *mq, const struct mq_delivery *delivery,
    const char *exchange, const char *routing_key, int64_t attempts,
    const char *error, struct deadline deadline, struct err *err) MUST_CHECK;

#endif
