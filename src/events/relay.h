/*
 * The relay: publishes what requests could not, in order for each booking, at
 * least once, and never loses anything (contract section 4).
 *
 * Several relays, on several hosts, share the shards by leases. Of each booking
 * only the first unpublished event may leave; it is marked after the broker has
 * confirmed it, while the lease is still ours, and on any doubt it is not. What
 * the broker refuses is tried again after a growing delay and in the end left
 * for the operator; that the broker is away costs no attempt.
 *
 * Belongs to one process; a step blocks at most for the publish time-out and
 * the database's time-outs.
 */
#ifndef EVENTS_RELAY_H
#define EVENTS_RELAY_H

#include "events/pace.h"
#include "gateway/relay_wake.h"
#include "mq/mq_connection.h"
#include "mq/mq_topology.h"
#include "repository/lease_repo.h"
#include "repository/outbox_repo.h"

/* The window: messages without a verdict at any moment. */
#define RELAY_BATCH 256
/* Bookings that workers have named and that still have something to send. */
#define RELAY_NAMED_MAX 64

struct relay_settings {
	const char *exchange;
	const struct mq_topology *topology;
	int64_t publish_timeout_ms;
	/* An event younger than this is its request's own business. */
	int64_t grace_ms;
	unsigned max_attempts; /* then an event is dead */
	int64_t lease_ms;
};

struct relay {
	const struct relay_settings *settings;
	struct db *db;
	struct mq *mq;
	struct relay_wake *wake; /* NULL: polling alone */
	struct arena *arena;	 /* reset by each step */
	struct uuid id;
	char host[100];

	struct shard_leases leases;
	int64_t leased_until_ms; /* monotonic, on the safe side */
	int64_t next_renewal_ms;
	int64_t next_declaration_ms;

	bool waiting[OUTBOX_SHARDS]; /* still to be looked at in this pass */
	struct uuid cursor[OUTBOX_SHARDS]; /* where the pass has come to */
	bool in_pass;
	bool found; /* the pass has met an event that was due */
	struct uuid named[RELAY_NAMED_MAX];
	size_t named_count;
	int64_t pause_ms;
	uint64_t published; /* since the start */
	bool broker_lost;   /* they were, when last tried */
	bool database_lost;
};

/* Connects to nothing yet; everything is lent. */
void relay_init(struct relay *relay, const struct relay_settings *settings,
    struct db *db, struct mq *mq, struct arena *arena, struct relay_wake *wake);
/* Takes one batch from the outbox to the broker. */
void relay_step(struct relay *relay, struct pace *pace);
/* Gives the leases back. */
void relay_leave(struct relay *relay);

/* How long an event waits that was refused so many times. */
int64_t relay_delay_ms(unsigned attempts);

#endif
