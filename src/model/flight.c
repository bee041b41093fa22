#include "model/flight.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "core/text.h"

bool
flight_id_valid(const char *text, size_t len)
{
	if (len < 1 || len > FLIGHT_ID_MAX)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (!isalnum((unsigned char)text[i]) &&
		    memchr("._:-", text[i], 4) == NULL)
			return false;
	}
	return true;
}

bool
flight_is_operating(const struct flight *flight)
{
	return strcasecmp(flight->status, "CANCELLED") != 0 &&
	       strcasecmp(flight->status, "CANCELED") != 0;
}

char *
flight_seat_number(
    const struct flight *flight, unsigned position, char out[SEAT_NUMBER_SIZE])
{
	if (flight->seat_names != NULL)
		text_copy(out, SEAT_NUMBER_SIZE, flight->seat_names[position]);
	else
		snprintf(out, SEAT_NUMBER_SIZE, "%u%c",
		    (position / SEATS_ABREAST + 1) % 100000,
		    (char)('A' + position % SEATS_ABREAST));
	return out;
}

bool
seat_number_valid(const char *text)
{
	size_t digits = strspn(text, "0123456789");
	size_t letters = strspn(text + digits, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");

	return text[0] != '0' && digits >= 1 && digits <= 5 && letters >= 1 &&
	       letters <= 2 && text[digits + letters] == '\0';
}
