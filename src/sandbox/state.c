#include "sandbox/state.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>

/* A fault in one word, so that calls never see half of a change:
 * mode in the top 8 bits, delay in the next 24, count in the low 32. */
#define MODE_SHIFT  56
#define DELAY_SHIFT 32
#define DELAY_MASK  0xffffffu
_Static_assert(FAULT_MODE__COUNT <= 256, "a mode fits 8 bits");
_Static_assert(FAULT_MAX_DELAY_MS <= DELAY_MASK, "a delay fits 24 bits");

struct flight_slot {
	bool used; /* set last, cleared first */
	char id[FLIGHT_ID_SIZE];
	struct flight flight;
};

struct revoked_slot {
	bool used;
	struct digest token;
};

struct state {
	_Atomic uint64_t fault[SERVICE__COUNT];
	_Atomic int dialect[DIALECT_OPTION__COUNT];
	_Atomic uint64_t tally[SERVICE__COUNT][TALLY__COUNT];
	_Atomic unsigned flights; /* used slots, read without the lock */
	_Atomic unsigned revoked;
	pthread_mutex_t lock; /* guards what follows */
	struct state_call last_call[SERVICE__COUNT];
	struct flight_slot flight[STATE_MAX_FLIGHTS];
	struct revoked_slot token[STATE_MAX_REVOKED];
};

static int
init_lock(pthread_mutex_t *lock)
{
	pthread_mutexattr_t attributes;
	int result;

	if (pthread_mutexattr_init(&attributes) != 0)
		return -1;
	pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
	pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
	result = pthread_mutex_init(lock, &attributes);
	pthread_mutexattr_destroy(&attributes);
	return result == 0 ? 0 : -1;
}

