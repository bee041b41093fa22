/*
 * The Auth service: who does a token belong to?
 */
#ifndef SANDBOX_AUTH_SERVICE_H
#define SANDBOX_AUTH_SERVICE_H

#include "sandbox/sandbox.h"

/* GET /api/v1/isAuthenticated: x-access-token, else Authorization: Bearer. */
sandbox_endpoint auth_is_authenticated;

#endif
