/*
 * The Flight service: one flight by its id.
 */
#ifndef SANDBOX_FLIGHT_SERVICE_H
#define SANDBOX_FLIGHT_SERVICE_H

#include "sandbox/sandbox.h"

/* GET /api/v1/flights/{id}: an explicit flight, else the one that the name
 * stands for. */
sandbox_endpoint flight_service_get;

#endif
