/*
 * Time: monotonic for deadlines, UTC wall time for everything that is stored
 * or shown. Wall time is int64_t milliseconds since 1970-01-01T00:00:00Z.
 */
#ifndef CORE_CLOCK_H
#define CORE_CLOCK_H

#include "core/base.h"

#define CLOCK_RFC3339_SIZE 32 /* bytes for any formatted time, NUL included */

/* Monotonic microseconds and milliseconds. */
int64_t clock_monotonic_us(void);
int64_t clock_monotonic_ms(void);
/* UTC wall clock, milliseconds. */
int64_t clock_wall_ms(void);

/* "2025-01-08T10:30:00Z" (seconds; years 1 to 9999). Returns out. */
char *clock_format(int64_t wall_ms, char out[CLOCK_RFC3339_SIZE]);
/* "2025-01-08T10:30:00.123Z". Returns out. */
char *clock_format_ms(int64_t wall_ms, char out[CLOCK_RFC3339_SIZE]);
/* "20250108". Returns out. */
char *clock_format_day(int64_t wall_ms, char out[CLOCK_RFC3339_SIZE]);
/* Accepts RFC 3339 with Z or an offset and any fraction (cut to ms), and the
 * same with a blank for T. 0, or -1 for anything else. */
int clock_parse(const char *text, int64_t *wall_ms) MUST_CHECK;
/* "YYYY-MM-DD", a real day of the years 1 to 9999, at 00:00 UTC. 0 or -1. */
int clock_parse_date(const char *text, int64_t *wall_ms) MUST_CHECK;
/* Splits wall time into calendar fields and back (used by lib/db). */
struct clock_fields {
	int year, month, day, hour, minute, second, millisecond;
};
void clock_split(int64_t wall_ms, struct clock_fields *fields);
int64_t clock_join(const struct clock_fields *fields);

/* A point in monotonic time after which work is pointless. */
struct deadline {
	int64_t at_ms;
};
struct deadline deadline_in(int64_t ms);
/* The earlier of `deadline` and now + ms. */
struct deadline deadline_within(struct deadline deadline, int64_t ms);
/* Milliseconds left, 0 when passed. */
int64_t deadline_left_ms(struct deadline deadline);

#endif
