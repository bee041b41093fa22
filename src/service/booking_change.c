#include "service/booking_change.h"

#include "db/transaction.h"
#include "model/booking_errors.h"
#include "model/phase.h"
#include "service/booking_load.h"

/* Who lost to another change takes its turn, with the booking held: twenty
 * changes at once need two attempts each and no more. */
static int
take_turn(struct change_work *work, struct db *db, struct err *err)
{
	bool exists;

	if (work->before == NULL)
		return 0;
	return booking_repo_lock(
	    db, work->ctx->arena, &work->before->id, &exists, err);
}

static int
load(struct change_work *work, struct err *err)
{
	struct booking *found;

	if (booking_load(work->service, work->ctx,
		work->change->id_or_reference, &found, err) != 0)
		return -1;
	work->before = found;
	work->changed = arena_alloc(work->ctx->arena, sizeof(*found));
	*work->changed = *found;
	return 0;
}

static bool
is_expected(const struct expected_versions *expected, unsigned version)
{
	for (size_t i = 0; expected != NULL && i < expected->count; i++) {
		if (expected->versions[i] == version)
			return true;
	}
	return expected == NULL;
}

static int
check(struct change_work *work, struct err *err)
{
	const struct booking_change *change = work->change;

	if (change->caller != NULL && authorize_booking(change->caller,
					  work->action, work->before, err) != 0)
		return -1;
	if (!is_expected(change->expected, work->before->version))
		return err_set_public(err, &PRECONDITION_FAILED,
		    "The booking's version is %u", work->before->version);
	return 0;
}

static void
prepare_event(struct change_work *work)
{
	const struct booking_change *change = work->change;
	bool moved = work->before->status != work->changed->status;

	work->event = (struct booking_event){
		.id = uuid_make(),
		.booking_id = work->changed->id,
		.sequence = work->changed->version,
		.type = work->event_type,
		.from_status = (int)work->before->status,
		.to_status = moved ? (int)work->changed->status
				   : (int)work->before->status,
		.actor = change->caller == NULL ? SYSTEM_ACTOR
						: change->caller->user_id,
		.reason = change->reason,
		.comments = change->comments,
		.request_id = work->ctx->request_id,
		.traceparent = work->ctx->traceparent,
		.occurred_at_ms = work->now_ms,
	};
	event_write_payload(
	    work->ctx->arena, &work->event, work->changed, &work->facts);
}

static int
write_change(struct change_work *work, struct db *db, struct err *err)
{
	work->changed->version = work->before->version + 1;
	work->changed->updated_at_ms = work->now_ms;
	if (booking_repo_update_state(db, work->before, work->changed, err) !=
	    0)
		return -1;
	if (work->releases_seats &&
	    seat_repo_release(db, work->changed, err) != 0)
		return -1;
	if (work->edited != NULL && booking_repo_update_passenger(db,
					work->changed, work->edited, err) != 0)
		return -1;
	prepare_event(work);
	if (outbox_may_send(work->service->outbox, work->ctx->arena,
		&work->event, &work->may_send, err) != 0)
		return -1;
	return event_repo_insert(db, &work->event, err);
}

static int
change_in_transaction(struct db *db, void *context, struct err *err)
{
	struct change_work *work = context;
	const struct booking_change *change = work->change;

	work->now_ms = clock_wall_ms();
	work->nothing = false;
	work->facts = (struct event_facts){ .refund_cents = -1 };
	if (take_turn(work, db, err) != 0 || load(work, err) != 0 ||
	    check(work, err) != 0 || work->plan(work, err) != 0)
		return -1;
	if (!work->nothing && write_change(work, db, err) != 0)
		return -1;
	if (change->in_transaction != NULL)
		return change->in_transaction(db, change->context, err);
	return 0;
}

/* After a COMMIT whose outcome was lost: 0 if it happened after all. */
static int
look_up(struct change_work *work, struct err *err)
{
	bool stored = false;
	struct err lookup;

	if (!err_is(err, &ERR_UNKNOWN_OUTCOME) || work->nothing)
		return -1;
	err_clear(&lookup);
	if (event_repo_is_stored(work->service->db, work->ctx->arena,
		&work->event, &stored, &lookup) != 0 ||
	    !stored)
		return -1;
	return 0;
}

int
booking_change_run(struct change_work *work, struct err *err)
{
	struct booking_service *service = work->service;

	scoreboard_phase(service->slot, PHASE_DB);
	if (db_transaction(service->db, work->ctx->deadline,
		change_in_transaction, work, err) != 0 &&
	    look_up(work, err) != 0)
		return -1;
	if (work->releases_seats)
		seat_hints_doubt(service->hints, work->changed->flight_id);
	if (!work->nothing)
		outbox_send(
		    service->outbox, work->ctx, &work->event, work->may_send);
	return 0;
}
