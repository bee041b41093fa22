#include "service/published_board.h"

#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>

#define SLOTS 4096

/* One word an event; a later event of the same slot displaces it. */
struct published_board {
	_Atomic uint64_t slots[SLOTS];
};

struct published_board *
published_board_create(void)
{
	void *memory = mmap(NULL, sizeof(struct published_board),
	    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

/* The random half of the id, mixed with the sequence; never 0. */
static uint64_t
mark_of(const struct event_key *key)
{
	uint64_t mark;

	memcpy(&mark, key->booking_id.bytes + UUID_BYTES - sizeof(mark),
	    sizeof(mark));
	mark ^= key->sequence * UINT64_C(0x9E3779B97F4A7C15);
	return mark == 0 ? 1 : mark;
}

static size_t
slot_of(uint64_t mark)
{
	return (mark ^ mark >> 32) % SLOTS;
}

void
published_board_note(struct published_board *board, const struct event_key *key)
{
	uint64_t mark = mark_of(key);

	if (board != NULL)
		board->slots[slot_of(mark)] = mark;
}

bool
published_board_has(
    const struct published_board *board, const struct event_key *key)
{
	uint64_t mark = mark_of(key);

	return board != NULL && board->slots[slot_of(mark)] == mark;
}
