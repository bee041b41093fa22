/*
 * The service's exchanges, queues and bindings on the broker (contract
 * section 4), from configuration, declared idempotently.
 *
 *   booking_events (topic) -> a queue for each kind of event
 *                          -> a queue for each downstream service
 *   booking_events.dlx     -> booking_events.dlq
 *   payment_events (topic) -> our queue, flight_events (topic) -> our queue;
 *       each with delay queues, whose messages come back when their time is up
 */
#ifndef EVENTS_TOPOLOGY_H
#define EVENTS_TOPOLOGY_H

#include "model/event.h"
#include "mq/mq_topology.h"

#define RETRY_DELAYS_MAX 10

/* Another service's events that we act on. */
struct event_source {
	const char *exchange; /* "" = not consumed */
	const char *queue;    /* ours */
	const char *const *keys;
	size_t key_count;
	/* Each message is handled a second time after so long; 0: not. For
	 * what may still happen behind the first handling's back. */
	int64_t again_ms;
};

struct topology_settings {
	const char *exchange; /* the topic exchange of booking events */
	const char *queues[EVENT_TYPE__COUNT];
	/* "reminder analytics=booking.created,booking.cancelled":
	 * blank-separated queues of downstream services, each with the keys it
	 * binds to. */
	const char *consumer_queues;
	const char *reminder_exchange; /* direct; "" = none */
	bool quorum;
	const struct event_source *sources;
	size_t source_count;
	unsigned retries; /* of a consumed message, at most RETRY_DELAYS_MAX */
	int64_t first_delay_ms; /* doubled with each further one */
};

/* Builds the rows in the arena. ERR_INVALID when consumer_queues is malformed.
 */
int topology_build(struct arena *arena, const struct topology_settings *from,
    struct mq_topology *topology, struct err *err) MUST_CHECK;
/* Declares what is missing, on a connection of its own. What exists with other
 * arguments is logged and left alone. -1: the broker cannot be reached. */
int topology_declare(struct mq *mq, const struct mq_topology *topology,
    struct err *err) MUST_CHECK;

/* "booking_events.dlx" and "booking_events.dlq". */
const char *topology_dead_exchange(struct arena *arena, const char *exchange);
const char *topology_dead_queue(struct arena *arena, const char *exchange);
/* How long the retry of this number (from 1) waits. */
int64_t topology_delay_ms(int64_t first_delay_ms, unsigned retry);
/* "booking.payment_events.retry.2000ms". */
const char *topology_delay_queue(
    struct arena *arena, const char *queue, int64_t delay_ms);
/* "booking.flight_events.again.38000ms". */
const char *topology_again_queue(
    struct arena *arena, const struct event_source *source);

#endif
