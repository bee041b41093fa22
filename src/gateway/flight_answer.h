/*
 * Reading the Flight service's JSON: hostile input like any other.
 */
#ifndef GATEWAY_FLIGHT_ANSWER_H
#define GATEWAY_FLIGHT_ANSWER_H

#include "core/arena.h"
#include "core/err.h"
#include "model/flight.h"
#include "json/json_in.h"

/* Fills *flight from the `data` object. 0; or -1 with
 * FLIGHT_SERVICE_UNAVAILABLE when a value is missing or makes no sense. */
int flight_answer_read(struct arena *arena, const char *flight_id,
    const struct json_value *answer, struct flight *flight,
    struct err *err) MUST_CHECK;
/* The `id` in the answer as text; NULL when it names none. */
const char *flight_answer_id(const struct json_value *answer);

#endif
