/*
 * From the committed event to the broker: publish at once if that keeps the
 * order, and take published events out of the outbox in batches.
 *
 * An event that could not be published, or whose taking out is lost with the
 * worker, stays in the outbox; the relay sends it (again), under the same
 * message id. Belongs to one worker.
 */
#ifndef SERVICE_OUTBOX_H
#define SERVICE_OUTBOX_H

#include "gateway/event_publisher.h"
#include "gateway/relay_wake.h"
#include "prefork/scoreboard.h"
#include "repository/outbox_repo.h"
#include "service/published_board.h"

struct outbox {
	struct db *db;
	struct event_publisher *publisher;
	struct relay_wake *wake; /* told of events that wait; NULL: nobody */
	unsigned max_attempts;	 /* an event with as many is dead */
	struct scoreboard_slot *slot;
	struct published_board *board; /* NULL: no pool */
	struct event_key published[EVENT_MARK_MAX];
	size_t published_count;
	uint64_t confirmed; /* events that the broker took, */
	uint64_t deferred;  /* and that were left to the relay, so far */
	int64_t oldest_ms;  /* monotonic; of the oldest of them */
};

/* Tries to publish a committed event. False: the relay will. `may_send` is
 * what outbox_may_send said in the event's transaction. */
bool outbox_send(struct outbox *outbox, const struct request_context *ctx,
    const struct booking_event *event, bool may_send);
/* Inside the event's transaction: whether it may be published directly, which
 * it may not while an earlier event of its booking waits to be published. */
int outbox_may_send(struct outbox *outbox, struct arena *arena,
    const struct booking_event *event, bool *may_send,
    struct err *err) MUST_CHECK;
/* Flushes if something has waited for long: call it after each reply, so that
 * a worker that is never idle does not leave events to be sent again. */
void outbox_flush_old(struct outbox *outbox);
/* What waits, for the metrics. */
int outbox_count(struct outbox *outbox, struct arena *arena,
    struct outbox_figures *figures, struct err *err) MUST_CHECK;
/* Takes what was published out of the outbox; call it when nobody waits. A
 * failure is logged: the relay then publishes again. */
void outbox_flush(struct outbox *outbox);

#endif
