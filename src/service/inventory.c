#include "service/inventory.h"

#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>

#include "core/digest.h"
#include "db/transaction.h"
#include "repository/flight_repo.h"
#include "repository/seat_repo.h"

#define KNOWN 4096

/* Digests of stored snapshots; those that share a place displace each other. */
struct inventory {
	_Atomic uint64_t known[KNOWN];
};

struct inventory *
inventory_create(void)
{
	void *memory = mmap(NULL, sizeof(struct inventory),
	    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

/* A digest of all that is stored of a flight; never 0. */
static uint64_t
snapshot_mark(const struct flight *flight)
{
	const struct digest_part parts[] = {
		{ flight->flight_id, strlen(flight->flight_id) },
		{ flight->flight_number, strlen(flight->flight_number) },
		{ flight->airline, strlen(flight->airline) },
		{ flight->origin, strlen(flight->origin) },
		{ flight->destination, strlen(flight->destination) },
		{ flight->status, strlen(flight->status) },
		{ flight->currency, strlen(flight->currency) },
		{ &flight->departure_ms, sizeof(flight->departure_ms) },
		{ &flight->arrival_ms, sizeof(flight->arrival_ms) },
		{ &flight->price_cents, sizeof(flight->price_cents) },
		{ &flight->total_seats, sizeof(flight->total_seats) },
	};
	struct digest digest = digest_of_parts(parts, ARRAY_LEN(parts));
	uint64_t mark;

	memcpy(&mark, digest.bytes, sizeof(mark));
	return mark | 1;
}

bool
inventory_is_stored(
    const struct inventory *inventory, const struct flight *flight)
{
	uint64_t mark = snapshot_mark(flight);

	return inventory->known[(mark >> 1) % KNOWN] == mark;
}

struct store_work {
	const struct request_context *ctx;
	const struct flight *flight;
};

static bool
same_snapshot(const struct flight *stored, const struct flight *flight)
{
	return stored->total_seats >= flight->total_seats &&
	       stored->departure_ms == flight->departure_ms &&
	       stored->arrival_ms == flight->arrival_ms &&
	       stored->price_cents == flight->price_cents &&
	       strcmp(stored->flight_number, flight->flight_number) == 0 &&
	       strcmp(stored->airline, flight->airline) == 0 &&
	       strcmp(stored->origin, flight->origin) == 0 &&
	       strcmp(stored->destination, flight->destination) == 0 &&
	       strcmp(stored->currency, flight->currency) == 0 &&
	       strcmp(stored->status, flight->status) == 0;
}

/* Whether there is nothing to store: the same, or what was told later. What
 * comes from the future was stored by a clock that is ahead, and is no later.
 */
static bool
is_superseded(
    const struct flight *stored, const struct flight *flight, int64_t now_ms)
{
	if (stored == NULL)
		return false;
	return same_snapshot(stored, flight) ||
	       (stored->seen_at_ms > flight->seen_at_ms &&
		   stored->seen_at_ms <= now_ms);
}

/* Seats are added before anything can sell them: the flight's row, locked
 * or inserted before them, makes runners wait for each other. */
static int
store_in_transaction(struct db *db, void *context, struct err *err)
{
	struct store_work *work = context;
	struct arena *arena = work->ctx->arena;
	const struct flight *flight = work->flight;
	int64_t now_ms = clock_wall_ms();
	struct flight *stored;
	unsigned have = 0;

	if (flight_repo_find_to_change(
		db, arena, flight->flight_id, &stored, err) != 0)
		return -1;
	if (is_superseded(stored, flight, now_ms))
		return 0;
	if (flight_repo_save(db, arena, flight, now_ms, err) != 0 ||
	    seat_repo_count(db, arena, flight->flight_id, &have, err) != 0)
		return -1;
	if (have < flight->total_seats &&
	    seat_repo_add(db, arena, flight, have, flight->total_seats, now_ms,
		work->ctx->deadline, err) != 0)
		return -1;
	return flight_repo_carry_over(db, flight->flight_id, now_ms, err);
}

int
inventory_store(struct inventory *inventory, struct db *db,
    const struct request_context *ctx, const struct flight *flight,
    struct err *err)
{
	struct store_work work = { ctx, flight };
	struct flight *stored = NULL;
	uint64_t mark = snapshot_mark(flight);

	if (flight_repo_find(db, ctx->arena, flight->flight_id, &stored, err) !=
	    0)
		return -1;
	if (!is_superseded(stored, flight, clock_wall_ms()) &&
	    db_transaction(
		db, ctx->deadline, store_in_transaction, &work, err) != 0)
		return -1;
	inventory->known[(mark >> 1) % KNOWN] = mark;
	return 0;
}

int
inventory_catch_up(struct db *db, struct arena *arena, int64_t since_ms,
    size_t *flights, struct err *err)
{
	const char *ids[INVENTORY_CATCH_UP_BATCH];
	size_t count = ARRAY_LEN(ids);

	if (flight_repo_left_behind(db, arena, since_ms, ids, &count, err) != 0)
		return -1;
	*flights = count;
	for (size_t i = 0; i < count; i++) {
		if (flight_repo_carry_over(db, ids[i], clock_wall_ms(), err) !=
		    0)
			return -1;
	}
	return 0;
}
