#include "gateway/flight_answer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/clock.h"
#include "model/booking_errors.h"

static struct arena *arena;

static int
read_answer(const char *text, struct flight *flight)
{
	const struct json_value *root;
	struct err err;

	memset(flight, 0, sizeof(*flight));
	assert_int_equal(json_parse(arena, text, strlen(text), &root, &err), 0);
	if (flight_answer_read(arena, "F1", root, flight, &err) == 0)
		return 0;
	assert_true(err_is(&err, &FLIGHT_SERVICE_UNAVAILABLE));
	return -1;
}

static const char *const SPELLINGS[] = {
	"{\"id\":\"F1\",\"flight_number\":\"AA1\",\"airline\":\"A\","
	"\"origin\":\"JFK\",\"destination\":\"LAX\","
	"\"departure\":\"2030-02-15T08:00:00Z\","
	"\"arrival\":\"2030-02-15T11:30:00Z\",\"price\":299.99,"
	"\"currency\":\"eur\",\"status\":\"SCHEDULED\",\"total_seats\":180,"
	"\"available_seats\":7}",
	"{\"id\":1,\"flightNumber\":\"AA1\",\"airline\":\"A\","
	"\"departureAirportId\":\"JFK\",\"arrivalAirportId\":\"LAX\","
	"\"departureTime\":\"2030-02-15 08:00:00Z\","
	"\"arrivalTime\":\"2030-02-15T12:30:00+01:00\",\"price\":\"299.99\","
	"\"currency\":\"EUR\",\"status\":\"SCHEDULED\","
	"\"totalSeats\":\"180\",\"availableSeats\":\"7\"}",
	"{\"flight_number\":\"AA1\",\"airline\":\"A\",\"origin\":\"JFK\","
	"\"destination\":\"LAX\",\"departure_time\":"
	"\"2030-02-15T08:00:00.000Z\",\"arrival_time\":"
	"\"2030-02-15T11:30:00Z\",\"price\":299.99,\"currency\":\"EUR\","
	"\"status\":\"SCHEDULED\",\"total_seats\":180,\"available_seats\":7}",
};

static void
every_spelling_reads_the_same(void **state)
{
	int64_t departure_ms, arrival_ms;

	(void)state;
	assert_int_equal(clock_parse("2030-02-15T08:00:00Z", &departure_ms), 0);
	assert_int_equal(clock_parse("2030-02-15T11:30:00Z", &arrival_ms), 0);
	for (size_t i = 0; i < ARRAY_LEN(SPELLINGS); i++) {
		struct flight flight;

		assert_int_equal(read_answer(SPELLINGS[i], &flight), 0);
		assert_string_equal(flight.flight_id, "F1");
		assert_string_equal(flight.flight_number, "AA1");
		assert_string_equal(flight.airline, "A");
		assert_string_equal(flight.origin, "JFK");
		assert_string_equal(flight.destination, "LAX");
		assert_string_equal(flight.status, "SCHEDULED");
		assert_string_equal(flight.currency, "EUR");
		assert_int_equal(flight.departure_ms, departure_ms);
		assert_int_equal(flight.arrival_ms, arrival_ms);
		assert_int_equal(flight.price_cents, 29999);
		assert_int_equal(flight.total_seats, 180);
		assert_int_equal(flight.available_seats, 7);
		assert_null(flight.seat_names);
	}
}

#define LEAST "\"price\":1,\"departure\":\"2030-02-15T08:00:00Z\""

static void
what_may_be_missing(void **state)
{
	struct flight flight;

	(void)state;
	assert_int_equal(read_answer("{" LEAST "}", &flight), 0);
	assert_string_equal(flight.currency, "USD");
	assert_string_equal(flight.airline, "");
	assert_int_equal(flight.arrival_ms, -1);
	assert_int_equal(flight.available_seats, -1);
	assert_int_equal(flight.total_seats, 0);
	assert_int_equal(
	    read_answer("{" LEAST ",\"available_seats\":5}", &flight), 0);
	assert_int_equal(flight.total_seats, 5);
}

static void
seats_with_names(void **state)
{
	static const char *const TEXTS[] = {
		"{" LEAST ",\"seats\":[\"7a\",\"9B\"]}",
		"{" LEAST ",\"seat_map\":[{\"seat_number\":\"7A\"},"
		"{\"seatNumber\":\"9B\"}]}",
		"{" LEAST ",\"seatMap\":[\"7A\",\"9B\"],\"total_seats\":180}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(TEXTS); i++) {
		struct flight flight;

		assert_int_equal(read_answer(TEXTS[i], &flight), 0);
		assert_int_equal(flight.total_seats, 2);
		assert_string_equal(flight.seat_names[0], "7A");
		assert_string_equal(flight.seat_names[1], "9B");
	}
}

static const char *const NONSENSE[] = {
	"{}",
	"{\"price\":1}",
	"{\"departure\":\"2030-02-15T08:00:00Z\"}",
	"{\"price\":null,\"departure\":\"2030-02-15T08:00:00Z\"}",
	"{\"price\":-1,\"departure\":\"2030-02-15T08:00:00Z\"}",
	"{\"price\":1.999,\"departure\":\"2030-02-15T08:00:00Z\"}",
	"{\"price\":1e2,\"departure\":\"2030-02-15T08:00:00Z\"}",
	"{\"price\":1,\"departure\":\"2030-02-30T08:00:00Z\"}",
	"{\"price\":1,\"departure\":\"1969-12-31T23:59:59Z\"}",
	"{\"price\":1,\"departure\":5}",
	"{" LEAST ",\"arrival\":5}",
	"{" LEAST ",\"currency\":\"EURO\"}",
	"{" LEAST ",\"currency\":7}",
	"{" LEAST ",\"airline\":[]}",
	"{" LEAST ",\"airline\":\"a\\u0007\"}",
	"{" LEAST ",\"flight_number\":"
	"\"123456789012345678901234567890123\"}",
	"{" LEAST ",\"total_seats\":60001}",
	"{" LEAST ",\"total_seats\":-1}",
	"{" LEAST ",\"total_seats\":1.5}",
	"{" LEAST ",\"available_seats\":true}",
	"{" LEAST ",\"seats\":[\"x\"]}",
	"{" LEAST ",\"seats\":[\"1A\",{}]}",
};

static void
nonsense_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(NONSENSE); i++) {
		struct flight flight;

		if (read_answer(NONSENSE[i], &flight) == 0)
			fail_msg("taken: %s", NONSENSE[i]);
	}
}

static int
set_up(void **state)
{
	(void)state;
	arena = arena_create(1 << 20);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_spelling_reads_the_same),
		cmocka_unit_test(what_may_be_missing),
		cmocka_unit_test(seats_with_names),
		cmocka_unit_test(nonsense_is_refused),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
