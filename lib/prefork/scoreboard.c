#include "prefork/scoreboard.h"

#include <assert.h>
#include <sched.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/text.h"

#define UNDECIDED_WAIT_MS 1000

/* Tickets: none drawn, before all others, and the first of the others. */
enum { TICKET_NONE, TICKET_FROZEN, TICKET_FIRST };

static size_t
board_size(unsigned slots)
{
	return sizeof(struct scoreboard) +
	       slots * sizeof(struct scoreboard_slot);
}

struct scoreboard *
scoreboard_create(unsigned slots, const char *const *phase_names)
{
	struct scoreboard *board = mmap(NULL, board_size(slots),
	    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (board == MAP_FAILED)
		return NULL;
	board->slots = slots;
	board->phase_names = phase_names;
	board->wake_fd = -1;
	queue_clock_init(&board->queue, 0);
	for (unsigned i = 0; i < slots; i++) {
		board->slot[i].board = board;
		scoreboard_empty(&board->slot[i]);
	}
	return board;
}

void
scoreboard_free(struct scoreboard *board)
{
	if (board != NULL)
		munmap(board, board_size(board->slots));
}

const char *
scoreboard_state_name(int state)
{
	static const char *const names[WORKER_STATE__COUNT] = {
		[WORKER_EMPTY] = "empty",
		[WORKER_STARTING] = "starting",
		[WORKER_IDLE] = "idle",
		[WORKER_READING] = "reading",
		[WORKER_BUSY] = "busy",
		[WORKER_STOPPING] = "stopping",
	};

	return state >= 0 && state < WORKER_STATE__COUNT ? names[state]
							 : "unknown";
}

const char *
scoreboard_end_name(enum worker_end end)
{
	static const char *const names[WORKER_END__COUNT] = {
		[END_RETIRED] = "retired",
		[END_CRASHED] = "crashed",
		[END_FAILED] = "failed",
		[END_OVERDUE] = "overdue",
		[END_SCALED] = "scaled",
		[END_RELOADED] = "reloaded",
		[END_DRAINED] = "drained",
	};

	return names[end];
}

void
scoreboard_count(const struct scoreboard *board, struct census *census)
{
	*census = (struct census){ 0 };
	for (unsigned i = 0; i < board->slots; i++) {
		const struct scoreboard_slot *slot = &board->slot[i];
		int state = slot->state;
		bool leaving = slot->leaving;

		census->by_state[state]++;
		census->alive += state != WORKER_EMPTY;
		census->leaving += leaving;
		census->ready += state == WORKER_IDLE && !leaving;
		census->requests += slot->total_requests;
		census->shed += slot->total_shed;
	}
}

/* --- waking the master -------------------------------------------------- */

static void
wake_master(struct scoreboard *board)
{
	static const uint64_t one = 1;

	if (board->wake_fd < 0 || atomic_exchange(&board->woken, true))
		return;
	/* Refused only when it is full, which wakes as well. */
	(void)!write(board->wake_fd, &one, sizeof(one));
}

static void
wake_master_if_short(struct scoreboard *board)
{
	unsigned least = board->idle_least;
	unsigned idle = 0;

	if (board->woken)
		return;
	for (unsigned i = 0; i < board->slots && idle < least; i++)
		idle += board->slot[i].state == WORKER_IDLE;
	if (idle < least)
		wake_master(board);
}

/* --- the request in work ------------------------------------------------ */

static void
clear_request(struct scoreboard_slot *slot, int64_t started_us)
{
	slot->route = -1;
	slot->phase = 0;
	slot->phase_started_us = started_us;
	for (size_t i = 0; i < SCOREBOARD_PHASES; i++)
		slot->phase_us[i] = 0;
	slot->request_id[0] = '\0';
	slot->request_started_us = started_us;
}

void
scoreboard_empty(struct scoreboard_slot *slot)
{
	scoreboard_release(slot);
	clear_request(slot, 0);
	slot->requests = 0;
	slot->started_ms = 0;
	slot->pid = 0;
	slot->leaving = false;
	slot->state = WORKER_EMPTY;
}

void
scoreboard_start(struct scoreboard_slot *slot)
{
	scoreboard_empty(slot);
	slot->generation++;
	slot->started_ms = clock_monotonic_ms();
	slot->state = WORKER_STARTING;
}

void
scoreboard_waiting(struct scoreboard_slot *slot)
{
	if (slot == NULL)
		return;
	slot->request_started_us = 0;
	if (atomic_exchange(&slot->state, WORKER_IDLE) == WORKER_STARTING)
		wake_master(slot->board);
}

void
scoreboard_reading(struct scoreboard_slot *slot)
{
	if (slot == NULL)
		return;
	clear_request(slot, clock_monotonic_us());
	slot->state = WORKER_READING;
	wake_master_if_short(slot->board);
}

void
scoreboard_stopping(struct scoreboard_slot *slot)
{
	if (slot != NULL)
		slot->state = WORKER_STOPPING;
}

void
scoreboard_request(struct scoreboard_slot *slot, const char *request_id)
{
	if (slot == NULL)
		return;
	clear_request(slot, clock_monotonic_us());
	text_copy(slot->request_id, sizeof(slot->request_id), request_id);
	slot->state = WORKER_BUSY;
}

void
scoreboard_route(struct scoreboard_slot *slot, int route)
{
	if (slot != NULL)
		slot->route = route;
}

void
scoreboard_phase(struct scoreboard_slot *slot, unsigned phase)
{
	int64_t now_us;

	if (slot == NULL)
		return;
	assert(phase < SCOREBOARD_PHASES);
	now_us = clock_monotonic_us();
	slot->phase_us[slot->phase] +=
	    (uint32_t)(now_us - slot->phase_started_us);
	slot->phase_started_us = now_us;
	slot->phase = phase;
}

void
scoreboard_done(struct scoreboard_slot *slot)
{
	if (slot == NULL)
		return;
	scoreboard_phase(slot, 0);
	scoreboard_release(slot);
	slot->requests++;
	slot->total_requests++;
	scoreboard_waiting(slot);
}

void
scoreboard_shed(struct scoreboard_slot *slot)
{
	if (slot != NULL)
		slot->total_shed++;
}

/* --- claims ------------------------------------------------------------- */

/* 0 says that nothing is claimed. */
static uint64_t
claim_of(uint64_t key)
{
	return key != 0 ? key : 1;
}

/*
 * The ticket of a slot that shows the key, none when it shows it no more.
 * Between showing a key and drawing a ticket lie a few instructions; a worker
 * that was stopped just there counts as first, and is ended by the master.
 */
static uint64_t
rival_ticket(struct scoreboard_slot *slot, uint64_t claim)
{
	int64_t give_up_ms = 0;

	while (slot->claim == claim) {
		uint64_t ticket = slot->claim_ticket;

		if (ticket != TICKET_NONE)
			return ticket;
		if (give_up_ms == 0)
			give_up_ms = clock_monotonic_ms() + UNDECIDED_WAIT_MS;
		else if (clock_monotonic_ms() > give_up_ms)
			return TICKET_FROZEN;
		sched_yield();
	}
	return TICKET_NONE;
}

/*
 * Lamport's bakery: show the key, then draw a ticket, then look around. Who
 * does not see a rival's key has drawn before the rival showed it, and so
 * before the rival's ticket; of two that see each other the lower ticket wins.
 * All of it needs the sequential consistency that plain atomics have.
 */
bool
scoreboard_claim(
    struct scoreboard *board, struct scoreboard_slot *slot, uint64_t key)
{
	uint64_t claim = claim_of(key);
	uint64_t ticket;

	if (board == NULL || slot == NULL)
		return true;
	scoreboard_release(slot);
	slot->claim = claim;
	ticket = atomic_fetch_add(&board->tickets, 1) + TICKET_FIRST;
	slot->claim_ticket = ticket;
	for (unsigned i = 0; i < board->slots; i++) {
		struct scoreboard_slot *other = &board->slot[i];
		uint64_t rival;

		if (other == slot)
			continue;
		rival = rival_ticket(other, claim);
		if (rival != TICKET_NONE && rival < ticket) {
			scoreboard_release(slot);
			return false;
		}
	}
	return true;
}

void
scoreboard_release(struct scoreboard_slot *slot)
{
	if (slot == NULL)
		return;
	slot->claim = 0;
	slot->claim_ticket = TICKET_NONE;
}
