#include "core/clock.h"

#include <string.h>
#include <time.h>

#define DAY_MS	INT64_C(86400000)
#define HOUR_MS 3600000
#define MIN_MS	60000

/* 0001-01-01T00:00:00.000Z and 9999-12-31T23:59:59.999Z. */
#define FIRST_MS (-INT64_C(62135596800000))
#define LAST_MS	 INT64_C(253402300799999)

static int64_t
read_us(clockid_t which)
{
	struct timespec now;

	(void)clock_gettime(which, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t
clock_monotonic_us(void)
{
	return read_us(CLOCK_MONOTONIC);
}

int64_t
clock_monotonic_ms(void)
{
	return read_us(CLOCK_MONOTONIC) / 1000;
}

int64_t
clock_wall_ms(void)
{
	return read_us(CLOCK_REALTIME) / 1000;
}

/* --- calendar: proleptic Gregorian, years counted from March ---------- */

/* Days since 1970-01-01. An era is 400 years or 146097 days; day 719468 of the
 * count from 0000-03-01 is 1970-01-01. */
static int64_t
days_of(int year, int month, int day)
{
	int64_t march_year = (int64_t)year - (month <= 2);
	int64_t era = (march_year >= 0 ? march_year : march_year - 399) / 400;
	int64_t year_of_era = march_year - era * 400;
	int64_t month_from_march = month > 2 ? month - 3 : month + 9;
	int64_t day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
	int64_t day_of_era = year_of_era * 365 + year_of_era / 4 -
			     year_of_era / 100 + day_of_year;

	return era * 146097 + day_of_era - 719468;
}

static void
date_of(int64_t days, struct clock_fields *fields)
{
	int64_t from_march = days + 719468;
	int64_t era =
	    (from_march >= 0 ? from_march : from_march - 146096) / 146097;
	int64_t day_of_era = from_march - era * 146097;
	int64_t year_of_era = (day_of_era - day_of_era / 1460 +
				  day_of_era / 36524 - day_of_era / 146096) /
			      365;
	int64_t day_of_year =
	    day_of_era -
	    (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int64_t month_from_march = (5 * day_of_year + 2) / 153;

	fields->day = (int)(day_of_year - (153 * month_from_march + 2) / 5 + 1);
	fields->month = (int)(month_from_march < 10 ? month_from_march + 3
						    : month_from_march - 9);
	fields->year = (int)(year_of_era + era * 400 + (fields->month <= 2));
}

void
clock_split(int64_t wall_ms, struct clock_fields *fields)
{
	int64_t days = wall_ms / DAY_MS - (wall_ms % DAY_MS < 0);
	int in_day = (int)(wall_ms - days * DAY_MS);

	date_of(days, fields);
	fields->hour = in_day / HOUR_MS;
	fields->minute = in_day / MIN_MS % 60;
	fields->second = in_day / 1000 % 60;
	fields->millisecond = in_day % 1000;
}

int64_t
clock_join(const struct clock_fields *fields)
{
	return days_of(fields->year, fields->month, fields->day) * DAY_MS +
	       (int64_t)fields->hour * HOUR_MS +
	       (int64_t)fields->minute * MIN_MS +
	       (int64_t)fields->second * 1000 + fields->millisecond;
}

static int
days_in_month(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30,
		31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && leap);
}

/* --- text: thousands of times a second, hence no strftime ------------- */

static char *
put(char *at, int value, int digits)
{
	for (int i = digits - 1; i >= 0; i--) {
		at[i] = (char)('0' + value % 10);
		value /= 10;
	}
	return at + digits;
}

static void
split_printable(int64_t wall_ms, struct clock_fields *fields)
{
	int64_t from_first = wall_ms < FIRST_MS ? FIRST_MS : wall_ms;

	clock_split(from_first > LAST_MS ? LAST_MS : from_first, fields);
}

static char *
put_seconds(char *at, const struct clock_fields *fields)
{
	at = put(at, fields->year, 4);
	*at++ = '-';
	at = put(at, fields->month, 2);
	*at++ = '-';
	at = put(at, fields->day, 2);
	*at++ = 'T';
	at = put(at, fields->hour, 2);
	*at++ = ':';
	at = put(at, fields->minute, 2);
	*at++ = ':';
	return put(at, fields->second, 2);
}

char *
clock_format(int64_t wall_ms, char out[CLOCK_RFC3339_SIZE])
{
	struct clock_fields fields;

	split_printable(wall_ms, &fields);
	memcpy(put_seconds(out, &fields), "Z", 2);
	return out;
}

char *
clock_format_ms(int64_t wall_ms, char out[CLOCK_RFC3339_SIZE])
{
	struct clock_fields fields;
	char *at;

	split_printable(wall_ms, &fields);
	at = put_seconds(out, &fields);
	*at++ = '.';
	memcpy(put(at, fields.millisecond, 3), "Z", 2);
	return out;
}

char *
clock_format_day(int64_t wall_ms, char out[CLOCK_RFC3339_SIZE])
{
	struct clock_fields fields;

	split_printable(wall_ms, &fields);
	*put(put(put(out, fields.year, 4), fields.month, 2), fields.day, 2) =
	    '\0';
	return out;
}

/* Exactly `digits` digits within [min, max]; moves *at behind them. */
static bool
take(const char **at, int digits, int min, int max, int *value)
{
	int sum = 0;

	for (int i = 0; i < digits; i++) {
		char c = (*at)[i];

		if (c < '0' || c > '9')
			return false;
		sum = sum * 10 + (c - '0');
	}
	if (sum < min || sum > max)
		return false;
	*at += digits;
	*value = sum;
	return true;
}

static bool
take_char(const char **at, char c)
{
	if (**at != c)
		return false;
	(*at)++;
	return true;
}

static bool
take_date(const char **at, struct clock_fields *fields)
{
	return take(at, 4, 1, 9999, &fields->year) && take_char(at, '-') &&
	       take(at, 2, 1, 12, &fields->month) && take_char(at, '-') &&
	       take(at, 2, 1, days_in_month(fields->year, fields->month),
		   &fields->day);
}

static bool
take_fraction(const char **at, int *millisecond)
{
	int sum = 0;
	int digits = 0;

	if (!take_char(at, '.'))
		return true;
	for (; **at >= '0' && **at <= '9'; (*at)++, digits++)
		if (digits < 3)
			sum = sum * 10 + (**at - '0');
	for (int i = digits; i < 3; i++)
		sum *= 10;
	*millisecond = sum;
	return digits > 0;
}

static bool
take_time(const char **at, struct clock_fields *fields)
{
	return take(at, 2, 0, 23, &fields->hour) && take_char(at, ':') &&
	       take(at, 2, 0, 59, &fields->minute) && take_char(at, ':') &&
	       take(at, 2, 0, 60, &fields->second) &&
	       take_fraction(at, &fields->millisecond);
}

static bool
take_offset(const char **at, int *offset_minutes)
{
	bool west = **at == '-';
	int hours, minutes;

	*offset_minutes = 0;
	if (take_char(at, 'Z') || take_char(at, 'z'))
		return true;
	if (!west && **at != '+')
		return false;
	(*at)++;
	if (!take(at, 2, 0, 23, &hours) || !take_char(at, ':') ||
	    !take(at, 2, 0, 59, &minutes))
		return false;
	*offset_minutes = (hours * 60 + minutes) * (west ? -1 : 1);
	return true;
}

int
clock_parse(const char *text, int64_t *wall_ms)
{
	struct clock_fields fields = { 0 };
	const char *at = text;
	int offset_minutes;
	int64_t ms;

	if (!take_date(&at, &fields))
		return -1;
	if (!take_char(&at, 'T') && !take_char(&at, 't') &&
	    !take_char(&at, ' '))
		return -1;
	if (!take_time(&at, &fields) || !take_offset(&at, &offset_minutes) ||
	    *at != '\0')
		return -1;
	ms = clock_join(&fields) - (int64_t)offset_minutes * MIN_MS;
	/* A leap second is the last of a UTC day, so what follows is a day's
	 * first second (RFC 3339, 5.7). */
	if (fields.second == 60 && (ms % DAY_MS + DAY_MS) % DAY_MS >= 1000)
		return -1;
	if (ms < FIRST_MS || ms > LAST_MS)
		return -1;
	*wall_ms = ms;
	return 0;
}

int
clock_parse_date(const char *text, int64_t *wall_ms)
{
	struct clock_fields fields = { 0 };
	const char *at = text;

	if (!take_date(&at, &fields) || *at != '\0')
		return -1;
	*wall_ms = clock_join(&fields);
	return 0;
}

/* --- deadlines -------------------------------------------------------- */

struct deadline
deadline_in(int64_t ms)
{
	int64_t at_ms;

	if (__builtin_add_overflow(clock_monotonic_ms(), ms, &at_ms))
		at_ms = ms < 0 ? INT64_MIN : INT64_MAX;
	return (struct deadline){ at_ms };
}

struct deadline
deadline_within(struct deadline deadline, int64_t ms)
{
	struct deadline other = deadline_in(ms);

	return other.at_ms < deadline.at_ms ? other : deadline;
}

int64_t
deadline_left_ms(struct deadline deadline)
{
	int64_t now_ms = clock_monotonic_ms();

	return deadline.at_ms > now_ms ? deadline.at_ms - now_ms : 0;
}
