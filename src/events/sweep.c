#include "events/sweep.h"

#include "core/log.h"
#include "model/booking_errors.h"
#include "repository/hold_repo.h"
#include "repository/inbox_repo.h"
#include "repository/lease_repo.h"
#include "repository/outbox_repo.h"
#include "service/hold_expiry.h"

#define HOLDS_A_STEP	   20
#define SWEPT_A_STEP	   500
#define STEP_MS		   5000
#define PAUSE_MS	   1000
#define BATCH_PAUSE_MS	   50
#define KEYS_EVERY_MS	   (60 * 1000)
#define FLIGHTS_EVERY_MS   (60 * 1000)
#define RETENTION_EVERY_MS (60 * 60 * 1000)

static void
note_database(struct sweep *sweep, const struct err *err)
{
	bool lost = err != NULL;

	if (lost == sweep->lost)
		return;
	sweep->lost = lost;
	log_write(lost ? LOG_WARN : LOG_INFO,
	    lost ? "sweep_waits" : "sweep_goes_on",
	    LOG_FIELDS(LOG_TEXT("cause", lost ? err->cause : NULL)));
}

/* *full: there may be more. */
static int
expire_holds(struct sweep *sweep, bool *full, struct err *err)
{
	struct booking_service *service = sweep->service;
	char request_id[REQUEST_ID_SIZE], traceparent[TRACEPARENT_SIZE];
	const struct request_context ctx = {
		.arena = sweep->arena,
		.deadline = deadline_in(STEP_MS),
		.request_id = request_id,
		.traceparent = traceparent,
	};
	struct booking_versions holds;
	size_t expired = 0;

	if (hold_repo_expired(service->db, sweep->arena, clock_wall_ms(),
		HOLDS_A_STEP, &holds, err) != 0)
		return -1;
	*full = holds.count == HOLDS_A_STEP;
	if (holds.count == 0)
		return 0;
	request_id_make(request_id);
	traceparent_continue(NULL, traceparent);
	if (hold_expire(service, &ctx, &holds, &expired, err) != 0)
		return -1;
	outbox_flush(service->outbox);
	if (expired > 0)
		log_write(LOG_INFO, "holds_expired",
		    LOG_FIELDS(LOG_NUM("bookings", expired)));
	return 0;
}

/* One batch of the pass over old events; *more until its end. */
static int
forget(struct sweep *sweep, bool *more, struct err *err)
{
	struct db *db = sweep->service->db;
	int64_t before_ms = clock_wall_ms() - sweep->settings->retention_ms;
	uint64_t messages = 0, events = 0;

	if (inbox_repo_sweep(db, before_ms, SWEPT_A_STEP, &messages, err) !=
		0 ||
	    outbox_repo_sweep(db, sweep->arena, before_ms, SWEPT_A_STEP,
		&sweep->cursor, more, &events, err) != 0)
		return -1;
	*more |= messages == SWEPT_A_STEP;
	return *more ? 0 : lease_repo_sweep(db, err);
}

static int
keep_retention(struct sweep *sweep, bool *more, struct err *err)
{
	int64_t now_ms = clock_monotonic_ms();

	*more = false;
	if (sweep->settings->retention_ms == 0 ||
	    now_ms < sweep->next_retention_ms)
		return 0;
	if (forget(sweep, more, err) != 0)
		return -1;
	if (!*more) {
		sweep->next_retention_ms = now_ms + RETENTION_EVERY_MS;
		sweep->cursor = (struct uuid){ { 0 } };
	}
	return 0;
}

static int
forget_keys(struct sweep *sweep, bool *more, struct err *err)
{
	int64_t now_ms = clock_monotonic_ms();

	*more = false;
	if (now_ms < sweep->next_keys_ms)
		return 0;
	if (idempotency_sweep(sweep->service->db, sweep->arena, &sweep->keys,
		clock_wall_ms(), more, err) != 0)
		return -1;
	if (!*more)
		sweep->next_keys_ms = now_ms + KEYS_EVERY_MS;
	return 0;
}

static int
carry_flights_over(struct sweep *sweep, bool *more, struct err *err)
{
	int64_t now_ms = clock_monotonic_ms();
	size_t flights = 0;

	*more = false;
	if (now_ms < sweep->next_flights_ms)
		return 0;
	if (inventory_catch_up(sweep->service->db, sweep->arena,
		clock_wall_ms() - sweep->settings->flight_age_ms, &flights,
		err) != 0)
		return -1;
	*more = flights == INVENTORY_CATCH_UP_BATCH;
	if (!*more)
		sweep->next_flights_ms = now_ms + FLIGHTS_EVERY_MS;
	return 0;
}

void
sweep_step(struct sweep *sweep, struct pace *pace)
{
	bool more_holds = false, more_old = false, more_keys = false,
	     more_flights = false;
	struct err err;

	arena_reset(sweep->arena);
	err_clear(&err);
	pace->wait_ms = PAUSE_MS;
	if (expire_holds(sweep, &more_holds, &err) != 0 ||
	    keep_retention(sweep, &more_old, &err) != 0 ||
	    forget_keys(sweep, &more_keys, &err) != 0 ||
	    carry_flights_over(sweep, &more_flights, &err) != 0) {
		note_database(sweep, &err);
		return;
	}
	note_database(sweep, NULL);
	if (more_holds)
		pace->wait_ms = 0;
	else if (more_old || more_keys || more_flights)
		pace->wait_ms = BATCH_PAUSE_MS;
}
