#include "service/booking_history.h"

#include "repository/history_repo.h"
#include "service/authorization.h"
#include "service/booking_load.h"

int
booking_history(struct booking_service *service,
    const struct request_context *ctx, const struct caller *caller,
    const char *id_or_reference, struct booking **booking,
    struct booking_event **events, size_t *count, struct err *err)
{
	struct booking *found;

	if (booking_load(service, ctx, id_or_reference, &found, err) != 0 ||
	    authorize_booking(caller, ACTION_CHANGE, found, err) != 0)
		return -1;
	*booking = found;
	return history_repo_list(
	    service->db, ctx->arena, &found->id, events, count, err);
}
