#include "app/duty.h"

#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "app/app.h"
#include "app/log_file.h"
#include "events/consumer.h"
#include "events/flight_events.h"
#include "events/payment_events.h"
#include "events/reminder.h"
#include "events/sweep.h"

#define ARENA_BYTES	   (64 * 1024 * 1024)
#define MESSAGE_TIMEOUT_MS 5000

/* --- the desk ----------------------------------------------------------------
 */

int
desk_set_up(struct desk *desk, const struct settings *settings,
    const struct background_settings *background, struct prefork_worker *worker,
    const char *name)
{
	*desk = (struct desk){
		.settings = settings,
		.background = background,
		.worker = worker,
		.db_settings = app_db_settings(settings),
		.mq_settings = app_mq_settings(settings, name),
		.rules = app_rules(settings),
		.arena = arena_create(ARENA_BYTES),
	};
	desk->mq_settings.timeout_ms = background->relay.publish_timeout_ms;
	desk->db = db_create(&desk->db_settings);
	desk->mq = mq_create(&desk->mq_settings);
	desk->publisher = (struct event_publisher){
		.mq = mq_create(&desk->mq_settings),
		.exchange = settings->rabbitmq_exchange,
		.timeout_ms = settings->publish_timeout_ms,
	};
	app_wake(settings, &desk->wake);
	desk->outbox = (struct outbox){
		.db = desk->db,
		.publisher = &desk->publisher,
		.wake = &desk->wake,
	};
	desk->bookings = (struct booking_service){
		.db = desk->db,
		.outbox = &desk->outbox,
		.rules = &desk->rules,
	};
	return desk->db == NULL || desk->mq == NULL ||
		       desk->publisher.mq == NULL
		   ? -1
		   : 0;
}

void
desk_clear(struct desk *desk)
{
	outbox_flush(&desk->outbox);
	relay_wake_release(&desk->wake);
	arena_free(desk->arena);
	mq_free(desk->publisher.mq);
	mq_free(desk->mq);
	db_free(desk->db);
}

/* --- stepping ----------------------------------------------------------------
 */

static int
open_signals(void)
{
	sigset_t mine;

	sigemptyset(&mine);
	sigaddset(&mine, SIGTERM);
	sigaddset(&mine, SIGUSR1);
	sigprocmask(SIG_BLOCK, &mine, NULL);
	return signalfd(-1, &mine, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* True when one of them is the wish to stop; the other: somebody may have
 * moved the log away. */
static bool
read_signals(int signal_fd, const char *log_file)
{
	struct signalfd_siginfo signal;
	bool stop = false;

	while (read(signal_fd, &signal, sizeof(signal)) ==
	       (ssize_t)sizeof(signal)) {
		if (signal.ssi_signo == SIGUSR1)
			log_file_reopen(log_file);
		else
			stop = true;
	}
	return stop;
}

/* True when the wait was ended by the wish to stop. */
static bool
wait_or_stop(int signal_fd, const struct pace *pace, const char *log_file)
{
	struct pollfd ready[] = {
		{ .fd = signal_fd, .events = POLLIN },
		{ .fd = pace->fd, .events = POLLIN },
	};

	poll(ready, ARRAY_LEN(ready), (int)pace->wait_ms);
	return ready[0].revents != 0 && read_signals(signal_fd, log_file);
}

static void
take_steps(struct desk *desk, const char *name,
    void (*step)(void *context, struct pace *pace), void *context)
{
	struct scoreboard_slot *slot = desk->worker->slot;
	const char *log_file = desk->settings->events_log_file;
	int signal_fd = open_signals();
	struct pace pace;

	/* Before that it would not have heard. */
	log_file_reopen(log_file);
	do {
		pace = (struct pace){ .wait_ms = 0, .fd = -1 };
		scoreboard_request(slot, name);
		step(context, &pace);
		scoreboard_done(slot);
	} while (!wait_or_stop(signal_fd, &pace, log_file));
	close(signal_fd);
}

/* --- the outbox --------------------------------------------------------------
 */

static void
step_relay(void *context, struct pace *pace)
{
	relay_step(context, pace);
}

static void
run_relay(struct desk *desk)
{
	struct relay relay;

	relay_init(&relay, &desk->background->relay, desk->db, desk->mq,
	    desk->arena, &desk->wake);
	take_steps(desk, "relay", step_relay, &relay);
	relay_leave(&relay);
}

/* --- consumers ---------------------------------------------------------------
 */

static void
step_consumer(void *context, struct pace *pace)
{
	consumer_step(context, pace);
}

static void
run_consumer(struct desk *desk, const struct event_source *source,
    int (*handle)(void *context, const struct request_context *ctx,
	struct message *message, struct err *err),
    void *context)
{
	const struct consumer_settings settings = {
		.source = source,
		.topology = &desk->background->topology,
		.dead_exchange = desk->background->dead_exchange,
		.prefetch = (unsigned)desk->settings->rabbitmq_prefetch,
		.retries = (unsigned)desk->settings->consumer_retries,
		.first_delay_ms = desk->settings->consumer_retry_ms,
		.message_timeout_ms = MESSAGE_TIMEOUT_MS,
	};
	struct consumer consumer = {
		.settings = &settings,
		.db = desk->db,
		.mq = desk->mq,
		.outbox = &desk->outbox,
		.arena = desk->arena,
		.handle = handle,
		.context = context,
	};

	take_steps(desk, source->queue, step_consumer, &consumer);
}

static bool
wants_payments(const struct settings *settings)
{
	return settings->payment_exchange[0] != '\0';
}

static void
run_payments(struct desk *desk)
{
	run_consumer(desk, &desk->background->sources[SOURCE_PAYMENTS],
	    payment_events_handle, &desk->bookings);
}

static bool
wants_flights(const struct settings *settings)
{
	return settings->flight_exchange[0] != '\0';
}

static void
still_alive(void *context)
{
	struct desk *desk = context;

	scoreboard_request(desk->worker->slot, "flights");
	outbox_flush(&desk->outbox);
}

static void
run_flights(struct desk *desk)
{
	struct flight_events flights = {
		.service = &desk->bookings,
		.alive = still_alive,
		.alive_context = desk,
	};

	run_consumer(desk, &desk->background->sources[SOURCE_FLIGHTS],
	    flight_events_handle, &flights);
}

static bool
wants_reminders(const struct settings *settings)
{
	return settings->reminder_exchange[0] != '\0';
}

static void
run_reminders(struct desk *desk)
{
	struct reminder reminder = {
		.db = desk->db,
		.mq = desk->publisher.mq,
		.exchange = desk->settings->reminder_exchange,
		.routing_key = desk->settings->reminder_key,
		.timeout_ms = desk->background->relay.publish_timeout_ms,
	};

	run_consumer(desk, &desk->background->sources[SOURCE_REMINDERS],
	    reminder_handle, &reminder);
}

/* --- sweeping ----------------------------------------------------------------
 */

static void
step_sweep(void *context, struct pace *pace)
{
	sweep_step(context, pace);
}

static void
run_sweep(struct desk *desk)
{
	struct sweep sweep = {
		.settings = &desk->background->sweep,
		.service = &desk->bookings,
		.arena = desk->arena,
	};

	take_steps(desk, "sweep", step_sweep, &sweep);
}

const struct duty DUTIES[] = {
	{ "relay", NULL, run_relay },
	{ "payments", wants_payments, run_payments },
	{ "flights", wants_flights, run_flights },
	{ "reminders", wants_reminders, run_reminders },
	{ "sweep", NULL, run_sweep },
};

const size_t DUTY_COUNT = ARRAY_LEN(DUTIES);
