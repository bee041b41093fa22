/*
 * Who is talked with: the broker, the Auth and Flight services, the web server.
 */
#include <string.h>

#include "app/background.h"
#include "control/doctor.h"
#include "mq/mq_topology.h"
#include "json/json_in.h"

#define CALL_MS 5000

/* --- broker -----------------------------------------------------------------
 */

void
check_broker(struct doctor *doctor)
{
	struct err err;

	err_clear(&err);
	if (mq_open(doctor->mq, &err) != 0) {
		doctor_fail(doctor,
		    arena_printf(doctor->arena,
			"the broker does not answer: %s", err.cause),
		    "look at RABBITMQ_URL (user, password, virtual host) and "
		    "rabbitmqctl status; events wait meanwhile, none is lost");
		return;
	}
	doctor->mq_up = true;
	if (mq_is_blocked(doctor->mq))
		doctor_warn(doctor, "the broker takes no messages (alarm)",
		    "rabbitmq-diagnostics alarms: free memory or disk");
	else
		doctor_ok(doctor, "the broker answers");
}

/* What is missing, and the first of them. */
struct missing {
	size_t count;
	const char *first;
};

static void
note_missing(struct missing *missing, const char *name)
{
	if (missing->count++ == 0)
		missing->first = name;
}

static bool
all_are_there(struct doctor *doctor, const struct mq_topology *topology)
{
	const char *dead = topology_dead_queue(
	    doctor->arena, doctor->settings->rabbitmq_exchange);
	struct missing missing = { 0 };
	uint32_t messages;
	struct err err;

	for (size_t i = 0; i < topology->exchange_count; i++) {
		const char *name = topology->exchanges[i].name;

		if (mq_exchange_exists(doctor->mq, name, &err) != 0)
			note_missing(&missing, name);
	}
	for (size_t i = 0; i < topology->queue_count; i++) {
		const char *name = topology->queues[i].name;

		if (mq_queue_depth(doctor->mq, name, &messages, &err) != 0)
			note_missing(&missing, name);
		else if (strcmp(name, dead) == 0 && messages > 0)
			doctor_warn(doctor,
			    arena_printf(doctor->arena,
				"%u dead letters wait in %s", messages, name),
			    "bookingctl dlq list says why; replay or drop "
			    "them");
	}
	if (missing.count > 0)
		doctor_fail(doctor,
		    arena_printf(doctor->arena,
			"%zu of %zu exchanges and queues are missing, %s is "
			"the first",
			missing.count,
			topology->exchange_count + topology->queue_count,
			missing.first),
		    "start booking-events once: it declares them");
	return missing.count == 0;
}

struct comparison {
	struct doctor *doctor;
	unsigned differences;
};

static void
tell_difference(void *context, const char *object, const char *why)
{
	struct comparison *comparison = context;

	comparison->differences++;
	doctor_fail(comparison->doctor,
	    arena_printf(comparison->doctor->arena,
		"%s is not as configured: %s", object, why),
	    "delete it when it is empty and restart booking-events, or set "
	    "RABBITMQ_QUEUE_TYPE to what it is");
}

/* Declaring what is there tells whether it is the same; the bindings are left
 * out, for they would be made. */
static void
compare(struct doctor *doctor, const struct mq_topology *topology)
{
	struct comparison comparison = { .doctor = doctor };
	struct err err;

	if (mq_declare(
		doctor->mq, topology, tell_difference, &comparison, &err) != 0)
		doctor_warn(doctor, "the broker went away", "try again");
	else if (comparison.differences == 0)
		doctor_ok(doctor,
		    arena_printf(doctor->arena,
			"%zu exchanges and %zu queues are as configured",
			topology->exchange_count, topology->queue_count));
}

void
check_topology(struct doctor *doctor)
{
	struct background_settings background;
	struct err err;

	err_clear(&err);
	if (background_settings(
		doctor->settings, doctor->arena, &background, &err) != 0)
		doctor_fail(doctor, arena_strdup(doctor->arena, err.details),
		    "mend RABBITMQ_CONSUMER_QUEUES");
	else if (doctor->mq_up && all_are_there(doctor, &background.topology))
		compare(doctor, &background.topology);
}

/* --- services ---------------------------------------------------------------
 */

static void
check_service(struct doctor *doctor, const char *name, const char *url,
    const char *setting)
{
	struct rest_call call = { .url = url, .timeout_ms = CALL_MS };

	rest_perform(
	    doctor->rest, doctor->arena, &call, 1, deadline_in(CALL_MS));
	if (call.outcome == 0)
		doctor_ok(doctor,
		    arena_printf(doctor->arena,
			"the %s service answers (%d in %lld ms)", name,
			call.status, (long long)(call.elapsed_us / 1000)));
	else
		doctor_fail(doctor,
		    arena_printf(doctor->arena,
			"the %s service does not answer: %s", name,
			call.err.cause),
		    arena_printf(doctor->arena,
			"look at %s (bookingctl settings)", setting));
}

