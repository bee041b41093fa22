/*
 * A tiny HTTP server for the tests of rest_client: a process of its own on a
 * loopback port, one child a connection. The path says how it behaves; what it
 * has seen is in shared memory. Everything dies with the test.
 */
#ifndef SUPPORT_TINY_SERVER_H
#define SUPPORT_TINY_SERVER_H

#include <stdatomic.h>
#include <sys/types.h>

#include "core/base.h"

struct tiny_server {
	int port;
	pid_t pid;
	_Atomic unsigned connections, requests;
	_Atomic unsigned met; /* requests of /meet so far */
};

/* Starts listening; aborts the test when it cannot. */
struct tiny_server *tiny_start(void);
void tiny_stop(struct tiny_server *server);
/* A socket bound to a free loopback port that nobody listens on. */
int tiny_bind(int *port);

#endif
