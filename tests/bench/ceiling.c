/*
 * What the database and the broker allow: the transaction of a new booking by
 * the service's own repositories, and its event by the service's own outbox,
 * from N processes in a closed loop, with no HTTP, no other service and no
 * JSON to read.
 *
 *   bench-ceiling PROCESSES SECONDS FLIGHTS SEATS PREFIX
 *
 * Configured like the service. One JSON line comes out.
 */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "app/app.h"
#include "app/start.h"
#include "core/log.h"
#include "core/text.h"
#include "db/transaction.h"
#include "repository/create_repo.h"

#define PASSENGERS    2
#define PROCESSES_MAX 256
#define SAMPLES_MAX   200000 /* of one process */
#define ARENA_BYTES   (16 * 1024 * 1024)
#define DAY_MS	      (24 * 60 * 60 * 1000LL)
#define LIMIT_MS      8000
#define USERS	      200
#define NAME_SIZE     64
#define HOLD_MS	      DAY_MS

struct tally {
	size_t booked;
	size_t failed;
	size_t deferred;
	uint32_t us[SAMPLES_MAX];
};

struct plan {
	unsigned processes, seconds, flights, seats;
	const char *prefix;
	const struct settings *settings;
	struct seat_hints *hints;
	struct inventory *inventory;
	struct tally *tallies; /* shared */
	atomic_uint *waiting;  /* shared: processes that are not ready yet */
	int64_t departure_ms;
};

/* One process's own. */
struct seller {
	const struct plan *plan;
	struct db_settings db_settings;
	struct mq_settings mq_settings;
	struct db *db;
	struct event_publisher publisher;
	struct outbox outbox;
	struct reference_block references;
	struct arena *arena;
	struct request_context ctx;
	struct booking booking;
	struct passenger passengers[PASSENGERS];
	struct booking_event event;
	struct request_key key;
	char reference[REFERENCE_SIZE];
	char names[PASSENGERS][3][NAME_SIZE];
	char user[NAME_SIZE], flight_id[NAME_SIZE];
	struct seat_search seats;
};

static void
set_flight(struct seller *seller, unsigned number)
{
	const struct plan *plan = seller->plan;

	snprintf(seller->flight_id, sizeof(seller->flight_id), "F%u-%s-%04u",
	    plan->seats, plan->prefix, number);
	seller->booking.flight = (struct flight){
		.flight_id = seller->flight_id,
		.flight_number = "AA100",
		.airline = "American Airlines",
		.origin = "JFK",
		.destination = "LAX",
		.departure_ms = plan->departure_ms,
		.arrival_ms = plan->departure_ms + DAY_MS / 8,
		.price_cents = 29999,
		.currency = "USD",
		.status = "SCHEDULED",
		.total_seats = plan->seats,
		.available_seats = -1,
	};
	seller->booking.flight_id = seller->flight_id;
}

static void
write_letters(char *out, size_t count)
{
	for (size_t i = 0; i < count; i++)
		out[i] = (char)('a' + random_below(26));
	out[count] = '\0';
}

static void
set_passengers(struct seller *seller)
{
	for (unsigned i = 0; i < PASSENGERS; i++) {
		struct passenger *passenger = &seller->passengers[i];
		char(*names)[NAME_SIZE] = seller->names[i];

		write_letters(names[0], 7);
		write_letters(names[1], 6);
		snprintf(names[2], NAME_SIZE, "%s.%u@example.com", names[0],
		    random_below(100000000));
		*passenger = (struct passenger){
			.id = uuid_make(),
			.first_name = names[0],
			.last_name = names[1],
			.email = names[2],
			.phone_number = "+10123456789",
			.date_of_birth = "1980-02-28",
			.passport_number = "P12345670",
			.is_primary = i == 0,
		};
	}
}

static int
set_booking(struct seller *seller, struct err *err)
{
	struct booking *booking = &seller->booking;
	int64_t now_ms = clock_wall_ms();

	if (reference_repo_next(seller->db, &seller->references, now_ms,
		seller->reference, err) != 0)
		return -1;
	set_flight(seller, random_below(seller->plan->flights));
	set_passengers(seller);
	snprintf(seller->user, sizeof(seller->user), "user-%u",
	    1 + random_below(USERS));
	random_bytes(&seller->key, sizeof(seller->key));
	booking->id = uuid_make();
	booking->reference = seller->reference;
	booking->user_id = seller->user;
	booking->status = BOOKING_CREATED;
	booking->version = 1;
	booking->total_cents = PASSENGERS * booking->flight.price_cents;
	booking->currency = booking->flight.currency;
	booking->special_requests = "Window seat preferred";
	booking->departure_ms = booking->flight.departure_ms;
	booking->created_at_ms = booking->updated_at_ms = now_ms;
	booking->confirmed_at_ms = booking->cancelled_at_ms = -1;
	booking->expires_at_ms = now_ms + HOLD_MS;
	booking->passengers = seller->passengers;
	booking->passenger_count = PASSENGERS;
	return 0;
}

