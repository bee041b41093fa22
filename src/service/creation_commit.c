#include <assert.h>

#include "db/transaction.h"
#include "model/booking_errors.h"
#include "model/phase.h"
#include "repository/create_repo.h"
#include "service/creation.h"
#include "service/hold_expiry.h"

static void
prepare_event(struct creation *work)
{
	const struct booking *booking = work->booking;

	assert(booking != NULL);
	work->event = (struct booking_event){
		.id = uuid_make(),
		.booking_id = booking->id,
		.sequence = booking->version,
		.type = EVENT_CREATED,
		.from_status = EVENT_NO_STATUS,
		.to_status = BOOKING_CREATED,
		.actor = work->caller->user_id,
		.request_id = work->ctx->request_id,
		.traceparent = work->ctx->traceparent,
		.occurred_at_ms = booking->created_at_ms,
	};
	event_write_payload(work->ctx->arena, &work->event, booking, NULL);
}

/* After the insert, so that of two that are made at once each waits for the
 * other and one of them counts both. */
static int
check_open_holds(const struct creation *work, struct db *db, struct err *err)
{
	int64_t most = work->service->rules->max_open_holds;
	unsigned open = 0;

	if (most == 0)
		return 0;
	if (hold_repo_count_open(db, work->ctx->arena, work->caller->user_id,
		work->booking->created_at_ms, &open, err) != 0)
		return -1;
	if (open > most)
		return err_set_public(err, &TOO_MANY_HOLDS,
		    "A user may have %lld unpaid booking%s at a time",
		    (long long)most, most == 1 ? "" : "s");
	return 0;
}

static int
create_in_transaction(struct db *db, void *context, struct err *err)
{
	struct creation *work = context;
	struct arena *arena = work->ctx->arena;
	struct booking *booking = work->booking;

	if (seat_search_next(&work->seats, db, err) != 0 ||
	    booking_repo_insert(db, arena, booking,
		creation_has_key(work) ? &work->key : NULL, err) != 0 ||
	    booking_repo_insert_passengers(db, booking, err) != 0 ||
	    seat_repo_take(db, booking, err) != 0 ||
	    check_open_holds(work, db, err) != 0)
		return -1;
	prepare_event(work);
	return event_repo_insert(db, &work->event, err);
}

/* All of it in one round trip, when there is a guess and the server can; its
 * conflict means that the seats have to be looked for. */
static int
create_at_once(struct creation *work, bool *tried, struct err *err)
{
	struct booking_service *service = work->service;
	struct arena *arena = work->ctx->arena;

	*tried = false;
	if (service->rules->max_open_holds > 0 ||
	    !create_repo_is_able(service->db) ||
	    !seat_search_guess(&work->seats))
		return -1;
	*tried = true;
	prepare_event(work);
	return create_repo_run(service->db, arena, work->booking,
	    creation_has_key(work) ? &work->key : NULL, &work->event, err);
}

/* Whether a booking whose COMMIT is in doubt is there after all. */
static int
look_up(const struct creation *work, bool *exists)
{
	struct err failure;

	err_clear(&failure);
	return booking_repo_lock(work->service->db, work->ctx->arena,
	    &work->booking->id, exists, &failure);
}

/* What ended the one round trip unseen did nothing if the booking is not
 * there; should it come later all the same, the two have one id. */
static int
commit_booking(struct creation *work, struct err *err)
{
	struct db *db = work->service->db;
	bool tried, exists = false;

	scoreboard_phase(work->service->slot, PHASE_DB);
	if (create_at_once(work, &tried, err) == 0)
		return 0;
	if (tried && err_is(err, &ERR_UNKNOWN_OUTCOME)) {
		if (look_up(work, &exists) != 0)
			return -1;
		if (exists)
			return 0;
	} else if (tried && !err_is(err, &ERR_CONFLICT)) {
		return -1;
	}
	err_clear(err);
	if (db_transaction(
		db, work->ctx->deadline, create_in_transaction, work, err) == 0)
		return 0;
	if (!err_is(err, &ERR_UNKNOWN_OUTCOME) || look_up(work, &exists) != 0 ||
	    !exists)
		return -1;
	return 0;
}

static bool
lacks_seats(const struct err *err)
{
	return err_is(err, &SEAT_UNAVAILABLE) ||
	       err_is(err, &FLIGHT_UNAVAILABLE);
}

/* When seats are missing, holds that have run out are ended and the seats
 * looked for again. */
int
creation_commit(struct creation *work, struct err *err)
{
	const struct booking_request *request = work->request;

	while (commit_booking(work, err) != 0) {
		size_t expired = 0;
		struct err failure;

		err_clear(&failure);
		if (!lacks_seats(err) ||
		    hold_reclaim(work->service, work->ctx, request->flight_id,
			&request->wishes, &expired, &failure) != 0 ||
		    expired == 0)
			return -1;
		err_clear(err);
		if (deadline_left_ms(work->ctx->deadline) <= 0)
			return err_set(err, &ERR_TIMEOUT,
			    "no time is left to look for seats again");
	}
	return 0;
}
