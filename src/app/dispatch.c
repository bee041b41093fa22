/*
 * The way of a request: route, method, token, then its action; and one log
 * line for each.
 */
#include "app/app.h"
#include "app/request_metrics.h"
#include "app/routes.h"
#include "controller/present.h"
#include "core/log.h"
#include "model/booking_errors.h"
#include "model/phase.h"
#include "prefork/phase_log.h"

static int
authenticate(struct call *call, enum access access, struct err *err)
{
	struct api *api = call->api;

	if (access == ACCESS_PUBLIC)
		return 0;
	scoreboard_phase(api->bookings->slot, PHASE_AUTH);
	if (call_begin_token(call, err) != 0)
		return -1;
	if (access == ACCESS_JOINS)
		return 0;
	if (!call->check.decided)
		rest_perform(api->rest, call->ctx.arena, &call->check.call, 1,
		    call->ctx.deadline);
	return call_finish_token(call, err);
}

static int
refuse_method(struct call *call, struct err *err)
{
	http_set_header(call->response, "Allow",
	    router_allow(call->ctx.arena, call->match.allowed));
	if (call->request->method != HTTP_OPTIONS)
		return err_set(err, &METHOD_NOT_ALLOWED, "method");
	call->response->status = 204;
	return 0;
}

/* Whoever waited so long has given up or will: the workers' time is for those
 * who can still be served. */
static int
check_queue(
    struct app *app, const struct http_request *request, struct err *err)
{
	int64_t limit_ms = app->settings->pool_queue_limit_ms;

	if (limit_ms == 0 || request->queued_ms <= limit_ms)
		return 0;
	scoreboard_shed(app->slot);
	return err_set(err, &OVERLOADED, "waited %lld ms for a worker",
	    (long long)request->queued_ms);
}

static int
run(struct app *app, struct call *call, struct err *err)
{
	const struct action *action;

	router_match(ROUTES, ROUTE_COUNT, call->ctx.arena,
	    call->request->method, call->request->path, &call->match);
	if (call->match.route == NULL) {
		app->route = ROUTE_COUNT;
		return call->match.path_known
			   ? refuse_method(call, err)
			   : err_set(err, &ROUTE_NOT_FOUND, "no such path");
	}
	app->route = (size_t)(call->match.route - ROUTES);
	scoreboard_route(app->slot, (int)app->route);
	action = call->match.route->target;
	if (action->access != ACCESS_PUBLIC &&
	    check_queue(app, call->request, err) != 0)
		return -1;
	if (authenticate(call, action->access, err) != 0)
		return -1;
	return action->run(call, err);
}

static void
handle(
    void *context, struct http_request *request, struct http_response *response)
{
	struct app *app = context;
	struct call call = {
		.api = &app->api,
		.request = request,
		.response = response,
		.ctx = {
			.arena = request->arena,
			.deadline = request->deadline,
			.request_id = request->request_id,
			.traceparent = request->traceparent,
		},
	};

	err_clear(&app->err);
	log_set_request(request->request_id);
	scoreboard_request(app->slot, request->request_id);
	http_set_header(response, "X-Request-Id", request->request_id);
	if (run(app, &call, &app->err) != 0) {
		present_error(response, &app->err);
		call_challenge(&call);
	}
	if (response->body.failed) {
		err_set(&app->err, &INTERNAL_ERROR,
		    "the answer is longer than one may be");
		present_error(response, &app->err);
	}
	/* Before the reply: who repeats the request at once must not be told
	 * that it is still in work. */
	scoreboard_release(app->slot);
	scoreboard_phase(app->slot, PHASE_REPLY);
}

static const char *
route_name(const struct app *app)
{
	return app->route < ROUTE_COUNT ? ROUTES[app->route].name : NULL;
}

static void
log_request(const struct app *app, const struct http_request *request,
    const struct http_response *response, int64_t us, bool sent)
{
	const struct err_def *def = app->err.def;
	bool failed = response->status >= 400 && def != NULL;

	log_write(failed ? booking_error_public(def)->level : LOG_INFO,
	    "request",
	    LOG_FIELDS(LOG_TEXT("method", http_method_name(request->method)),
		LOG_TEXT("route", route_name(app)),
		LOG_NUM("status", response->status),
		LOG_MS("ms", (double)us / 1000),
		LOG_TEXT(
		    "error", failed ? booking_error_public(def)->code : NULL),
		LOG_TEXT("cause", failed ? app->err.cause : NULL),
		LOG_TEXT("sent", sent ? "yes" : "no")));
}

/* Where a request that was answered, but late, spent its time. */
static void
log_slow(
    const struct app *app, const struct http_response *response, int64_t us)
{
	int64_t limit_ms = app->settings->pool_slow_request_ms;

	if (app->slot == NULL || limit_ms == 0 || us <= limit_ms * 1000)
		return;
	phase_log_write(LOG_WARN, "request_slow",
	    LOG_FIELDS(LOG_TEXT("route", route_name(app)),
		LOG_NUM("status", response->status),
		LOG_MS("ms", (double)us / 1000)),
	    app->slot);
}

static void
replied(void *context, const struct http_request *request,
    const struct http_response *response, bool sent)
{
	struct app *app = context;
	int64_t us = clock_monotonic_us() - request->started_us;

	request_metrics_count(app, response, us);
	log_slow(app, response, us);
	log_request(app, request, response, us, sent);
	outbox_flush_old(&app->outbox);
	scoreboard_done(app->slot);
	log_set_request(NULL);
}

/* Alone, beside others that share the socket, it looks around each second; in
 * a pool the master does. */
static bool
idle(void *context)
{
	struct app *app = context;

	outbox_flush(&app->outbox);
	return app->slot == NULL;
}

struct http_handler
app_handler(struct app *app)
{
	return (struct http_handler){
		.context = app,
		.handle = handle,
		.replied = replied,
		.idle = idle,
	};
}
