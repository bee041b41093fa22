#include "core/clock.h"
#include "core/log.h"
#include "prefork/pool.h"

#define SHRINK_EACH_MS 1000

/* Fewer idle workers than this: the master looks at once. */
static unsigned
idle_least(const struct pool *pool)
{
	const struct scaling *scaling = &pool->options.scaling;

	return scaling->dynamic && pool->wanted < scaling->most
		   ? scaling->spare_min
		   : 1;
}

void
staff_publish(struct pool *pool)
{
	const struct scaling *scaling = &pool->options.scaling;
	struct scoreboard_pool *shown = &pool->board->pool;

	shown->dynamic = scaling->dynamic;
	shown->least = scaling->dynamic ? scaling->least : scaling->workers;
	shown->most = scaling_most(scaling);
	shown->spare_min = scaling->dynamic ? scaling->spare_min : 0;
	shown->spare_max = scaling->dynamic ? scaling->spare_max : 0;
	shown->generation = pool->generation;
	shown->wanted = pool->wanted;
	pool->board->idle_least = idle_least(pool);
}

/* --- letting go --------------------------------------------------------- */

/* The worker to part with: best an idle one, and the youngest slot. -1: none.
 */
static int
least_needed(const struct pool *pool, bool of_this_generation)
{
	int found = -1;

	for (unsigned i = 0; i < pool->board->slots; i++) {
		const struct child *child = &pool->children[i];
		bool busy = pool->board->slot[i].state != WORKER_IDLE;

		if (child->pid == 0 || child->leaving ||
		    (child->generation == pool->generation) !=
			of_this_generation)
			continue;
		if (found < 0 || !busy ||
		    pool->board->slot[found].state != WORKER_IDLE)
			found = (int)i;
	}
	return found;
}

static void
let_go(struct pool *pool, unsigned count, bool of_this_generation)
{
	while (count-- > 0) {
		int index = least_needed(pool, of_this_generation);

		if (index < 0)
			return;
		children_dismiss(pool, (unsigned)index,
		    of_this_generation ? END_SCALED : END_RELOADED);
	}
}

/* --- generations -------------------------------------------------------- */

struct ranks {
	unsigned serving; /* of this generation, past their start */
	unsigned old;	  /* of earlier ones, not told to end */
	unsigned free;	  /* empty slots */
};

static struct ranks
count_ranks(const struct pool *pool)
{
	struct ranks ranks = { 0 };

	for (unsigned i = 0; i < pool->board->slots; i++) {
		const struct child *child = &pool->children[i];

		if (child->pid == 0)
			ranks.free++;
		else if (child->leaving)
			continue;
		else if (child->generation != pool->generation)
			ranks.old++;
		else if (pool->board->slot[i].state != WORKER_STARTING)
			ranks.serving++;
	}
	return ranks;
}

/* Each worker that serves relieves one of an older generation; without room
 * for new ones somebody has to go first. */
static void
relieve(struct pool *pool)
{
	struct ranks ranks = count_ranks(pool);
	unsigned needed =
	    ranks.serving < pool->wanted ? pool->wanted - ranks.serving : 0;

	if (!pool->serving && ranks.serving >= pool->wanted)
		pool->serving = true;
	if (ranks.old > needed)
		let_go(pool, ranks.old - needed, false);
	else if (ranks.old > 0 && ranks.free == 0)
		let_go(pool, 1, false);
}

void
staff_renew(struct pool *pool)
{
	pool->generation++;
	pool->serving = false;
	pool->brake = (struct brake){ 0 };
	staff_publish(pool);
}

/* --- how many ----------------------------------------------------------- */

/* A new generation starts as strong as the one before was. */
static unsigned
count_wanted(struct pool *pool, int64_t now_ms)
{
	const struct scaling *scaling = &pool->options.scaling;
	struct scaling_load load = { .may_shrink =
					 now_ms >= pool->shrink_at_ms };
	unsigned wanted;

	children_count(pool, &load.workers, &load.idle);
	if (load.may_shrink)
		pool->shrink_at_ms = now_ms + SHRINK_EACH_MS;
	wanted = scaling_wanted(scaling, &load);
	if (!pool->serving && wanted < pool->wanted)
		wanted = pool->wanted;
	if (wanted > scaling_most(scaling))
		wanted = scaling_most(scaling);
	return wanted < pool->board->slots ? wanted : pool->board->slots;
}

void
staff_adjust(struct pool *pool, int64_t now_ms)
{
	unsigned staying;
	unsigned idle;

	pool->wanted = count_wanted(pool, now_ms);
	pool->board->pool.wanted = pool->wanted;
	pool->board->idle_least = idle_least(pool);
	children_count(pool, &staying, &idle);
	if (staying > pool->wanted)
		let_go(pool, staying - pool->wanted, true);
	relieve(pool);
}

unsigned
staff_room(const struct pool *pool)
{
	return pool->board->slots > 1 ? pool->board->slots / 2 : 1;
}

bool
staff_set(struct pool *pool, unsigned n)
{
	struct scaling *scaling = &pool->options.scaling;

	if (pool->options.reload == NULL || n < 1 || n > staff_room(pool))
		return false;
	scaling_set(scaling, n);
	staff_publish(pool);
	log_write(LOG_INFO, "pool_scale",
	    LOG_FIELDS(LOG_TEXT("pool", pool->options.name),
		LOG_NUM("workers", scaling_most(scaling))));
	return true;
}
