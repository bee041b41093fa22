/*
 * What the changes of a booking are asked with (contract section 2).
 */
#ifndef CONTROLLER_CHANGE_INPUT_H
#define CONTROLLER_CHANGE_INPUT_H

#include "controller/input.h"
#include "service/booking_service.h"

/* The versions that If-Match names (RFC 9110, section 13.1.1: weak tags and
 * tags that are none of ours name no version); NULL without a condition. A
 * field that is not a list of entity tags is noted in `input`. */
const struct expected_versions *change_input_if_match(
    struct input *input, const struct http_request *request);
/* cancellation_reason and comments of a body that may be NULL. */
void change_input_cancel(struct input *input, const struct json_value *body,
    struct booking_change *change);
/* The fields of a passenger that the body gives; the others are NULL. */
void change_input_passenger(struct input *input, const struct json_value *body,
    struct passenger *fields);

#endif
