/*
 * The three ways of serving the API: in a pool, as a lone FastCGI worker that
 * a web server started, and as a plain CGI program.
 */
#ifndef APP_WORKER_H
#define APP_WORKER_H

#include "app/app.h"

/* Runs the pool on a listening socket until told to stop. workers 0: as many
 * as the settings say. Returns an exit status. */
int worker_run_pool(
    const struct settings *settings, int listen_fd, unsigned workers);
/* Serves the listening socket alone. */
int worker_run_alone(const struct settings *settings, int listen_fd);
/* Answers the one request of this process's environment. */
int worker_run_cgi(const struct settings *settings);

#endif
