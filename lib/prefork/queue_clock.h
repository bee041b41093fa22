/*
 * How long the connection just accepted has waited in the listen queue, which
 * no kernel tells.
 *
 * Workers count what they accept. Now and then somebody notes how many
 * connections have arrived so far: those accepted plus those still queued. The
 * queue is first in, first out, so the k-th accepted connection had arrived
 * when a sample first showed k arrivals: it has waited at least since then.
 * An answer is never too long for a connection that is alone in the queue, and
 * too short by no more than the time between samples. Others that accept from
 * the same socket (an older generation) shift the count; each sample corrects
 * the ones before it.
 *
 * Plain data in shared memory and atomic accesses; nobody waits. Times are
 * monotonic milliseconds.
 */
#ifndef PREFORK_QUEUE_CLOCK_H
#define PREFORK_QUEUE_CLOCK_H

#include <stdatomic.h>

#include "core/base.h"

#define QUEUE_SAMPLES 256

struct queue_clock {
	int64_t each_ms; /* between samples */
	_Atomic uint32_t accepted;
	_Atomic int64_t due_ms;			 /* of the next sample */
	_Atomic uint32_t taken;			 /* samples so far */
	_Atomic uint64_t samples[QUEUE_SAMPLES]; /* time and arrivals, packed */
	/* for a status: what the samples showed */
	_Atomic uint32_t depth;
	_Atomic uint32_t deepest;
	_Atomic uint32_t room; /* the queue's limit */
};

/* A queue: connections that wait, and how many may. */
struct queue_depth {
	uint32_t waiting;
	uint32_t room;
};

/* Samples fine enough to tell when limit_ms have passed; 0: no limit, one
 * sample a second. Before the fork. */
void queue_clock_init(struct queue_clock *clock, int64_t limit_ms);
/* A connection was accepted: its number, for queue_clock_age_ms. */
uint32_t queue_clock_accepted(struct queue_clock *clock);
/* True for one caller when a sample is due. */
bool queue_clock_due(struct queue_clock *clock, int64_t now_ms);
/* A sample in two halves: the first before the queue's depth is read, so that
 * what is accepted in between is never counted twice. */
uint32_t queue_clock_begin(const struct queue_clock *clock);
void queue_clock_sample(struct queue_clock *clock, int64_t now_ms,
    uint32_t begun, const struct queue_depth *depth);
/* How long the connection with this number has waited, at least. */
int64_t queue_clock_age_ms(
    const struct queue_clock *clock, uint32_t number, int64_t now_ms);

#endif
