/*
 * Who may do what with a booking (contract sections 1 and 2).
 */
#ifndef SERVICE_AUTHORIZATION_H
#define SERVICE_AUTHORIZATION_H

#include "core/err.h"
#include "model/booking.h"
#include "model/caller.h"

enum booking_action {
	ACTION_READ,	/* owner, admin, service */
	ACTION_CHANGE,	/* owner, admin: edit, cancel, extend, history */
	ACTION_CONFIRM, /* admin, service */
	ACTION_LIST,	/* admin: the bookings of all users */
	ACTION__COUNT
};

/* 0, or -1 with FORBIDDEN. */
int authorize_booking(const struct caller *caller, enum booking_action action,
    const struct booking *booking, struct err *err) MUST_CHECK;
/* What is a user's own: the user and admins. */
int authorize_user(const struct caller *caller, const char *user_id,
    struct err *err) MUST_CHECK;
/* What needs a role whatever the object: 0 if the role may take the action on
 * any booking. */
int authorize_role(const struct caller *caller, enum booking_action action,
    struct err *err) MUST_CHECK;

#endif
