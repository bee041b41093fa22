/*
 * bookingctl events: what its subcommands share.
 */
#ifndef CONTROL_EVENTS_H
#define CONTROL_EVENTS_H

#include "app/app.h"
#include "app/background.h"
#include "control/command.h"

/* What a subcommand works with. */
struct events_desk {
	const struct settings *settings;
	struct background_settings background;
	struct db_settings db_settings;
	struct mq_settings mq_settings;
	struct db *db;
	struct mq *mq;
	struct arena *arena; /* of one step */
	/* The arguments behind the subcommand's name. */
	int argc;
	char **argv;
};

/* Each returns 0, or -1 with err; ERR_INVALID when the arguments are wrong. */
int events_drain(struct events_desk *desk, struct err *err) MUST_CHECK;
int events_watch(struct events_desk *desk, struct err *err) MUST_CHECK;
int events_tail(struct events_desk *desk, struct err *err) MUST_CHECK;

/* The only option that drain and watch have: --seconds N. */
int events_seconds(const struct events_desk *desk, int64_t *seconds,
    struct err *err) MUST_CHECK;
/* Set by SIGINT and SIGTERM after events_catch_signals: time to say good-bye.
 */
void events_catch_signals(void);
bool events_interrupted(void);

#endif
