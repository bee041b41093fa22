/*
 * A flight out of the body of PUT /sandbox/flights/{id}.
 */
#ifndef SANDBOX_FLIGHT_JSON_H
#define SANDBOX_FLIGHT_JSON_H

#include "sandbox/flight.h"
#include "json/json_in.h"

/* Overrides each field that the object names, in any spelling, with the value
 * it has there, right or wrong; and leaves out those that its array "omit"
 * names. An array holds texts and numbers only. 0, or -1 with ERR_INVALID and
 * public details. */
int flight_override(struct arena *arena, const struct json_value *object,
    struct flight *flight, struct err *err) MUST_CHECK;

#endif