void
check_services(struct doctor *doctor)
{
	const struct settings *settings = doctor->settings;

	if (strcmp(settings->auth_mode, "local") == 0)
		doctor_ok(doctor, "no Auth service is asked (AUTH_MODE=local)");
	else
		check_service(doctor, "Auth",
		    arena_printf(doctor->arena, "%s%s",
			settings->auth_service_url, settings->auth_verify_path),
		    "AUTH_SERVICE_URL and AUTH_VERIFY_PATH");
	check_service(doctor, "Flight",
	    arena_printf(
		doctor->arena, "%s/flights/0", settings->flight_service_url),
	    "FLIGHT_SERVICE_URL");
}

/* --- web server -------------------------------------------------------------
 */

static void
ask(struct doctor *doctor, const char *path, const char *header_asked,
    const char *authorization, struct rest_call *call)
{
	const struct rest_header header = { "Authorization", authorization };

	*call = (struct rest_call){
		.url = arena_printf(doctor->arena, "%s%s", doctor->url, path),
		.headers = &header,
		.header_count = authorization == NULL ? 0 : 1,
		.timeout_ms = CALL_MS,
		.header_asked = header_asked,
	};
	rest_perform(
	    doctor->rest, doctor->arena, call, 1, deadline_in(CALL_MS));
	call->headers = NULL;
}

static const char *
error_code(struct arena *arena, const struct rest_call *call)
{
	const struct json_value *root;
	const char *code;
	struct err err;

	if (json_parse(arena, call->body, call->body_len, &root, &err) != 0)
		return "";
	code = json_string(json_get(json_get(root, "error"), "code"), NULL);
	return code == NULL ? "" : code;
}

/* A token that is none: the service says differently whether it saw one
 * (RFC 6750, section 3.1). */
static void
check_authorization(struct doctor *doctor)
{
	struct rest_call call;
	const char *code;

	ask(doctor, "/api/v1/bookings/user/doctor", "WWW-Authenticate",
	    "Bearer doctor", &call);
	code = call.outcome == 0 ? error_code(doctor->arena, &call) : "";
	if (strcmp(code, "AUTH_SERVICE_UNAVAILABLE") == 0 ||
	    (call.header_value != NULL &&
		strstr(call.header_value, "invalid_token") != NULL))
		doctor_ok(doctor, "Authorization reaches the service");
	else if (strcmp(code, "UNAUTHORIZED") == 0)
		doctor_fail(doctor,
		    "Authorization is not passed on: every token is refused",
		    "Apache: CGIPassAuth On for its Location; otherwise look "
		    "for what removes the header (conf/ has whole examples)");
	else
		doctor_warn(doctor,
		    arena_printf(doctor->arena,
			"whether Authorization is passed on cannot be told "
			"(status %d %s)",
			call.status, code),
		    "try again when that is over");
}

/* Web servers have pages of their own for an error, but ours has none for
 * this one. */
static void
check_error_pages(struct doctor *doctor)
{
	struct rest_call call;

	ask(doctor, "/api/v1/bookings/user/doctor", NULL, NULL, &call);
	if (call.outcome == 0 &&
	    (call.status == 429 ||
		strcmp(error_code(doctor->arena, &call), "UNAUTHORIZED") == 0))
		doctor_ok(doctor, "the service's errors arrive as they are");
	else
		doctor_fail(doctor,
		    arena_printf(doctor->arena,
			"the web server replaces the service's errors, or "
			"does not pass /api/v1 on (status %d)",
			call.status),
		    "Apache: ProxyErrorOverride Off; nginx: "
		    "fastcgi_intercept_errors off; lighttpd: no "
		    "server.error-intercept");
}

void
check_web_server(struct doctor *doctor)
{
	struct rest_call call;

	if (doctor->url == NULL)
		return;
	ask(doctor, "/health/live", NULL, NULL, &call);
	if (call.outcome != 0 || call.status != 200) {
		doctor_fail(doctor,
		    arena_printf(doctor->arena, "%s/health/live: %s",
			doctor->url,
			call.outcome != 0 ? call.err.cause
					  : arena_printf(doctor->arena,
						"status %d", call.status)),
		    "start the web server, and look at its log and at the "
		    "pool's socket");
		return;
	}
	doctor_ok(doctor, "the web server and the pool answer");
	check_authorization(doctor);
	check_error_pages(doctor);
}
