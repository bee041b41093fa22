/*
 * Real little Auth and Flight services for development and tests, with faults
 * on demand: one HTTP handler over a route table. README.md beside this file
 * says how it is used. Includes nothing of the service that it serves.
 */
#ifndef SANDBOX_SANDBOX_H
#define SANDBOX_SANDBOX_H

#include <stdio.h>

#include "http/router.h"
#include "sandbox/state.h"

#define SANDBOX_MAX_RESPONSE_BYTES (16u * 1024 * 1024)

/* Lent to every request of a worker. */
struct sandbox {
	struct state *state;
	const char *jwt_secret; /* NULL: signatures are not looked at */
	/* Ends the process under a call, for the fault `close`. */
	void (*leave)(void *context) __attribute__((noreturn));
	void *context;
};

/* What a row of the route table leads to. */
typedef void sandbox_endpoint(struct sandbox *sandbox,
    const struct http_request *request, const struct route_match *match,
    struct http_response *response);

/* The `handle` of an http_handler whose context is a struct sandbox. The
 * response takes up to SANDBOX_MAX_RESPONSE_BYTES. Blocks for a fault's delay;
 * leaves for the fault `close`. */
void sandbox_handle(void *context, struct http_request *request,
    struct http_response *response);
/* Paths, dialects, faults and flight names, for --help. */
void sandbox_print_reference(FILE *to);

#endif
