#include "model/flight.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

static void
flight_ids(void **state)
{
	char longest[FLIGHT_ID_MAX + 1];

	(void)state;
	memset(longest, 'f', sizeof(longest));
	assert_true(flight_id_valid("aZ09._:-", 8));
	assert_true(flight_id_valid(longest, FLIGHT_ID_MAX));
	assert_false(flight_id_valid(longest, FLIGHT_ID_MAX + 1));
	assert_false(flight_id_valid("", 0));
	for (int c = 1; c < 256; c++) {
		char text[2] = { (char)c, '\0' };
		bool fine = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
			    (c >= 'A' && c <= 'Z') || strchr("._:-", c);

		assert_int_equal(flight_id_valid(text, 1), fine);
	}
	assert_false(flight_id_valid("a\0b", 3));
}

static void
seat_numbers(void **state)
{
	static const struct {
		unsigned position;
		const char *number;
	} MADE[] = { { 0, "1A" }, { 5, "1F" }, { 6, "2A" }, { 179, "30F" },
		{ 59999, "10000F" } };
	static const struct {
		const char *text;
		bool valid;
	} GIVEN[] = {
		{ "1A", true },
		{ "12AB", true },
		{ "99999Z", true },
		{ "0A", false },
		{ "01A", false },
		{ "123456A", false },
		{ "12a", false },
		{ "12ABC", false },
		{ "A", false },
		{ "12", false },
		{ "", false },
		{ "12A ", false },
	};
	const char *const names[] = { "7C", "9B" };
	struct flight flight = { .seat_names = NULL };
	char out[SEAT_NUMBER_SIZE];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(MADE); i++) {
		assert_string_equal(
		    flight_seat_number(&flight, MADE[i].position, out),
		    MADE[i].number);
		assert_true(seat_number_valid(out));
	}
	for (size_t i = 0; i < ARRAY_LEN(GIVEN); i++)
		assert_int_equal(
		    seat_number_valid(GIVEN[i].text), GIVEN[i].valid);
	flight.seat_names = names;
	assert_string_equal(flight_seat_number(&flight, 1, out), "9B");
}

static void
operating(void **state)
{
	static const struct {
		const char *status;
		bool operates;
	} ROWS[] = { { "SCHEDULED", true }, { "", true }, { "delayed", true },
		{ "CANCELLED", false }, { "cancelled", false },
		{ "Canceled", false } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
		struct flight flight = { .status = ROWS[i].status };

		assert_int_equal(
		    flight_is_operating(&flight), ROWS[i].operates);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(flight_ids),
		cmocka_unit_test(seat_numbers),
		cmocka_unit_test(operating),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
