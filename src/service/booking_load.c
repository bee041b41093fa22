#include "service/booking_load.h"

#include "model/booking_errors.h"
#include "model/phase.h"

int
booking_load(struct booking_service *service, const struct request_context *ctx,
    const char *id_or_reference, struct booking **booking, struct err *err)
{
	struct booking *found = NULL;
	struct uuid id;
	int result = 0;

	scoreboard_phase(service->slot, PHASE_DB);
	if (uuid_parse(id_or_reference, &id) == 0)
		result = booking_repo_find(
		    service->db, ctx->arena, &id, &found, err);
	else if (booking_reference_valid(id_or_reference))
		result = booking_repo_find_by_reference(
		    service->db, ctx->arena, id_or_reference, &found, err);
	if (result != 0)
		return -1;
	if (found == NULL)
		return err_set_public(err, &BOOKING_NOT_FOUND,
		    "Booking with ID %.64s not found", id_or_reference);
	*booking = found;
	return 0;
}
