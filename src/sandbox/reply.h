/*
 * The few shapes of answer that both services and the controls share.
 */
#ifndef SANDBOX_REPLY_H
#define SANDBOX_REPLY_H

#include "http/http.h"
#include "json/json_out.h"

#define REPLY_JSON "application/json; charset=utf-8"
#define REPLY_HTML "text/html; charset=utf-8"

/* A whole body. */
void reply_text(struct http_response *response, int status, const char *type,
    const char *body);
/* Begins {"success":..,"message":..; end it with json_end_object. */
void reply_begin(struct http_response *response, int status, bool success,
    const char *message, struct json_out *out);
/* {"success":..,"message":..} and nothing more. */
void reply_message(struct http_response *response, int status, bool success,
    const char *message);

#endif
