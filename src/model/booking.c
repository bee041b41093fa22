#include "model/booking.h"

#include <stdio.h>
#include <string.h>

#include "core/clock.h"

static const char *const STATUS_NAMES[BOOKING_STATUS__COUNT] = {
	[BOOKING_CREATED] = "CREATED",
	[BOOKING_CONFIRMED] = "CONFIRMED",
	[BOOKING_CANCELLED] = "CANCELLED",
};

const char *
booking_status_name(enum booking_status status)
{
	return STATUS_NAMES[status];
}

int
booking_status_parse(const char *text, enum booking_status *status)
{
	for (int i = 0; i < BOOKING_STATUS__COUNT; i++) {
		if (strcmp(text, STATUS_NAMES[i]) == 0) {
			*status = (enum booking_status)i;
			return 0;
		}
	}
	return -1;
}

bool
booking_reference_valid(const char *text)
{
	static const char DIGITS[] = "0123456789";
	size_t number;

	if (strncmp(text, "BK-", 3) != 0 || strspn(text + 3, DIGITS) != 8 ||
	    text[11] != '-')
		return false;
	number = strspn(text + 12, DIGITS);
	return number >= 3 && number <= 10 && text[12 + number] == '\0';
}

char *
booking_reference_format(
    int64_t wall_ms, unsigned number, char out[REFERENCE_SIZE])
{
	char day[CLOCK_RFC3339_SIZE];

	snprintf(out, REFERENCE_SIZE, "BK-%.8s-%03u",
	    clock_format_day(wall_ms, day), number);
	return out;
}
