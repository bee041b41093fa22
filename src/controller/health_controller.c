#include "controller/health_controller.h"

#include "json/json_out.h"

#define PROBE_TIMEOUT_MS 1000

enum check {
	CHECK_DATABASE,
	CHECK_RABBITMQ,
	CHECK_AUTH,
	CHECK_FLIGHT,
	CHECK__COUNT
};

static const char *const CHECK_NAMES[CHECK__COUNT] = {
	[CHECK_DATABASE] = "database",
	[CHECK_RABBITMQ] = "rabbitmq",
	[CHECK_AUTH] = "auth_service",
	[CHECK_FLIGHT] = "flight_service",
};

struct check_result {
	bool up;
	int64_t latency_us;
};

static void
begin(struct call *call, int status, const char *word, struct json_out *out)
{
	int64_t now_ms = clock_wall_ms();

	call->response->status = status;
	http_set_header(
	    call->response, "Content-Type", "application/json; charset=utf-8");
	http_set_header(call->response, "Cache-Control", "no-store");
	json_out_init(out, &call->response->body);
	json_begin_object(out, NULL);
	json_put_text(out, "status", word);
	json_put_time(out, "timestamp", now_ms);
	json_put_int(
	    out, "uptime_seconds", (now_ms - call->api->started_ms) / 1000);
}

static int
live(struct call *call, struct err *err)
{
	struct json_out out;

	(void)err;
	begin(call, 200, "ok", &out);
	json_end_object(&out);
	return 0;
}

static void
check_own(struct call *call, struct check_result results[CHECK__COUNT])
{
	struct api *api = call->api;
	int64_t started_us = clock_monotonic_us();
	struct err err;

	results[CHECK_DATABASE].up = db_ready(api->bookings->db, &err) == 0;
	results[CHECK_DATABASE].latency_us = clock_monotonic_us() - started_us;
	started_us = clock_monotonic_us();
	results[CHECK_RABBITMQ].up = mq_open(api->publisher->mq, &err) == 0 &&
				     !mq_is_blocked(api->publisher->mq);
	results[CHECK_RABBITMQ].latency_us = clock_monotonic_us() - started_us;
}

/* Any HTTP answer means that the service is up. */
static void
check_peers(struct call *call, struct check_result results[CHECK__COUNT])
{
	struct api *api = call->api;
	struct rest_call calls[2] = {
		{ .url = arena_printf(call->ctx.arena, "%s%s",
		      api->auth->service_url, api->auth->verify_path),
		    .timeout_ms = PROBE_TIMEOUT_MS },
		{ .url = arena_printf(call->ctx.arena, "%s/flights/0",
		      api->bookings->flights->service_url),
		    .timeout_ms = PROBE_TIMEOUT_MS },
	};

	rest_perform(api->rest, call->ctx.arena, calls, 2, call->ctx.deadline);
	for (int i = 0; i < 2; i++) {
		results[CHECK_AUTH + i].up = calls[i].outcome == 0;
		results[CHECK_AUTH + i].latency_us = calls[i].elapsed_us;
	}
}

static int
ready(struct call *call, struct err *err)
{
	struct check_result results[CHECK__COUNT];
	struct json_out out;
	bool all = true, database;

	(void)err;
	check_own(call, results);
	check_peers(call, results);
	database = results[CHECK_DATABASE].up;
	for (int i = 0; i < CHECK__COUNT; i++)
		all = all && results[i].up;
	begin(call, database ? 200 : 503,
	    all	       ? "ok"
	    : database ? "degraded"
		       : "unavailable",
	    &out);
	json_begin_object(&out, "checks");
	for (int i = 0; i < CHECK__COUNT; i++) {
		json_begin_object(&out, CHECK_NAMES[i]);
		json_put_text(&out, "status", results[i].up ? "up" : "down");
		json_put_int(&out, "latency_ms", results[i].latency_us / 1000);
		json_end_object(&out);
	}
	json_end_object(&out);
	json_end_object(&out);
	return 0;
}

static void
put_gauge(struct buf *out, const char *name, const char *help, int64_t value)
{
	buf_printf(out, "# HELP %s %s\n# TYPE %s gauge\n%s %lld\n", name, help,
	    name, name, (long long)value);
}

/* The figures of `bookingctl events`; what cannot be asked now is left out. */
static void
put_events(struct call *call)
{
	struct buf *out = &call->response->body;
	struct api *api = call->api;
	struct outbox_figures figures;
	int64_t age_s = 0;
	uint32_t dead = 0;
	struct err err;

	if (outbox_count(
		api->bookings->outbox, call->ctx.arena, &figures, &err) == 0) {
		if (figures.oldest_ms >= 0)
			age_s = (clock_wall_ms() - figures.oldest_ms) / 1000;
		put_gauge(out, "booking_events_unsent",
		    "Events that wait to be published.", figures.unsent);
		put_gauge(out, "booking_events_oldest_seconds",
		    "Age of the oldest of them.", age_s);
		put_gauge(out, "booking_events_returned",
		    "Those of them that the broker refused.", figures.returned);
		put_gauge(out, "booking_events_dead",
		    "Those that are not tried any more.", figures.dead);
	}
	if (event_publisher_dead_letters(
		api->publisher, call->ctx.arena, &dead, &err) == 0)
		put_gauge(out, "booking_dead_letters",
		    "Messages in the dead-letter queue.", dead);
}

static int
show_metrics(struct call *call, struct err *err)
{
	(void)err;
	call->response->status = 200;
	http_set_header(call->response, "Content-Type",
	    "text/plain; version=0.0.4; charset=utf-8");
	call->api->print_metrics(
	    call->api->metrics_context, &call->response->body);
	put_events(call);
	return 0;
}

const struct action HEALTH_LIVE = { ACCESS_PUBLIC, live };
const struct action HEALTH_READY = { ACCESS_PUBLIC, ready };
const struct action METRICS = { ACCESS_PUBLIC, show_metrics };
