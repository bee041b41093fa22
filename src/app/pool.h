/*
 * The API's worker pool: settings into limits, its sockets, its reload.
 */
#ifndef APP_POOL_H
#define APP_POOL_H

#include "app/settings.h"
#include "prefork/listener.h"

/* How it was started. Texts live as long as the process. */
struct pool_start {
	const char *env_file; /* as start_load takes it */
	const char *listen;   /* address; NULL: as the settings say */
	const char *status;   /* likewise */
	unsigned workers;     /* 0: as the settings say */
	char *const *argv;    /* to start the program anew */
};

/* Opens those of *sockets that are not there yet (-1). 0, or -1 after logging
 * what is wrong. */
int pool_open_sockets(struct prefork_sockets *sockets,
    const struct settings *settings, const struct pool_start *start) MUST_CHECK;
/* Runs the pool until told to stop. Returns an exit status. */
int pool_run(const struct settings *settings,
    const struct prefork_sockets *sockets, const struct pool_start *start);

/* The address of the master's own socket for a pool that listens on `listen`;
 * false when it has none. */
bool pool_status_address(const struct settings *settings, const char *listen,
    char *address, size_t size);

#endif
