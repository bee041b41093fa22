/*
 * Where the service's files are. An installed program knows by its own place:
 * PREFIX/bin or PREFIX/libexec/booking, so that an installation can be moved.
 */
#ifndef APP_PLACES_H
#define APP_PLACES_H

#include <limits.h>

#include "core/base.h"

/* Room for a prefix of any length and what is below it. */
#define PLACE_SIZE (PATH_MAX + 32)
/* Where the pool listens when the settings do not say: the socket of the
 * installed units. */
#define PLACE_POOL_SOCKET "/run/booking/pool.sock"

struct places {
	/* BOOKING_MIGRATIONS; else PREFIX/share/booking/migrations; else
	 * sql/migrations, which is there in a checkout. */
	char migrations[PLACE_SIZE];
	/* BOOKING_ENV_FILE; else ./.env if there is one; else /etc/booking/
	 * booking.env (PREFIX/etc/... below another prefix than /usr and
	 * /usr/local) of an installed program; else "". */
	char env_file[PLACE_SIZE];
	/* An environment variable named it: then it has to be there. */
	bool env_file_named;
};

/* Looks at the environment and the file system. */
void places_find(struct places *places);

#endif
