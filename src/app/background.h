/*
 * What happens beside requests, each duty in a process of its own under one
 * master: the outbox relay, the consumers of other services' events, the
 * sweeps. A duty that dies or stands still is replaced.
 */
#ifndef APP_BACKGROUND_H
#define APP_BACKGROUND_H

#include "app/settings.h"
#include "events/relay.h"
#include "events/topology.h"

/* The settings of src/events; lives as long as the process. */
struct background_settings {
	struct event_source sources[2];
	struct topology_settings topology_settings;
	struct mq_topology topology;
	struct relay_settings relay;
};

/* Translates the settings; texts go to the arena. ERR_INVALID names what is
 * wrong. */
int background_settings(const struct settings *settings, struct arena *arena,
    struct background_settings *background, struct err *err) MUST_CHECK;
/* Runs all duties until told to stop. Returns an exit status. */
int background_run(const struct settings *settings);

#endif