struct state *
state_create(void)
{
	struct state *state = mmap(NULL, sizeof(*state), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (state == MAP_FAILED)
		return NULL;
	if (init_lock(&state->lock) != 0) {
		state_free(state);
		return NULL;
	}
	return state;
}

void
state_free(struct state *state)
{
	if (state != NULL)
		munmap(state, sizeof(*state));
}

static void
recount(struct state *state)
{
	unsigned flights = 0;
	unsigned revoked = 0;

	for (unsigned i = 0; i < STATE_MAX_FLIGHTS; i++)
		flights += state->flight[i].used;
	for (unsigned i = 0; i < STATE_MAX_REVOKED; i++)
		revoked += state->token[i].used;
	atomic_store(&state->flights, flights);
	atomic_store(&state->revoked, revoked);
}

static void
lock(struct state *state)
{
	int result = pthread_mutex_lock(&state->lock);

	if (result == EOWNERDEAD)
		result = pthread_mutex_consistent(&state->lock);
	assert(result == 0);
	(void)result;
}

static void
unlock(struct state *state)
{
	pthread_mutex_unlock(&state->lock);
}

void
state_reset(struct state *state)
{
	for (unsigned i = 0; i < SERVICE__COUNT; i++)
		atomic_store(&state->fault[i], 0);
	for (unsigned i = 0; i < DIALECT_OPTION__COUNT; i++)
		atomic_store(&state->dialect[i], 0);
	state_reset_calls(state);
	lock(state);
	for (unsigned i = 0; i < STATE_MAX_FLIGHTS; i++)
		state->flight[i].used = false;
	for (unsigned i = 0; i < STATE_MAX_REVOKED; i++)
		state->token[i].used = false;
	recount(state);
	unlock(state);
}

/* --- faults and dialects ------------------------------------------------- */

static uint64_t
pack(const struct fault *fault)
{
	return (uint64_t)fault->mode << MODE_SHIFT |
	       (uint64_t)(fault->delay_ms & DELAY_MASK) << DELAY_SHIFT |
	       fault->count;
}

static struct fault
unpack(uint64_t word)
{
	return (struct fault){
		.mode = (enum fault_mode)(word >> MODE_SHIFT),
		.delay_ms = (unsigned)(word >> DELAY_SHIFT) & DELAY_MASK,
		.count = (uint32_t)word,
	};
}

void
state_set_fault(
    struct state *state, enum service service, const struct fault *fault)
{
	atomic_store(&state->fault[service], pack(fault));
}

struct fault
state_take_fault(struct state *state, enum service service)
{
	uint64_t now = atomic_load(&state->fault[service]);
	uint64_t next;

	do {
		uint32_t count = (uint32_t)now;

		if (count == 0)
			break;
		next = count == 1 ? 0 : now - 1;
	} while (
	    !atomic_compare_exchange_weak(&state->fault[service], &now, next));
	return unpack(now);
}

struct fault
state_fault(const struct state *state, enum service service)
{
	return unpack(atomic_load(&state->fault[service]));
}

void
state_set_dialect(struct state *state, enum dialect_option option, int choice)
{
	atomic_store(&state->dialect[option], choice);
}

int
state_dialect(const struct state *state, enum dialect_option option)
{
	return atomic_load(&state->dialect[option]);
}

/* --- calls ---------------------------------------------------------------- */

void
state_count(struct state *state, enum service service, enum tally tally)
{
	atomic_fetch_add(&state->tally[service][tally], 1);
}

uint64_t
state_counted(const struct state *state, enum service service, enum tally tally)
{
	return atomic_load(&state->tally[service][tally]);
}

void
state_reset_calls(struct state *state)
{
	for (unsigned s = 0; s < SERVICE__COUNT; s++)
		for (unsigned t = 0; t < TALLY__COUNT; t++)
			atomic_store(&state->tally[s][t], 0);
	lock(state);
	memset(state->last_call, 0, sizeof(state->last_call));
	unlock(state);
}

void
state_set_last_call(
    struct state *state, enum service service, const struct state_call *call)
{
	lock(state);
	state->last_call[service] = *call;
	unlock(state);
}

void
state_last_call(
    struct state *state, enum service service, struct state_call *call)
{
	lock(state);
	*call = state->last_call[service];
	unlock(state);
}

/* --- explicit flights -------------------------------------------------------
 */

/* The slot that holds id, else with `empty` a free one, else NULL. */
static struct flight_slot *
find_slot(struct state *state, const char *id, bool empty)
{
	struct flight_slot *unused = NULL;

	for (unsigned i = 0; i < STATE_MAX_FLIGHTS; i++) {
		struct flight_slot *slot = &state->flight[i];

		if (slot->used && strcmp(slot->id, id) == 0)
			return slot;
		if (!slot->used && unused == NULL)
			unused = slot;
	}
	return empty ? unused : NULL;
}

int
state_put_flight(
    struct state *state, const char *id, const struct flight *flight)
{
	struct flight_slot *slot;

	assert(strlen(id) < FLIGHT_ID_SIZE);
	lock(state);
	slot = find_slot(state, id, true);
	if (slot != NULL) {
		slot->used = false;
		atomic_signal_fence(memory_order_seq_cst);
		memcpy(slot->id, id, strlen(id) + 1);
		slot->flight = *flight;
		atomic_signal_fence(memory_order_seq_cst);
		slot->used = true;
		recount(state);
	}
	unlock(state);
	return slot == NULL ? -1 : 0;
}

bool
state_find_flight(struct state *state, const char *id, struct flight *flight)
{
	const struct flight_slot *slot;

	if (atomic_load(&state->flights) == 0)
		return false;
	lock(state);
	slot = find_slot(state, id, false);
	if (slot != NULL)
		*flight = slot->flight;
	unlock(state);
	return slot != NULL;
}

bool
state_drop_flight(struct state *state, const char *id)
{
	struct flight_slot *slot;

	lock(state);
	slot = find_slot(state, id, false);
	if (slot != NULL) {
		slot->used = false;
		recount(state);
	}
	unlock(state);
	return slot != NULL;
}

/* --- revoked tokens ---------------------------------------------------------
 */

static bool
is_revoked(const struct state *state, const struct digest *token)
{
	for (unsigned i = 0; i < STATE_MAX_REVOKED; i++)
		if (state->token[i].used &&
		    digest_equal(&state->token[i].token, token))
			return true;
	return false;
}

static struct revoked_slot *
free_token(struct state *state)
{
	for (unsigned i = 0; i < STATE_MAX_REVOKED; i++)
		if (!state->token[i].used)
			return &state->token[i];
	return NULL;
}

int
state_revoke(struct state *state, const struct digest *token)
{
	struct revoked_slot *slot;
	bool known;

	lock(state);
	known = is_revoked(state, token);
	slot = known ? NULL : free_token(state);
	if (slot != NULL) {
		slot->token = *token;
		atomic_signal_fence(memory_order_seq_cst);
		slot->used = true;
		recount(state);
	}
	unlock(state);
	return known || slot != NULL ? 0 : -1;
}

bool
state_revoked(struct state *state, const struct digest *token)
{
	bool revoked;

	lock(state);
	revoked = is_revoked(state, token);
	unlock(state);
	return revoked;
}

bool
state_any_revoked(const struct state *state)
{
	return atomic_load(&state->revoked) > 0;
}
