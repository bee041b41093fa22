/*
 * The self-check: what is wrong with an installation, one line each, with the
 * way to mend it. Changes nothing anywhere.
 *
 * A check is a row of CHECKS in doctor.c and a function in the file of what it
 * looks at. It reports at least one finding, or none when what it needs is not
 * there, which another check has said.
 */
#ifndef CONTROL_DOCTOR_H
#define CONTROL_DOCTOR_H

#include "app/settings.h"
#include "core/arena.h"
#include "db/db.h"
#include "mq/mq_connection.h"
#include "rest/rest_client.h"

enum finding_level { FINDING_OK, FINDING_WARN, FINDING_FAIL };

struct finding {
	enum finding_level level;
	const char *check; /* "migrations" */
	const char *what;
	const char *fix; /* NULL: nothing to mend */
};

struct doctor {
	const struct settings *settings;
	const char *url;    /* of the web server; NULL: not looked at */
	const char *socket; /* of the pool; NULL: as the settings say */
	struct arena *arena;
	void *context;
	void (*report)(void *context, const struct finding *finding);

	/* Made by doctor_run. */
	struct db_settings db_settings;
	struct mq_settings mq_settings;
	struct db *db;
	struct mq *mq;
	struct rest_client *rest;
	bool db_up, mq_up;
	const char *check; /* that runs */
	enum finding_level worst;
};

/* What is looked at: everything, or what can be known when a pool starts and
 * matters to it. */
enum doctor_extent { DOCTOR_ALL, DOCTOR_AT_START };

/* Runs the checks in order; settings to report are set by the caller. Bounded:
 * some seconds for each peer that does not answer. Returns the worst level. */
enum finding_level doctor_run(struct doctor *doctor, enum doctor_extent extent);
/* Runs the checks of a start in a process of its own, which logs what is not
 * as it should be; the caller goes on at once and has no child by it. */
void doctor_at_start(const struct settings *settings);

/* For the checks: a finding; the texts are formatted by the caller into the
 * arena. A fix says what to do, in the imperative. */
void doctor_ok(struct doctor *doctor, const char *what);
void doctor_warn(struct doctor *doctor, const char *what, const char *fix);
void doctor_fail(struct doctor *doctor, const char *what, const char *fix);

/* --- doctor_host.c: this machine --- */
void check_configuration(struct doctor *doctor);
void check_secrets(struct doctor *doctor);
void check_socket(struct doctor *doctor);
void check_backlog(struct doctor *doctor);
/* --- doctor_database.c --- */
void check_database(struct doctor *doctor);
void check_database_settings(struct doctor *doctor);
void check_clock(struct doctor *doctor);
void check_migrations(struct doctor *doctor);
/* --- doctor_peers.c: broker, services, web server --- */
void check_broker(struct doctor *doctor);
void check_topology(struct doctor *doctor);
void check_services(struct doctor *doctor);
void check_web_server(struct doctor *doctor);

#endif
