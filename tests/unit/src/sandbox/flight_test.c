#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sandbox/flight.h"

#define NOW_MS 1735689600000LL /* 2025-01-01T00:00:00Z */

struct name_row {
	const char *id;
	bool known;
	enum flight_field field;
	const char *json;
};

static const struct name_row NAMES[] = {
	{ "F180-abc", true, FLIGHT_TOTAL_SEATS, "180" },
	{ "F1-x", true, FLIGHT_TOTAL_SEATS, "1" },
	{ "F0-x", true, FLIGHT_TOTAL_SEATS, "0" },
	{ "F30000-run-0001", true, FLIGHT_TOTAL_SEATS, "30000" },
	{ "F180-abc", true, FLIGHT_PRICE, "299.99" },
	{ "F180-abc", true, FLIGHT_CURRENCY, "\"USD\"" },
	{ "F180-abc", true, FLIGHT_NUMBER, "\"AA100\"" },
	{ "F180-abc", true, FLIGHT_AIRLINE, "\"American Airlines\"" },
	{ "F180-abc", true, FLIGHT_ORIGIN, "\"JFK\"" },
	{ "F180-abc", true, FLIGHT_DESTINATION, "\"LAX\"" },
	{ "F180-abc", true, FLIGHT_DEPARTURE, "\"2030-02-15T08:00:00Z\"" },
	{ "F180-abc", true, FLIGHT_ARRIVAL, "\"2030-02-15T11:30:00Z\"" },
	{ "F180-abc", true, FLIGHT_STATUS, "\"SCHEDULED\"" },
	{ "F180-abc", true, FLIGHT_AVAILABLE_SEATS, "" },
	{ "F180-abc", true, FLIGHT_SEATS, "" },
	{ "flight-uuid-123", true, FLIGHT_TOTAL_SEATS, "180" },
	{ "1", true, FLIGHT_TOTAL_SEATS, "180" },
	{ "X-cancelled", true, FLIGHT_STATUS, "\"CANCELLED\"" },
	{ "X-cancelled", true, FLIGHT_TOTAL_SEATS, "180" },
	{ "F9-a-cancelled", true, FLIGHT_STATUS, "\"CANCELLED\"" },
	{ "F9-a-cancelled", true, FLIGHT_TOTAL_SEATS, "9" },
	{ "X-departed", true, FLIGHT_DEPARTURE, "\"2020-02-15T08:00:00Z\"" },
	{ "X-departed", true, FLIGHT_ARRIVAL, "\"2020-02-15T11:30:00Z\"" },
	{ "X-departed", true, FLIGHT_STATUS, "\"SCHEDULED\"" },
	{ "X-soon", true, FLIGHT_DEPARTURE, "\"2025-01-01T12:00:00Z\"" },
	{ "X-soon", true, FLIGHT_ARRIVAL, "\"2025-01-01T15:30:00Z\"" },
	{ "X-full", true, FLIGHT_AVAILABLE_SEATS, "0" },
	{ "X-last", true, FLIGHT_AVAILABLE_SEATS, "1" },
	{ "X-named", true, FLIGHT_TOTAL_SEATS, "8" },
	{ "X-named", true, FLIGHT_SEATS,
	    "[\"1A\",\"1C\",\"1D\",\"1F\",\"2A\",\"2C\",\"2D\",\"2F\"]" },
	{ "X-eur", true, FLIGHT_CURRENCY, "\"EUR\"" },
	{ "X-nocurrency", true, FLIGHT_CURRENCY, "" },
	{ "", false, FLIGHT_ID, NULL },
	{ "F", false, FLIGHT_ID, NULL },
	{ "F180", false, FLIGHT_ID, NULL },
	{ "F180-", false, FLIGHT_ID, NULL },
	{ "F-a", false, FLIGHT_ID, NULL },
	{ "Fx-a", false, FLIGHT_ID, NULL },
	{ "F100001-a", false, FLIGHT_ID, NULL },
	{ "F99999999999999999999-a", false, FLIGHT_ID, NULL },
	{ "f180-a", false, FLIGHT_ID, NULL },
	{ "X-", false, FLIGHT_ID, NULL },
	{ "X-other", false, FLIGHT_ID, NULL },
	{ "cancelled", false, FLIGHT_ID, NULL },
	{ "flight-uuid-1234", false, FLIGHT_ID, NULL },
	{ "0", false, FLIGHT_ID, NULL },
	{ "-1", false, FLIGHT_ID, NULL },
	{ "1x", false, FLIGHT_ID, NULL },
};

static void
names_stand_for_flights(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(NAMES); i++) {
		const struct name_row *row = &NAMES[i];
		struct flight flight;
		bool known = flight_by_name(row->id, NOW_MS, &flight);

		if (known != row->known)
			fail_msg("%s: known is %d", row->id, known);
		if (known)
			assert_string_equal(
			    flight_get(&flight, row->field), row->json);
	}
}

