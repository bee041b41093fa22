/*
 * One worker serving the API: in a pool, as a lone FastCGI worker that a web
 * server started, or as a plain CGI program.
 */
#ifndef APP_WORKER_H
#define APP_WORKER_H

#include "app/app.h"

/* Serves as a worker of a pool (app/pool.h). Returns an exit status. */
int worker_serve(const struct settings *settings, const struct shared *shared,
    struct prefork_worker *worker, int listen_fd);
/* Serves the listening socket alone. */
int worker_run_alone(const struct settings *settings, int listen_fd);
/* Answers the one request of this process's environment. */
int worker_run_cgi(const struct settings *settings);

#endif
