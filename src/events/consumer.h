/*
 * Consuming one queue of another service's events: each message is acted on
 * once, acknowledged after its effect is committed, tried again after a growing
 * delay when it cannot be handled, and in the end dead-lettered with the reason
 * (contract section 4).
 *
 * A database or broker that is away costs a message no attempt: the connection
 * is dropped and the broker keeps the message. Belongs to one process.
 */
#ifndef EVENTS_CONSUMER_H
#define EVENTS_CONSUMER_H

#include "core/digest.h"
#include "events/pace.h"
#include "events/topology.h"
#include "model/request_context.h"
#include "mq/mq_consumer.h"
#include "service/outbox.h"

/* What a handler may say of a message besides the errors of the services: that
 * it makes no sense, or that trying it again is pointless. */
extern const struct err_def MESSAGE_UNUSABLE;
extern const struct err_def MESSAGE_REFUSED;

/* A message on its way through its handler. */
struct message {
	const struct mq_delivery *delivery;
	const char *source; /* the exchange it was published to */
	struct digest key;  /* in the inbox */
	bool duplicate;	    /* the inbox has it already */
};

/* The inbox row, for booking_change.in_transaction with the message as its
 * context. */
int message_note(struct db *db, void *context, struct err *err) MUST_CHECK;

struct consumer_settings {
	const struct event_source *source;
	const struct mq_topology *topology;
	const char *dead_exchange;
	unsigned prefetch;
	unsigned retries;
	int64_t first_delay_ms;
	int64_t message_timeout_ms; /* of one handling */
};

struct consumer {
	const struct consumer_settings *settings;
	struct db *db;
	struct mq *mq;	       /* consumes and forwards */
	struct outbox *outbox; /* flushed when nothing comes; NULL: none */
	struct arena *arena;   /* reset by each step */
	/* 0 when the message was acted on, its inbox row included. */
	int (*handle)(void *context, const struct request_context *ctx,
	    struct message *message, struct err *err);
	void *context;
	bool lost; /* broker or database, when last tried */
};

/* Handles one message, or tells when one may come. */
void consumer_step(struct consumer *consumer, struct pace *pace);

#endif