static void
values_that_do_not_fit_change_nothing(void **state)
{
	char text[FLIGHT_SEATS_SIZE + 1];
	struct flight flight;

	(void)state;
	flight_default(&flight);
	memset(text, '1', sizeof(text));
	text[FLIGHT_VALUE_SIZE] = '\0';
	assert_int_equal(flight_set(&flight, FLIGHT_PRICE, text), -1);
	assert_string_equal(flight_get(&flight, FLIGHT_PRICE), "299.99");
	assert_string_equal(flight_get(&flight, FLIGHT_CURRENCY), "\"USD\"");
	text[FLIGHT_VALUE_SIZE - 1] = '\0';
	assert_int_equal(flight_set(&flight, FLIGHT_PRICE, text), 0);
	assert_string_equal(flight_get(&flight, FLIGHT_PRICE), text);
	memset(text, '1', sizeof(text));
	text[FLIGHT_SEATS_SIZE] = '\0';
	assert_int_equal(flight_set(&flight, FLIGHT_SEATS, text), -1);
	text[FLIGHT_SEATS_SIZE - 1] = '\0';
	assert_int_equal(flight_set(&flight, FLIGHT_SEATS, text), 0);
}

/* Every field of "1-named" but what is left out, per spelling. */
#define SEATS "[\"1A\",\"1C\",\"1D\",\"1F\",\"2A\",\"2C\",\"2D\",\"2F\"]"

static const struct {
	struct flight_style style;
	const char *id;
	const char *json;
} STYLES[] = {
	{ { SPELLING_SNAKE, false, false }, "F9-named",
	    "{\"id\":\"F9-named\",\"flight_number\":\"AA100\","
	    "\"airline\":\"American Airlines\",\"origin\":\"JFK\","
	    "\"destination\":\"LAX\",\"departure\":\"2030-02-15T08:00:00Z\","
	    "\"arrival\":\"2030-02-15T11:30:00Z\",\"price\":299.99,"
	    "\"currency\":\"USD\",\"status\":\"SCHEDULED\",\"total_seats\":8,"
	    "\"seats\":" SEATS "}" },
	{ { SPELLING_SNAKE_TIME, false, true }, "F9-named",
	    "{\"id\":\"F9-named\",\"flight_number\":\"AA100\","
	    "\"airline\":\"American Airlines\",\"origin\":\"JFK\","
	    "\"destination\":\"LAX\","
	    "\"departure_time\":\"2030-02-15T08:00:00Z\","
	    "\"arrival_time\":\"2030-02-15T11:30:00Z\",\"price\":\"299.99\","
	    "\"currency\":\"USD\",\"status\":\"SCHEDULED\",\"total_seats\":8,"
	    "\"seat_map\":" SEATS "}" },
	{ { SPELLING_CAMEL, true, false }, "7",
	    "{\"id\":7,\"flightNumber\":\"AA100\","
	    "\"airline\":\"American Airlines\",\"departureAirportId\":\"JFK\","
	    "\"arrivalAirportId\":\"LAX\","
	    "\"departureTime\":\"2030-02-15T08:00:00Z\","
	    "\"arrivalTime\":\"2030-02-15T11:30:00Z\",\"price\":299.99,"
	    "\"currency\":\"USD\",\"status\":\"SCHEDULED\",\"totalSeats\":8,"
	    "\"seats\":" SEATS "}" },
};

static void
spellings_name_the_fields(void **state)
{
	struct arena *arena = arena_create(1 << 20);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(STYLES); i++) {
		struct flight flight;
		struct json_out out;
		struct buf buf;

		assert_true(flight_by_name("F9-named", NOW_MS, &flight));
		buf_init(&buf, arena, 1 << 16);
		json_out_init(&out, &buf);
		flight_write(
		    &out, NULL, STYLES[i].id, &flight, &STYLES[i].style);
		assert_string_equal(buf.bytes, STYLES[i].json);
	}
	arena_free(arena);
}

static void
ids_are_escaped(void **state)
{
	static const struct flight_style STYLE = { .spelling = SPELLING_SNAKE };
	struct arena *arena = arena_create(1 << 20);
	struct flight flight;
	struct json_out out;
	struct buf buf;

	(void)state;
	flight_default(&flight);
	buf_init(&buf, arena, 1 << 16);
	json_out_init(&out, &buf);
	flight_write(&out, NULL, "F1-\"", &flight, &STYLE);
	assert_non_null(strstr(buf.bytes, "{\"id\":\"F1-\\\"\","));
	arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_stand_for_flights),
		cmocka_unit_test(values_that_do_not_fit_change_nothing),
		cmocka_unit_test(spellings_name_the_fields),
		cmocka_unit_test(ids_are_escaped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
