#include "service/authorization.h"
#include "service/booking_load.h"

int
booking_get(struct booking_service *service, const struct request_context *ctx,
    const struct caller *caller, const char *id_or_reference,
    struct booking **booking, struct err *err)
{
	struct booking *found;

	if (booking_load(service, ctx, id_or_reference, &found, err) != 0 ||
	    authorize_booking(caller, ACTION_READ, found, err) != 0)
		return -1;
	*booking = found;
	return 0;
}
