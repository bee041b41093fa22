#include "service/authorization.h"

#include <string.h>

#include "model/booking_errors.h"

/* Which roles may take an action on any booking, and whether its owner may. */
static const struct {
	bool role[ROLE_ADMIN + 1];
	bool owner;
} GRANTS[ACTION__COUNT] = {
	[ACTION_READ] = { { [ROLE_ADMIN] = true, [ROLE_SERVICE] = true },
	    true },
	[ACTION_CHANGE] = { { [ROLE_ADMIN] = true }, true },
	[ACTION_CONFIRM] = { { [ROLE_ADMIN] = true, [ROLE_SERVICE] = true },
	    false },
	[ACTION_LIST] = { { [ROLE_ADMIN] = true }, false },
};

static int
forbidden(struct err *err)
{
	return err_set(err, &FORBIDDEN, "not the owner and no such role");
}

int
authorize_role(
    const struct caller *caller, enum booking_action action, struct err *err)
{
	return GRANTS[action].role[caller->role] ? 0 : forbidden(err);
}

int
authorize_booking(const struct caller *caller, enum booking_action action,
    const struct booking *booking, struct err *err)
{
	if (GRANTS[action].owner &&
	    strcmp(caller->user_id, booking->user_id) == 0)
		return 0;
	return authorize_role(caller, action, err);
}

int
authorize_user(
    const struct caller *caller, const char *user_id, struct err *err)
{
	if (caller->role == ROLE_ADMIN || strcmp(caller->user_id, user_id) == 0)
		return 0;
	return forbidden(err);
}
