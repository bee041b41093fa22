/*
 * Consuming with manual acknowledgement.
 *
 * Deliveries that arrive while something else is waited for (a confirm of
 * mq_forward, an answer) are kept and handed out by mq_next in their order.
 * mq_next may hold deliveries that the socket does not show: wait on mq_socket
 * only after mq_next has returned 0.
 */
#ifndef MQ_MQ_CONSUMER_H
#define MQ_MQ_CONSUMER_H

#include "core/arena.h"
#include "mq/mq_connection.h"

/* Of a longer body only so much is kept: no event of ours is near it, and a
 * stranger's must not exhaust the arena. */
#define MQ_BODY_MAX (1024 * 1024)

struct mq_delivery {
	uint64_t tag;	   /* good for this connection only */
	const char *queue; /* the queue it came from */
	const char *exchange;
	const char *routing_key;
	const char *message_id; /* NULL: none */
	const char *correlation_id;
	const char *type;
	const char *app_id;
	const char *traceparent;
	const char *error; /* the x-error header */
	/* Where a message that was forwarded or dead-lettered was first
	 * delivered from, and how it had come there; else NULL, the key the
	 * message's own. */
	const char *origin_queue;
	const char *origin_key;
	int64_t attempts;     /* the x-attempts header, 0 without */
	int64_t timestamp_ms; /* 0: none */
	bool redelivered;
	bool cut; /* the body was longer than MQ_BODY_MAX */
	const char *body;
	size_t body_len;
	const void *properties; /* as they came, for mq_forward */
	size_t properties_len;
};

/* Sets the prefetch of the consumers started after it (each its own). These two
 * want an open connection, so that a lost one never consumes by other rules. */
int mq_consumer_prefetch(
    struct mq *mq, unsigned count, struct err *err) MUST_CHECK;
/* Starts consuming `queue` on mq. */
int mq_consume(struct mq *mq, const char *queue, struct err *err) MUST_CHECK;
/* Waits for the next delivery until the deadline: 1 with *delivery (in the
 * arena), 0 when none came, -1 when the connection was lost or the broker
 * cancelled the consumer. */
int mq_next(struct mq *mq, struct arena *arena, struct deadline deadline,
    struct mq_delivery *delivery, struct err *err) MUST_CHECK;
/* Fails when the delivery's connection is gone: the broker then delivers it
 * again. */
int mq_ack(struct mq *mq, uint64_t tag, struct err *err) MUST_CHECK;
/* requeue false sends it to the queue's dead-letter exchange. */
int mq_reject(
    struct mq *mq, uint64_t tag, bool requeue, struct err *err) MUST_CHECK;
/* One message without a consumer: 1, 0 when empty, -1 (ERR_NOT_FOUND: no such
 * queue). Opens the connection if needed. Acknowledge it as any. */
int mq_get(struct mq *mq, struct arena *arena, const char *queue,
    struct mq_delivery *delivery, struct err *err) MUST_CHECK;
/* Publishes a delivery again with x-attempts, x-error and x-origin headers: 0
 * when a queue has it, confirmed before the deadline. Body and properties are
 * the same, but for those that would act again (expiration, user-id, CC, BCC).
 * A cut body is ERR_INVALID: reject such a message, the broker still has it
 * whole. */
int mq_forward(struct mq *mq, const struct mq_delivery *delivery,
    const char *exchange, const char *routing_key, int64_t attempts,
    const char *error, struct deadline deadline, struct err *err) MUST_CHECK;

#endif
