/*
 * One API call on its way through the controllers.
 */
#ifndef CONTROLLER_CALL_H
#define CONTROLLER_CALL_H

#include "gateway/admission.h"
#include "gateway/auth_gateway.h"
#include "http/http.h"
#include "http/router.h"
#include "metrics/metrics.h"
#include "service/booking_service.h"

/* What a worker's controllers work with; made by the application. */
struct api {
	struct booking_service *bookings;
	struct auth_gateway *auth;
	const struct admission *admission;
	struct rest_client *rest;
	struct event_publisher *publisher;
	/* Prints all metrics of the process, in the Prometheus text form. */
	void (*print_metrics)(const void *context, struct buf *out);
	const void *metrics_context;
	int64_t started_ms; /* wall time, for uptime_seconds */
};

struct call {
	struct api *api;
	const struct http_request *request;
	struct http_response *response;
	struct request_context ctx;
	struct route_match match;
	struct caller caller; /* set when the action needs a signed-in user */
	struct auth_check check; /* begun and, unless `joins`, finished */
};

enum access {
	ACCESS_PUBLIC,
	ACCESS_SIGNED_IN,
	/* The action performs the begun token check itself, beside a call of
	 * its own, and finishes it before it does anything else. */
	ACCESS_JOINS,
};

/* What a route leads to: the `target` of its row. */
struct action {
	enum access access;
	/* Fills the response; -1 with err for the presenter. */
	int (*run)(struct call *call, struct err *err);
};

/* Begins the token check of the request's Authorization field:
 * UNAUTHORIZED, RATE_LIMITED. Unless call->check.decided, call->check.call is
 * to be performed. */
int call_begin_token(struct call *call, struct err *err) MUST_CHECK;
/* Finishes it and sets the caller: UNAUTHORIZED, AUTH_SERVICE_UNAVAILABLE,
 * RATE_LIMITED. */
int call_finish_token(struct call *call, struct err *err) MUST_CHECK;

/* Tells who sent a token that it is no good (RFC 6750, section 3.1), and so
 * that it arrived. To be called after the error was presented. */
void call_challenge(const struct call *call);

/* A route's decoded parameter. */
static inline const char *
call_parameter(const struct call *call, size_t index)
{
	return call->match.parameters[index];
}

#endif
