/*
 * JSON bodies into the models of the booking service, by the field rules of
 * contract section 2.
 */
#ifndef CONTROLLER_BOOKING_INPUT_H
#define CONTROLLER_BOOKING_INPUT_H

#include "controller/input.h"
#include "service/booking_service.h"

/* Reads the body of POST /bookings and the Idempotency-Key header; wrong
 * fields are noted in `input`. */
void booking_input_create(struct input *input,
    const struct http_request *request, const struct json_value *body,
    struct booking_request *booking);

/* True for [A-Za-z0-9._:-]{1,64}. */
bool flight_id_valid(const char *text, size_t len);

#endif
