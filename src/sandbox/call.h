/*
 * What both services do with a call before they answer it.
 */
#ifndef SANDBOX_CALL_H
#define SANDBOX_CALL_H

#include "sandbox/sandbox.h"

/* Counts and remembers the call and takes the fault that meets it. True when
 * the fault has answered already. Blocks for its delay;
 * leaves for the fault `close`. */
bool call_begin(struct sandbox *sandbox, enum service service,
    const struct http_request *request, struct http_response *response,
    struct fault *fault);

#endif
