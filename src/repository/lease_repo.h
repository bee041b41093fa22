/*
 * Which relay publishes which shard of the outbox: leases that run out by the
 * database's clock, so that relays on several hosts share the work and take
 * over from each other.
 */
#ifndef REPOSITORY_LEASE_REPO_H
#define REPOSITORY_LEASE_REPO_H

#include "repository/event_repo.h"

/* A lease is one relay's for one epoch; another relay, or the same after it
 * lost the shard, has a higher one. */
struct shard_leases {
	bool held[OUTBOX_SHARDS];
	unsigned epoch[OUTBOX_SHARDS];
	unsigned count;
};

/* Notes that the relay lives, for lease_ms. */
int lease_repo_register(struct db *db, const struct uuid *relay,
    const char *host, int64_t lease_ms, struct err *err) MUST_CHECK;
/* Relays that live, this one included. */
int lease_repo_relays(struct db *db, struct arena *arena, unsigned *count,
    struct err *err) MUST_CHECK;
/* Prolongs the leases that the relay still has. */
int lease_repo_renew(struct db *db, const struct uuid *relay, int64_t lease_ms,
    struct err *err) MUST_CHECK;
/* Takes up to `count` shards that nobody holds. */
int lease_repo_take(struct db *db, const struct uuid *relay, int64_t lease_ms,
    unsigned count, struct err *err) MUST_CHECK;
/* Gives up to `count` shards back. */
int lease_repo_give(struct db *db, const struct uuid *relay, unsigned count,
    struct err *err) MUST_CHECK;
/* The leases that the relay holds. */
int lease_repo_held(struct db *db, struct arena *arena,
    const struct uuid *relay, struct shard_leases *leases,
    struct err *err) MUST_CHECK;
/* As lease_repo_held, and nobody can take them over until the transaction
 * ends. */
int lease_repo_lock(struct db *db, struct arena *arena,
    const struct uuid *relay, struct shard_leases *leases,
    struct err *err) MUST_CHECK;
/* Gives everything back and signs off. */
int lease_repo_leave(
    struct db *db, const struct uuid *relay, struct err *err) MUST_CHECK;
/* Forgets relays that have not lived for a day. */
int lease_repo_sweep(struct db *db, struct err *err) MUST_CHECK;

/* For the operator: every live relay with its number of shards. */
struct relay_share {
	const char *host;
	unsigned shards;
};
int lease_repo_shares(struct db *db, struct arena *arena,
    struct relay_share **shares, size_t *count, struct err *err) MUST_CHECK;

#endif
