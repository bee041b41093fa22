#include "core/clock.h"
#include "events/relay_parts.h"

/* As many shards as each relay has when all live ones share evenly. */
static int
balance(struct relay *relay, struct err *err)
{
	const struct relay_settings *settings = relay->settings;
	unsigned relays = 1, share;

	if (lease_repo_relays(relay->db, relay->arena, &relays, err) != 0 ||
	    lease_repo_held(
		relay->db, relay->arena, &relay->id, &relay->leases, err) != 0)
		return -1;
	share =
	    relays == 0 ? OUTBOX_SHARDS : (OUTBOX_SHARDS + relays - 1) / relays;
	if (relay->leases.count == share)
		return 0;
	if (relay->leases.count > share) {
		if (lease_repo_give(relay->db, &relay->id,
			relay->leases.count - share, err) != 0)
			return -1;
	} else if (lease_repo_take(relay->db, &relay->id, settings->lease_ms,
		       share - relay->leases.count, err) != 0) {
		return -1;
	}
	return lease_repo_held(
	    relay->db, relay->arena, &relay->id, &relay->leases, err);
}

void
relay_keep_leases(struct relay *relay)
{
	int64_t now_ms = clock_monotonic_ms();
	int64_t lease_ms = relay->settings->lease_ms;
	struct err err;

	if (now_ms < relay->next_renewal_ms)
		return;
	err_clear(&err);
	relay->next_renewal_ms = now_ms + lease_ms / 4;
	if (lease_repo_register(
		relay->db, &relay->id, relay->host, lease_ms, &err) != 0 ||
	    lease_repo_renew(relay->db, &relay->id, lease_ms, &err) != 0 ||
	    balance(relay, &err) != 0) {
		relay_note_database(relay, &err);
		return;
	}
	relay->leased_until_ms = now_ms + lease_ms;
}

bool
relay_holds(const struct relay *relay, unsigned shard)
{
	return relay->leases.held[shard] &&
	       clock_monotonic_ms() < relay->leased_until_ms;
}
