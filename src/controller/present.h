/*
 * Models and errors into the JSON of the API: the only place that knows both.
 */
#ifndef CONTROLLER_PRESENT_H
#define CONTROLLER_PRESENT_H

#include "http/http.h"
#include "model/booking.h"
#include "json/json_out.h"

/* {"success":true,"data":{ ... }} in two halves; message may be NULL. */
void present_begin(
    struct http_response *response, int status, struct json_out *out);
void present_end(struct json_out *out, const char *message);

/* The error envelope, with the headers that the status asks for. */
void present_error(struct http_response *response, const struct err *err);

/* `data` of a new booking. */
void present_created(struct json_out *out, const struct booking *booking);
/* `data` of a booking read by its owner. */
void present_booking(
    struct arena *arena, struct json_out *out, const struct booking *booking);

/* The fields of `data` after a change of state: ids and status. */
void present_state(struct json_out *out, const struct booking *booking);
/* The fields of a passenger; the passport number is masked. */
void present_passenger(struct arena *arena, struct json_out *out,
    const struct passenger *passenger);
/* An empty text of the Flight service is one that it did not tell: null. */
void present_told(struct json_out *out, const char *key, const char *text);

/* "3", or "3.1736332200000" when the flight has changed since it was stored:
 * what is shown of it is no part of the booking's version. */
const char *present_tag(struct arena *arena, const struct booking *booking);
/* The same in quotes, as an entity tag. */
const char *present_etag(struct arena *arena, const struct booking *booking);

#endif