static void
set_event(struct seller *seller)
{
	seller->event = (struct booking_event){
		.id = uuid_make(),
		.booking_id = seller->booking.id,
		.sequence = 1,
		.type = EVENT_CREATED,
		.from_status = EVENT_NO_STATUS,
		.to_status = BOOKING_CREATED,
		.actor = seller->user,
		.request_id = seller->ctx.request_id,
		.traceparent = seller->ctx.traceparent,
		.occurred_at_ms = seller->booking.created_at_ms,
	};
	event_write_payload(
	    seller->arena, &seller->event, &seller->booking, NULL);
}

static int
write_booking(struct db *db, void *context, struct err *err)
{
	struct seller *seller = context;
	const struct booking *booking = &seller->booking;

	if (seat_search_next(&seller->seats, db, err) != 0 ||
	    booking_repo_insert(
		db, seller->arena, booking, &seller->key, err) != 0 ||
	    booking_repo_insert_passengers(db, booking, err) != 0 ||
	    seat_repo_take(db, booking, err) != 0)
		return -1;
	set_event(seller);
	return event_repo_insert(db, &seller->event, err);
}

/* As the service does: in one round trip by a guess, else by statements. */
static int
commit_booking(struct seller *seller, struct err *err)
{
	if (create_repo_is_able(seller->db) &&
	    seat_search_guess(&seller->seats)) {
		set_event(seller);
		if (create_repo_run(seller->db, seller->arena, &seller->booking,
			&seller->key, &seller->event, err) == 0)
			return 0;
		if (!err_is(err, &ERR_CONFLICT))
			return -1;
		err_clear(err);
	}
	return db_transaction(
	    seller->db, seller->ctx.deadline, write_booking, seller, err);
}

static int
book(struct seller *seller, struct tally *tally, struct err *err)
{
	static const struct seat_wishes any = { 0 };
	int rc;

	seller->ctx.deadline = deadline_in(LIMIT_MS);
	if (set_booking(seller, err) != 0)
		return -1;
	seat_search_begin(&seller->seats, seller->plan->hints, seller->arena,
	    &seller->booking, &any, true);
	rc = commit_booking(seller, err);
	seat_search_settle(&seller->seats, rc == 0);
	if (rc != 0)
		return -1;
	if (!outbox_send(&seller->outbox, &seller->ctx, &seller->event, true))
		tally->deferred++;
	return 0;
}

static int
open_seller(struct seller *seller, const struct plan *plan, struct err *err)
{
	memset(seller, 0, sizeof(*seller));
	seller->plan = plan;
	seller->db_settings = app_db_settings(plan->settings);
	seller->mq_settings = app_mq_settings(plan->settings, "bench-ceiling");
	seller->db = db_create(&seller->db_settings);
	seller->arena = arena_create(ARENA_BYTES);
	seller->publisher = (struct event_publisher){
		.mq = mq_create(&seller->mq_settings),
		.exchange = plan->settings->rabbitmq_exchange,
		.timeout_ms = plan->settings->publish_timeout_ms,
	};
	seller->outbox = (struct outbox){
		.db = seller->db,
		.publisher = &seller->publisher,
	};
	seller->ctx = (struct request_context){
		.arena = seller->arena,
		.deadline = deadline_in(LIMIT_MS),
		.request_id = "bench-ceiling",
		.traceparent =
		    "00-00000000000000000000000000000001-0000000000000001-00",
	};
	if (db_ready(seller->db, err) != 0)
		return -1;
	return mq_publisher_open(
	    seller->publisher.mq, seller->publisher.exchange, err);
}

static void
close_seller(struct seller *seller)
{
	outbox_flush(&seller->outbox);
	mq_free(seller->publisher.mq);
	db_free(seller->db);
	arena_free(seller->arena);
}

/* Waits until all are ready, so that none measures the others' connecting. */
static void
start_together(const struct plan *plan)
{
	const struct timespec pause = { .tv_nsec = 1000000 };

	atomic_fetch_sub(plan->waiting, 1);
	while (atomic_load(plan->waiting) > 0)
		nanosleep(&pause, NULL);
}

static int
sell(const struct plan *plan, struct tally *tally)
{
	static struct seller seller;
	struct err err;
	int64_t end_us;

	err_clear(&err);
	if (open_seller(&seller, plan, &err) != 0) {
		log_err("ceiling_failed", &err);
		atomic_fetch_sub(plan->waiting, 1);
		return EXIT_FAILURE;
	}
	start_together(plan);
	end_us = clock_monotonic_us() + (int64_t)plan->seconds * 1000000;
	while (clock_monotonic_us() < end_us && tally->booked < SAMPLES_MAX) {
		int64_t begun_us = clock_monotonic_us();

		err_clear(&err);
		if (book(&seller, tally, &err) == 0) {
			tally->us[tally->booked++] =
			    (uint32_t)(clock_monotonic_us() - begun_us);
		} else {
			tally->failed++;
			log_err("ceiling_booking_failed", &err);
		}
		arena_reset(seller.arena);
	}
	close_seller(&seller);
	return EXIT_SUCCESS;
}

