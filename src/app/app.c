#include "app/app.h"

#include "app/live_metrics.h"
#include "prefork/status.h"

#include <stdlib.h>
#include <string.h>

#define MAX_BODY_BYTES	    65536
#define MAX_VARIABLES_BYTES 65536
#define MAX_RESPONSE_BYTES  (4 * 1024 * 1024)
#define ARENA_BYTES	    (16 * 1024 * 1024)
#define READ_TIMEOUT_MS	    2000
#define MAX_ANSWER_BYTES    (4 * 1024 * 1024)
#define KEEP_IDLE_MS	    4000 /* Node's servers close after 5 s */

struct db_settings
app_db_settings(const struct settings *settings)
{
	static const struct {
		const char *name;
		enum db_tls tls;
	} modes[] = { { "off", DB_TLS_OFF }, { "required", DB_TLS_REQUIRED },
		{ "verify", DB_TLS_VERIFY } };
	struct db_settings db = {
		.host = settings->db_host,
		.socket = settings->db_socket,
		.port = (unsigned)settings->db_port,
		.user = settings->db_username,
		.password = settings->db_password,
		.database = settings->db_name,
		.tls_ca = settings->db_tls_ca,
		.timeout_s = (unsigned)settings->db_timeout_s,
		.lock_wait_s = (unsigned)settings->db_lock_wait_s,
	};

	for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
		if (strcmp(modes[i].name, settings->db_tls) == 0)
			db.tls = modes[i].tls;
	}
	return db;
}

struct mq_settings
app_mq_settings(const struct settings *settings, const char *name)
{
	return (struct mq_settings){
		.url = settings->rabbitmq_url,
		.tls_ca = settings->rabbitmq_tls_ca,
		.name = name,
		.timeout_ms = settings->publish_timeout_ms,
	};
}

struct booking_rules
app_rules(const struct settings *settings)
{
	return (struct booking_rules){
		.duplicate_window_s = settings->duplicate_window_s,
		.cancel_cutoff_hours = settings->cancel_cutoff_hours,
		.hold_minutes = settings->hold_minutes,
		.hold_max_minutes = settings->hold_max_minutes,
		.max_open_holds = settings->max_open_holds,
	};
}

void
app_wake(const struct settings *settings, struct relay_wake *wake)
{
	relay_wake_init(wake,
	    settings->db_socket[0] != '\0' ? settings->db_socket
					   : settings->db_host,
	    settings->db_name);
}

static void
init_gateways(struct app *app)
{
	const struct settings *settings = app->settings;
	const struct shared *shared = app->shared;

	app->auth = (struct auth_gateway){
		.local = strcmp(settings->auth_mode, "local") == 0,
		.service_url = settings->auth_service_url,
		.verify_path = settings->auth_verify_path,
		.jwt_secret = settings->jwt_secret,
		.timeout_ms = settings->auth_timeout_ms,
		.cache_ms = settings->auth_cache_s * 1000,
		.cache = shared->auth_cache,
		.breaker = &shared->breakers->auth,
	};
	app->admission.limiter = shared->rate_limiter;
	app->flights = (struct flight_gateway){
		.service_url = settings->flight_service_url,
		.timeout_ms = settings->flight_timeout_ms,
		.cache_ms = settings->flight_cache_s * 1000,
		.cache = shared->flight_cache,
		.breaker = &shared->breakers->flight,
	};
}

static int
open_clients(struct app *app, struct err *err)
{
	const struct rest_settings rest = {
		.connect_timeout_ms = app->settings->connect_timeout_ms,
		.max_body_bytes = MAX_ANSWER_BYTES,
		.idle_ms = KEEP_IDLE_MS,
	};

	app->db_settings = app_db_settings(app->settings);
	app->mq_settings = app_mq_settings(app->settings, "booking.fcgi");
	app->bookings.db = db_create(&app->db_settings);
	app->publisher.mq = mq_create(&app->mq_settings);
	app->bookings.rest = rest_client_create(&rest);
	if (app->bookings.db == NULL || app->publisher.mq == NULL ||
	    app->bookings.rest == NULL)
		return err_set(err, &ERR_INTERNAL, "cannot set up clients");
	return 0;
}

static void
print_metrics(const void *context, struct buf *out)
{
	const struct shared *shared = context;

	metrics_print(shared->metrics, out);
	live_metrics_print(shared, false, out);
	if (shared->board->pool.started_ms != 0)
		status_print_metrics(shared->board, false, out);
}

static struct booking_totals
totals_of(const struct settings *settings, const struct shared *shared)
{
	return (struct booking_totals){
		.cache = shared->totals_cache,
		.margin_ms =
		    booking_totals_margin_ms(settings->request_timeout_ms,
			settings->db_timeout_s, settings->db_lock_wait_s),
	};
}

static void
init_services(struct app *app)
{
	app->rules = app_rules(app->settings);
	app->publisher.exchange = app->settings->rabbitmq_exchange;
	app->publisher.timeout_ms = app->settings->publish_timeout_ms;
	app->outbox.db = app->bookings.db;
	app->outbox.publisher = &app->publisher;
	app_wake(app->settings, &app->wake);
	app->outbox.wake = &app->wake;
	app->outbox.max_attempts = (unsigned)app->settings->event_max_attempts;
	app->outbox.slot = app->slot;
	app->outbox.board = app->shared->published;
	app->bookings.flights = &app->flights;
	app->bookings.outbox = &app->outbox;
	app->bookings.hints = app->shared->seat_hints;
	app->bookings.inventory = app->shared->inventory;
	app->bookings.totals = totals_of(app->settings, app->shared);
	app->bookings.rules = &app->rules;
	app->bookings.board = app->slot == NULL ? NULL : app->shared->board;
	app->bookings.slot = app->slot;
	app->api = (struct api){
		.bookings = &app->bookings,
		.auth = &app->auth,
		.admission = &app->admission,
		.rest = app->bookings.rest,
		.publisher = &app->publisher,
		.print_metrics = print_metrics,
		.metrics_context = app->shared,
		.started_ms = app->shared->started_ms,
	};
}

int
app_init(struct app *app, const struct settings *settings,
    const struct shared *shared, struct prefork_worker *worker, struct err *err)
{
	memset(app, 0, sizeof(*app));
	app->settings = settings;
	app->shared = shared;
	app->slot = worker == NULL ? NULL : worker->slot;
	init_gateways(app);
	if (open_clients(app, err) != 0)
		return -1;
	init_services(app);
	metrics_use_row(shared->metrics, worker == NULL ? 0 : worker->index);
	return 0;
}

void
app_release(struct app *app)
{
	outbox_flush(&app->outbox);
	relay_wake_release(&app->wake);
	rest_client_free(app->bookings.rest);
	mq_free(app->publisher.mq);
	db_free(app->bookings.db);
}

struct http_limits
app_limits(const struct settings *settings)
{
	return (struct http_limits){
		.max_body_bytes = MAX_BODY_BYTES,
		.max_variables_bytes = MAX_VARIABLES_BYTES,
		.read_timeout_ms = READ_TIMEOUT_MS,
		.request_timeout_ms = settings->request_timeout_ms,
		.arena_bytes = ARENA_BYTES,
		.max_response_bytes = MAX_RESPONSE_BYTES,
	};
}
