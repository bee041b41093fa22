/*
 * The duties of the background process: what each works with, and their table.
 */
#ifndef APP_DUTY_H
#define APP_DUTY_H

#include "app/background.h"
#include "gateway/relay_wake.h"
#include "prefork/prefork.h"
#include "service/booking_service.h"

/* What a duty works with, made after the fork. */
struct desk {
	const struct settings *settings;
	const struct background_settings *background;
	struct prefork_worker *worker;
	struct db_settings db_settings;
	struct mq_settings mq_settings;
	struct booking_rules rules;
	struct db *db;
	struct mq *mq; /* consumes; the relay's publishes */
	struct event_publisher publisher;
	struct relay_wake wake;
	struct outbox outbox;
	struct booking_service
	    bookings; /* changes alone: it knows no flights */
	struct arena *arena;
};

struct duty {
	const char *name;
	/* Whether the settings ask for it; NULL: always. */
	bool (*wanted)(const struct settings *settings);
	/* Steps until told to stop. */
	void (*run)(struct desk *desk);
};

extern const struct duty DUTIES[];
extern const size_t DUTY_COUNT;

/* 0, or -1 when there is no memory. Connects to nothing yet. */
int desk_set_up(struct desk *desk, const struct settings *settings,
    const struct background_settings *background, struct prefork_worker *worker,
    const char *name) MUST_CHECK;
void desk_clear(struct desk *desk);

#endif
