/*
 * What the workers of the sandbox share: faults, dialects, counters, explicit
 * flights and revoked tokens, in anonymous shared memory of fixed size.
 *
 * Faults, dialects and counters are atomics. The tables are behind one mutex
 * that is held for a copy and nothing else; when a worker is killed while it
 * holds it, the next one takes over, and the entry that was being written is
 * not there.
 */
#ifndef SANDBOX_STATE_H
#define SANDBOX_STATE_H

#include "core/digest.h"
#include "sandbox/dialect.h"
#include "sandbox/fault.h"
#include "sandbox/flight.h"

#define STATE_MAX_FLIGHTS 256
#define STATE_MAX_REVOKED 1024

struct state; /* opaque, shared by the processes forked after it was made */

/* Before the fork. NULL when the kernel refuses. */
struct state *state_create(void);
void state_free(struct state *state);
/* As it was made: no fault, default dialects, nothing put, counted, revoked. */
void state_reset(struct state *state);

/* delay_ms is at most FAULT_MAX_DELAY_MS. */
void state_set_fault(
    struct state *state, enum service service, const struct fault *fault);
/* The fault that meets this call, which counts against it. */
struct fault state_take_fault(struct state *state, enum service service);
/* The fault in force, left as it is. */
struct fault state_fault(const struct state *state, enum service service);

void state_set_dialect(
    struct state *state, enum dialect_option option, int choice);
int state_dialect(const struct state *state, enum dialect_option option);

enum tally {
	TALLY_CALLS,	/* every call that came */
	TALLY_POSITIVE, /* a token accepted, a flight found */
	TALLY_NEGATIVE, /* a token refused, a flight not found */
	TALLY_FAULTS,	/* met by a fault */
	TALLY__COUNT
};
void state_count(struct state *state, enum service service, enum tally tally);
uint64_t state_counted(
    const struct state *state, enum service service, enum tally tally);
/* Counters to zero and the last calls forgotten. */
void state_reset_calls(struct state *state);

/* How a service was called last. Texts are cut to what fits. */
struct state_call {
	char path[256];
	char request_id[128]; /* X-Request-Id, "" without one */
	char traceparent[64];
	bool access_token; /* had x-access-token */
	bool bearer;	   /* had Authorization */
};
void state_set_last_call(
    struct state *state, enum service service, const struct state_call *call);
void state_last_call(
    struct state *state, enum service service, struct state_call *call);

/* Puts or replaces; -1 when the table is full. id shorter than
 * FLIGHT_ID_SIZE. */
int state_put_flight(struct state *state, const char *id,
    const struct flight *flight) MUST_CHECK;
bool state_find_flight(
    struct state *state, const char *id, struct flight *flight);
/* False when there was none. */
bool state_drop_flight(struct state *state, const char *id);

/* -1 when the table is full. */
int state_revoke(struct state *state, const struct digest *token) MUST_CHECK;
bool state_revoked(struct state *state, const struct digest *token);
/* True when anything was revoked: spares the digest when not. */
bool state_any_revoked(const struct state *state);

#endif
