#include <string.h>

#include "app/background.h"

/* What a request may need beyond the time-out until its event is marked. */
#define GRACE_MS	 1000
#define LEASE_MS	 5000
#define BATCH_TIMEOUT_MS 2000
/* A sweeper that was away catches up, and clocks differ. */
#define FLIGHT_MARGIN_MS (15LL * 60 * 1000)
#define DAY_MS		 (24LL * 60 * 60 * 1000)

static const char *const PAYMENT_KEYS[] = { "payment.completed",
	"payment.failed" };
static const char *const FLIGHT_KEYS[] = { "flight.cancelled" };
static const char *const REMINDER_KEYS[] = { "booking.created",
	"booking.confirmed" };

/* A worker that still remembers the flight as it was may book it until then:
 * its cancellation is acted on twice. The reminder adapter consumes events of
 * our own. */
static void
set_sources(const struct settings *settings, struct arena *arena,
    struct background_settings *background)
{
	background->sources[SOURCE_PAYMENTS] = (struct event_source){
		.exchange = settings->payment_exchange,
		.queue = settings->payment_queue,
		.keys = PAYMENT_KEYS,
		.key_count = ARRAY_LEN(PAYMENT_KEYS),
	};
	background->sources[SOURCE_FLIGHTS] = (struct event_source){
		.exchange = settings->flight_exchange,
		.queue = settings->flight_queue,
		.keys = FLIGHT_KEYS,
		.key_count = ARRAY_LEN(FLIGHT_KEYS),
		.again_ms = settings->flight_cache_s * 1000 +
			    settings->request_timeout_ms,
	};
	background->sources[SOURCE_REMINDERS] = (struct event_source){
		.exchange = settings->reminder_exchange[0] == '\0'
				? ""
				: settings->rabbitmq_exchange,
		.queue = arena_printf(
		    arena, "%s.reminders", settings->rabbitmq_exchange),
		.keys = REMINDER_KEYS,
		.key_count = ARRAY_LEN(REMINDER_KEYS),
	};
}

static struct topology_settings
topology_settings(const struct settings *settings,
    const struct background_settings *background)
{
	return (struct topology_settings){
		.exchange = settings->rabbitmq_exchange,
		.queues = {
			[EVENT_CREATED] = settings->queue_created,
			[EVENT_CONFIRMED] = settings->queue_confirmed,
			[EVENT_CANCELLED] = settings->queue_cancelled,
			[EVENT_UPDATED] = settings->queue_updated,
			[EVENT_REFUND_REQUIRED] =
			    settings->queue_refund_required,
		},
		.consumer_queues = settings->consumer_queues,
		.reminder_exchange = settings->reminder_exchange,
		.quorum = strcmp(settings->rabbitmq_queue_type, "quorum") == 0,
		.sources = background->sources,
		.source_count = ARRAY_LEN(background->sources),
		.retries = (unsigned)settings->consumer_retries,
		.first_delay_ms = settings->consumer_retry_ms,
	};
}

int
background_settings(const struct settings *settings, struct arena *arena,
    struct background_settings *background, struct err *err)
{
	int64_t timeout_ms = settings->publish_timeout_ms;

	set_sources(settings, arena, background);
	background->topology_settings = topology_settings(settings, background);
	background->relay = (struct relay_settings){
		.exchange = settings->rabbitmq_exchange,
		.topology = &background->topology,
		.publish_timeout_ms = timeout_ms > BATCH_TIMEOUT_MS
					  ? timeout_ms
					  : BATCH_TIMEOUT_MS,
		.grace_ms = timeout_ms + GRACE_MS,
		.max_attempts = (unsigned)settings->event_max_attempts,
		.lease_ms = LEASE_MS,
	};
	background->sweep.retention_ms =
	    settings->event_retention_days * DAY_MS;
	background->sweep.flight_age_ms = settings->flight_cache_s * 1000 +
					  settings->request_timeout_ms +
					  FLIGHT_MARGIN_MS;
	background->dead_exchange =
	    topology_dead_exchange(arena, settings->rabbitmq_exchange);
	background->dead_queue =
	    topology_dead_queue(arena, settings->rabbitmq_exchange);
	return topology_build(
	    arena, &background->topology_settings, &background->topology, err);
}
