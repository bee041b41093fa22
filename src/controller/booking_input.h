/*
 * JSON bodies into the models of the booking service, by the field rules of
 * contract section 2.
 */
#ifndef CONTROLLER_BOOKING_INPUT_H
#define CONTROLLER_BOOKING_INPUT_H

#include "controller/input.h"
#include "model/passenger_rules.h"
#include "service/booking_service.h"

/* Reads the body of POST /bookings and the Idempotency-Key header; wrong
 * fields are noted in `input`. */
void booking_input_create(struct input *input,
    const struct http_request *request, const struct json_value *body,
    struct booking_request *booking);

/* Reads one field of a passenger that is there. NULL, or what is wrong. */
const char *input_passenger_field(struct input *input,
    const struct json_value *value, const struct passenger_field *field,
    struct passenger *passenger);

#endif
