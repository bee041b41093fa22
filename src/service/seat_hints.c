#include "service/seat_hints.h"

#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>

#include "core/clock.h"

#define SLOTS	      4096
#define LOOK_AGAIN_MS 5000
#define IN_HANDS      60 /* seats: ten bookings of six on their way */

/* Flights that share a slot displace each other; what a mix-up of two makes of
 * a hint is a miss, no more. */
struct hint {
	_Atomic uint64_t flight; /* a hash; 0: empty */
	_Atomic unsigned next;
	_Atomic bool doubtful;
	_Atomic int64_t looked_at_ms;
	_Atomic unsigned entered; /* too many for ever if one died: no harm */
};

struct seat_hints {
	struct hint slots[SLOTS];
};

struct seat_hints *
seat_hints_create(void)
{
	void *memory = mmap(NULL, sizeof(struct seat_hints),
	    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

/* FNV-1a; never 0. */
static uint64_t
hash(const char *text)
{
	uint64_t value = UINT64_C(14695981039346656037);

	for (; *text != '\0'; text++)
		value =
		    (value ^ (unsigned char)*text) * UINT64_C(1099511628211);
	return value | 1;
}

static struct hint *
slot_of(struct seat_hints *hints, uint64_t flight)
{
	return &hints->slots[(flight >> 1) % SLOTS];
}

/* NULL when nothing is known of the flight. */
static struct hint *
find(struct seat_hints *hints, const char *flight_id)
{
	uint64_t key = hash(flight_id);
	struct hint *hint = hints == NULL ? NULL : slot_of(hints, key);

	return hint != NULL && hint->flight == key ? hint : NULL;
}

void
seat_hints_enter(struct seat_hints *hints, const char *flight_id)
{
	struct hint *hint = find(hints, flight_id);

	if (hint != NULL)
		hint->entered++;
}

/* It may have entered before the flight had its slot. */
void
seat_hints_leave(struct seat_hints *hints, const char *flight_id)
{
	struct hint *hint = find(hints, flight_id);
	unsigned entered = hint == NULL ? 0 : hint->entered;

	while (entered > 0 && !atomic_compare_exchange_weak(
				  &hint->entered, &entered, entered - 1))
		;
}

/* Moves a start that would split the group between two rows to the next row.
 */
static unsigned
same_row(unsigned start, unsigned count)
{
	unsigned left = SEATS_ABREAST - start % SEATS_ABREAST;

	return count > left && count <= SEATS_ABREAST ? start + left : start;
}

static bool
is_to_look(struct hint *hint)
{
	int64_t now_ms = clock_monotonic_ms(),
		looked_at_ms = hint->looked_at_ms;

	if (hint->doubtful && atomic_exchange(&hint->doubtful, false))
		return true;
	return now_ms - looked_at_ms > LOOK_AGAIN_MS &&
	       atomic_compare_exchange_strong(
		   &hint->looked_at_ms, &looked_at_ms, now_ms);
}

static bool
take(struct hint *hint, unsigned total, unsigned count, unsigned *first)
{
	unsigned start, next = hint->next;

	do {
		start = same_row(next, count);
		if (start + count > total)
			return false;
	} while (
	    !atomic_compare_exchange_weak(&hint->next, &next, start + count));
	*first = start;
	return true;
}

bool
seat_hints_take(struct seat_hints *hints, const struct flight *flight,
    unsigned count, unsigned *first, bool *chosen)
{
	struct hint *hint = find(hints, flight->flight_id);

	if (hint == NULL)
		return false;
	if (is_to_look(hint)) {
		*chosen = true;
		return false;
	}
	return take(hint, flight->total_seats, count, first);
}

bool
seat_hints_go_on(struct seat_hints *hints, const struct flight *flight,
    unsigned count, unsigned *first)
{
	struct hint *hint = find(hints, flight->flight_id);

	return hint != NULL && take(hint, flight->total_seats, count, first);
}

unsigned
seat_hints_settled(struct seat_hints *hints, const char *flight_id)
{
	const struct hint *hint = find(hints, flight_id);

	if (hint == NULL || hint->entered <= 1)
		return FLIGHT_SEATS_MAX;
	return hint->next > IN_HANDS ? hint->next - IN_HANDS : 0;
}

void
seat_hints_found(struct seat_hints *hints, const char *flight_id,
    unsigned first, unsigned last)
{
	uint64_t key = hash(flight_id);
	struct hint *hint;
	unsigned next;

	if (hints == NULL)
		return;
	hint = slot_of(hints, key);
	if (hint->flight != key) {
		hint->next = 0;
		hint->entered = 1;
		hint->flight = key;
		hint->doubtful = true;
	}
	next = hint->next;
	/* Below the hint there are free seats after all, perhaps more. */
	if (first < next) {
		hint->doubtful = true;
		return;
	}
	while (next < last + 1 &&
	       !atomic_compare_exchange_weak(&hint->next, &next, last + 1))
		;
	hint->looked_at_ms = clock_monotonic_ms();
	hint->doubtful = false;
}

void
seat_hints_doubt(struct seat_hints *hints, const char *flight_id)
{
	struct hint *hint = find(hints, flight_id);

	if (hint != NULL)
		hint->doubtful = true;
}
