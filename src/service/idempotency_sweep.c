#include "service/idempotency_sweep.h"

#include "model/booking_rules.h"
#include "repository/request_key_repo.h"

int
idempotency_sweep(struct db *db, struct arena *arena,
    struct idempotency_sweep *sweep, int64_t now_ms, bool *more,
    struct err *err)
{
	struct uuid until = uuid_lowest_at(now_ms - IDEMPOTENCY_KEY_MS), upto;

	if (request_key_repo_step(db, arena, &sweep->upto, &until,
		IDEMPOTENCY_SWEEP_BATCH, &upto, err) != 0 ||
	    request_key_repo_forget(db, &sweep->upto, &upto, NULL, err) != 0)
		return -1;
	sweep->upto = upto;
	*more = !uuid_equal(&upto, &until);
	return 0;
}
