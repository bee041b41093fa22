/*
 * What happens beside requests, each duty in a process of its own under one
 * master: the outbox relay, the consumers of other services' events, the
 * sweeps. A duty that dies or stands still is replaced.
 */
#ifndef APP_BACKGROUND_H
#define APP_BACKGROUND_H

#include "app/settings.h"
#include "events/relay.h"
#include "events/sweep.h"
#include "events/topology.h"

enum source {
	SOURCE_PAYMENTS,
	SOURCE_FLIGHTS,
	SOURCE_REMINDERS,
	SOURCE__COUNT
};

/* The settings of src/events; lives as long as the process. */
struct background_settings {
	struct event_source sources[SOURCE__COUNT];
	struct topology_settings topology_settings;
	struct mq_topology topology;
	const char *dead_exchange;
	const char *dead_queue;
	struct relay_settings relay;
	struct sweep_settings sweep;
};

/* Translates the settings; texts go to the arena. ERR_INVALID names what is
 * wrong. */
int background_settings(const struct settings *settings, struct arena *arena,
    struct background_settings *background, struct err *err) MUST_CHECK;
/* Runs all duties until told to stop. Returns an exit status. */
int background_run(const struct settings *settings);

#endif
