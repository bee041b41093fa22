/*
 * Who is asking, as the Auth service or the verified token told.
 */
#ifndef MODEL_CALLER_H
#define MODEL_CALLER_H

#include "core/base.h"

#define USER_ID_MAX 255

enum caller_role {
	ROLE_CUSTOMER,
	ROLE_SERVICE, /* may read any booking and confirm it */
	ROLE_ADMIN,
};

struct caller {
	const char *user_id;
	enum caller_role role;
};

/* True for 1 to 255 visible ASCII characters. */
bool user_id_valid(const char *text, size_t len);

/* The service itself, acting on an event or a deadline. */
#define SYSTEM_ACTOR "system"

#endif
