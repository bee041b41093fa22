/*
 * Exchanges, queues and bindings, declared idempotently from rows.
 *
 * An object that exists with other arguments is never touched: it is reported
 * and the rest goes on. What the broker forbids to declare is taken as it is
 * when it exists: its operator made it. All is durable.
 */
#ifndef MQ_MQ_TOPOLOGY_H
#define MQ_MQ_TOPOLOGY_H

#include "mq/mq_connection.h"

struct mq_exchange {
	const char *name;
	const char *type; /* "topic", "direct", "fanout" */
};
struct mq_queue {
	const char *name;
	bool quorum;			  /* else classic */
	const char *dead_letter_exchange; /* NULL: none */
	const char *dead_letter_key;	  /* NULL: the message's own */
	int64_t message_ttl_ms;		  /* 0: none */
	int64_t expires_ms; /* deleted when unused for so long; 0: never */
};
struct mq_binding {
	const char *queue;
	const char *exchange;
	const char *key;
};
struct mq_topology {
	const struct mq_exchange *exchanges;
	size_t exchange_count;
	const struct mq_queue *queues;
	size_t queue_count;
	const struct mq_binding *bindings;
	size_t binding_count;
};

/* Declares all rows on a connection of its own making; reports each object
 * that differs (or cannot be made) to `differs`, with the broker's reason, and
 * returns 0 when all others stand. -1 when the broker cannot be reached. */
int mq_declare(struct mq *mq, const struct mq_topology *topology,
    void (*differs)(void *context, const char *object, const char *why),
    void *context, struct err *err) MUST_CHECK;
/* 0 when the exchange is there; -1 when it is missing (as below). */
int mq_exchange_exists(
    struct mq *mq, const char *exchange, struct err *err) MUST_CHECK;
/* Messages ready in a queue, by passive declaration; -1 when it is missing
 * (ERR_NOT_FOUND; the connection stays open, but for a consumer's). */
int mq_queue_depth(struct mq *mq, const char *queue, uint32_t *messages,
    struct err *err) MUST_CHECK;

#endif
