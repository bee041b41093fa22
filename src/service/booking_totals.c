#include "service/booking_totals.h"

#include <string.h>

int64_t
booking_totals_margin_ms(
    int64_t request_timeout_ms, int64_t db_timeout_s, int64_t db_lock_wait_s)
{
	return request_timeout_ms + (db_timeout_s + db_lock_wait_s) * 1000 +
	       TOTALS_TOLERANCE_MS;
}

/* The age is that of the wall clock, too: an entry of a time that has yet to
 * come is from before somebody set it back. */
struct counted_bookings
booking_totals_find(
    const struct booking_totals *totals, const char *user_id, int64_t now_ms)
{
	struct counted_bookings known = { .before_ms = 0 };
	int64_t age_ms;

	if (totals->cache == NULL ||
	    shared_cache_get(totals->cache, user_id, strlen(user_id), &known,
		sizeof(known)) != (int)sizeof(known))
		return (struct counted_bookings){ .before_ms = 0 };
	age_ms = now_ms - (known.before_ms + totals->margin_ms);
	if (age_ms < 0 || age_ms > TOTALS_AGE_MS)
		return (struct counted_bookings){ .before_ms = 0 };
	return known;
}

void
booking_totals_note(const struct booking_totals *totals, const char *user_id,
    int64_t now_ms, int64_t total, const struct booking newest[], size_t count)
{
	struct counted_bookings known = {
		.before_ms = now_ms - totals->margin_ms,
	};
	size_t later = 0;

	while (later < count && newest[later].created_at_ms >= known.before_ms)
		later++;
	/* Are they all as new, there may be more of them. */
	if (totals->cache == NULL || total < TOTALS_WORTH || later == count)
		return;
	known.count = total - (int64_t)later;
	shared_cache_put(totals->cache, user_id, strlen(user_id), &known,
	    sizeof(known), TOTALS_AGE_MS);
}