/* The flights and their seats. */
static int
make_flights(const struct plan *plan)
{
	static struct seller seller;
	struct err err;
	int made = 0;

	err_clear(&err);
	if (open_seller(&seller, plan, &err) != 0)
		made = -1;
	for (unsigned i = 0; made == 0 && i < plan->flights; i++) {
		set_flight(&seller, i);
		seller.ctx.deadline = deadline_in(LIMIT_MS);
		made = inventory_store(plan->inventory, seller.db, &seller.ctx,
		    &seller.booking.flight, &err);
		arena_reset(seller.arena);
	}
	if (made != 0)
		log_err("ceiling_failed", &err);
	close_seller(&seller);
	return made;
}

static int
by_size(const void *a, const void *b)
{
	uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;

	return left < right ? -1 : left > right;
}

static double
percentile_ms(const uint32_t us[], size_t count, double share)
{
	if (count == 0)
		return 0;
	return us[(size_t)((double)(count - 1) * share)] / 1000.0;
}

static void
report(const struct plan *plan, double seconds)
{
	size_t booked = 0, failed = 0, deferred = 0, at = 0;
	uint32_t *us;

	for (unsigned i = 0; i < plan->processes; i++) {
		booked += plan->tallies[i].booked;
		failed += plan->tallies[i].failed;
		deferred += plan->tallies[i].deferred;
	}
	us = calloc(booked + 1, sizeof(*us));
	if (us == NULL)
		abort();
	for (unsigned i = 0; i < plan->processes; i++) {
		const struct tally *tally = &plan->tallies[i];

		memcpy(&us[at], tally->us, tally->booked * sizeof(*us));
		at += tally->booked;
	}
	qsort(us, booked, sizeof(*us), by_size);
	printf("{\"booked\":%zu,\"failed\":%zu,\"late\":%zu,"
	       "\"seconds\":%.6f,\"p50_ms\":%.3f,\"p99_ms\":%.3f,"
	       "\"max_ms\":%.3f}\n",
	    booked, failed, deferred, seconds, percentile_ms(us, booked, 0.5),
	    percentile_ms(us, booked, 0.99), percentile_ms(us, booked, 1));
	free(us);
}

static void *
map_shared(size_t bytes)
{
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		abort();
	return memory;
}

static int
run(struct plan *plan)
{
	int64_t begun_us;
	int result = EXIT_SUCCESS;

	if (make_flights(plan) != 0)
		return EXIT_FAILURE;
	atomic_store(plan->waiting, plan->processes + 1);
	for (unsigned i = 0; i < plan->processes; i++) {
		pid_t child = fork();

		if (child < 0)
			abort();
		if (child == 0)
			_exit(sell(plan, &plan->tallies[i]));
	}
	start_together(plan);
	begun_us = clock_monotonic_us();
	for (unsigned i = 0; i < plan->processes; i++) {
		int status;

		if (wait(&status) < 0 || status != 0)
			result = EXIT_FAILURE;
	}
	report(plan, (double)(clock_monotonic_us() - begun_us) / 1e6);
	return result;
}

static int
parse_number(const char *text, int64_t most, unsigned *number)
{
	int64_t value;

	if (text_parse_int(text, 1, most, &value) != 0)
		return -1;
	*number = (unsigned)value;
	return 0;
}

int
main(int argc, char **argv)
{
	static struct settings settings;
	struct plan plan = { .settings = &settings };

	if (argc != 6 ||
	    parse_number(argv[1], PROCESSES_MAX, &plan.processes) != 0 ||
	    parse_number(argv[2], 3600, &plan.seconds) != 0 ||
	    parse_number(argv[3], 10000, &plan.flights) != 0 ||
	    parse_number(argv[4], FLIGHT_SEATS_MAX, &plan.seats) != 0) {
		fputs("usage: bench-ceiling PROCESSES SECONDS FLIGHTS SEATS "
		      "PREFIX\n",
		    stderr);
		return EXIT_USAGE;
	}
	plan.prefix = argv[5];
	if (start_program("bench-ceiling", NULL, &settings) != 0)
		return EXIT_CONFIG;
	plan.hints = seat_hints_create();
	plan.inventory = inventory_create();
	plan.tallies = map_shared(plan.processes * sizeof(*plan.tallies));
	plan.waiting = map_shared(sizeof(*plan.waiting));
	plan.departure_ms = clock_wall_ms() + 365 * DAY_MS;
	return run(&plan);
}
