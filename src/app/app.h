/*
 * Composition: everything that one worker owns, made after the fork, and the
 * way of a request from the web server to its controller.
 */
#ifndef APP_APP_H
#define APP_APP_H

#include "app/shared.h"
#include "controller/call.h"
#include "gateway/event_publisher.h"
#include "mq/mq_connection.h"
#include "prefork/prefork.h"

/* What the metrics have been told of so far (app/request_metrics.h). */
struct app_counted {
	uint64_t retries;
	uint64_t confirmed;
	uint64_t deferred;
};

struct app {
	const struct settings *settings;
	const struct shared *shared;
	struct scoreboard_slot *slot; /* NULL: no pool */
	struct db_settings db_settings;
	struct mq_settings mq_settings;
	struct booking_rules rules;
	struct admission admission;
	struct auth_gateway auth;
	struct flight_gateway flights;
	struct event_publisher publisher;
	struct relay_wake wake;
	struct outbox outbox;
	struct booking_service bookings;
	struct api api;
	struct app_counted counted;
	size_t route;		/* of the request in work; ROUTE_COUNT: none */
	const struct err *last; /* the request's error, for its log line */
	struct err err;
};

/* Fills *app; connects to nothing yet. worker NULL: not in a pool. 0 or -1. */
int app_init(struct app *app, const struct settings *settings,
    const struct shared *shared, struct prefork_worker *worker,
    struct err *err) MUST_CHECK;
void app_release(struct app *app);

/* The callbacks of lib/http's servers; context is the app. */
struct http_handler app_handler(struct app *app);
/* The limits that the settings ask for. */
struct http_limits app_limits(const struct settings *settings);

/* Parts of the composition that other programs use alone. */
struct db_settings app_db_settings(const struct settings *settings);
struct mq_settings app_mq_settings(
    const struct settings *settings, const char *name);
struct booking_rules app_rules(const struct settings *settings);
/* Names the relay of this host by the database. */
void app_wake(const struct settings *settings, struct relay_wake *wake);

#endif
