#include "service/outbox.h"

#include "core/log.h"
#include "model/phase.h"

/* Well below the time after which the relay takes an event for forgotten. */
#define OLD_MS 200

static struct event_key
key_of(const struct booking_event *event)
{
	return (struct event_key){
		.booking_id = event->booking_id,
		.sequence = event->sequence,
	};
}

/* What waits only to be marked was published and holds nothing back. */
int
outbox_may_send(struct outbox *outbox, struct arena *arena,
    const struct booking_event *event, bool *may_send, struct err *err)
{
	struct event_key key = key_of(event);
	unsigned *sequences = NULL;
	size_t count = 0;

	if (event->sequence > 1 && event_repo_earlier_waiting(outbox->db, arena,
				       &key, &sequences, &count, err) != 0)
		return -1;
	*may_send = true;
	for (size_t i = 0; i < count; i++) {
		key.sequence = sequences[i];
		if (!published_board_has(outbox->board, &key))
			*may_send = false;
	}
	return 0;
}

static void
remember_published(struct outbox *outbox, const struct booking_event *event)
{
	if (outbox->published_count == EVENT_MARK_MAX)
		outbox_flush(outbox);
	if (outbox->published_count == 0)
		outbox->oldest_ms = clock_monotonic_ms();
	outbox->published[outbox->published_count] = key_of(event);
	published_board_note(
	    outbox->board, &outbox->published[outbox->published_count]);
	outbox->published_count++;
}

static bool
leave_to_relay(struct outbox *outbox, const struct booking_event *event)
{
	outbox->deferred++;
	if (outbox->wake != NULL)
		relay_wake_send(outbox->wake, &event->booking_id);
	return false;
}

bool
outbox_send(struct outbox *outbox, const struct request_context *ctx,
    const struct booking_event *event, bool may_send)
{
	struct err err;

	if (!may_send)
		return leave_to_relay(outbox, event);
	scoreboard_phase(outbox->slot, PHASE_PUBLISH);
	err_clear(&err);
	if (event_publisher_send(outbox->publisher, ctx, event, &err) != 0) {
		log_write(LOG_WARN, "event_deferred",
		    LOG_FIELDS(LOG_TEXT("cause", err.cause)));
		return leave_to_relay(outbox, event);
	}
	remember_published(outbox, event);
	outbox->confirmed++;
	return true;
}

void
outbox_flush_old(struct outbox *outbox)
{
	if (outbox->published_count > 0 &&
	    clock_monotonic_ms() - outbox->oldest_ms >= OLD_MS)
		outbox_flush(outbox);
}

void
outbox_flush(struct outbox *outbox)
{
	struct err err;

	if (outbox->published_count == 0)
		return;
	err_clear(&err);
	if (event_repo_mark_published(outbox->db, outbox->published,
		outbox->published_count, clock_wall_ms(), &err) != 0)
		log_err("outbox_flush_failed", &err);
	outbox->published_count = 0;
}

int
outbox_count(struct outbox *outbox, struct arena *arena,
    struct outbox_figures *figures, struct err *err)
{
	return outbox_repo_figures(
	    outbox->db, arena, outbox->max_attempts, figures, err);
}
