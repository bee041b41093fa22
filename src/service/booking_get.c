#include "model/booking_errors.h"
#include "model/phase.h"
#include "service/authorization.h"
#include "service/booking_service.h"

static int
load(struct booking_service *service, const struct request_context *ctx,
    const char *id_or_reference, struct booking **booking, struct err *err)
{
	struct uuid id;

	*booking = NULL;
	scoreboard_phase(service->slot, PHASE_DB);
	if (uuid_parse(id_or_reference, &id) == 0)
		return booking_repo_find(
		    service->db, ctx->arena, &id, booking, err);
	if (booking_reference_valid(id_or_reference))
		return booking_repo_find_by_reference(
		    service->db, ctx->arena, id_or_reference, booking, err);
	return 0;
}

int
booking_get(struct booking_service *service, const struct request_context *ctx,
    const struct caller *caller, const char *id_or_reference,
    struct booking **booking, struct err *err)
{
	struct booking *found;

	if (load(service, ctx, id_or_reference, &found, err) != 0)
		return -1;
	if (found == NULL)
		return err_set_public(err, &BOOKING_NOT_FOUND,
		    "Booking with ID %.64s not found", id_or_reference);
	if (authorize_booking(caller, ACTION_READ, found, err) != 0)
		return -1;
	*booking = found;
	return 0;
}
