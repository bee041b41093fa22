#include "controller/booking_input.h"

#include "controller/request_fixture.h"
#include "core/clock.h"

#define PERSON "{\"first_name\":\"A\",\"last_name\":\"B\",\"email\":\"a@b.c\"}"

/* A body (after {"flight_id":"F1") and the fields that are wrong in it. */
static const struct {
	const char *rest, *wrong;
} ROWS[] = {
	{ "\"passengers\":[" PERSON "]", "" },
	{ "\"passengers\":[" PERSON "],\"seat_preferences\":null,"
	  "\"allow_other_seats\":null,\"special_requests\":null",
	    "" },
	{ "\"x\":1", "passengers" },
	{ "\"passengers\":[]", "passengers" },
	{ "\"passengers\":[1]", "passengers[0]" },
	{ "\"passengers\":[" PERSON ",{}]",
	    "passengers[1].first_name passengers[1].last_name" },
	{ "\"passengers\":[{\"first_name\":\"A\",\"last_name\":\"B\"}]",
	    "passengers[0].email" },
	{ "\"passengers\":[" PERSON "],\"seat_preferences\":[\"1a\",\"1A\"]",
	    "seat_preferences[1]" },
	{ "\"passengers\":[" PERSON "],\"seat_preferences\":[\"x\",\"x\"]",
	    "seat_preferences[0] seat_preferences[1]" },
	{ "\"passengers\":[" PERSON "],\"allow_other_seats\":1,"
	  "\"special_requests\":2",
	    "allow_other_seats special_requests" },
};

static void
read_row(const char *rest, const char *header, const char *value,
    struct input *input, struct booking_request *booking)
{
	const char *body =
	    arena_printf(arena, "{\"flight_id\":\"F1\",%s}", rest);

	input_init(input, arena);
	booking_input_create(input, make_request(header, value, "", body),
	    json_of(body), booking);
}

static void
wrong_fields_are_named(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
		struct booking_request booking;
		struct input input;

		read_row(ROWS[i].rest, NULL, NULL, &input, &booking);
		assert_string_equal(wrong_fields(&input), ROWS[i].wrong);
	}
}

#define BORN(day)                                                              \
	"{\"first_name\":\"A\",\"last_name\":\"B\",\"email\":\"a@b.c\","       \
	"\"date_of_birth\":\"" day "\"}"

/* All dates of a request, by the time at which it began to be read. */
static void
dates_are_judged_by_one_moment(void **state)
{
	static const char body[] = "{\"flight_id\":\"F1\",\"passengers\":[" BORN(
	    "2001-02-03") "," BORN("2001-02-04") "," BORN("2001-02-05") "]}";
	struct booking_request booking;
	struct input input;

	(void)state;
	input_init(&input, arena);
	assert_int_equal(clock_parse_date("2001-02-03", &input.now_ms), 0);
	booking_input_create(&input, make_request(NULL, NULL, "", body),
	    json_of(body), &booking);
	assert_string_equal(wrong_fields(&input),
	    "passengers[1].date_of_birth passengers[2].date_of_birth");
}

static void
fields_are_read(void **state)
{
	struct booking_request booking;
	struct input input;

	(void)state;
	read_row("\"passengers\":[{\"first_name\":\" A \",\"last_name\":\"B\","
		 "\"passport_number\":\"ab123\"},{\"first_name\":\"C\","
		 "\"last_name\":\"D\",\"email\":\"a@b\",\"is_primary\":true}],"
		 "\"seat_preferences\":[\"1a\",\"12c\"],"
		 "\"allow_other_seats\":true,\"special_requests\":\"x\"",
	    "HTTP_IDEMPOTENCY_KEY", "k!", &input, &booking);
	assert_string_equal(wrong_fields(&input), "");
	assert_string_equal(booking.flight_id, "F1");
	assert_int_equal(booking.passenger_count, 2);
	assert_string_equal(booking.passengers[0].first_name, "A");
	assert_string_equal(booking.passengers[0].passport_number, "AB123");
	assert_false(booking.passengers[0].is_primary);
	assert_true(booking.passengers[1].is_primary);
	assert_null(booking.passengers[1].phone_number);
	assert_int_equal(booking.wishes.preference_count, 2);
	assert_string_equal(booking.wishes.preferences[1], "12C");
	assert_true(booking.wishes.allow_other_seats);
	assert_string_equal(booking.special_requests, "x");
	assert_string_equal(booking.idempotency_key, "k!");
}

static void
keys(void **state)
{
	static const struct {
		const char *key;
		bool right;
	} KEYS[] = { { "k", true }, { "!~", true }, { "", false },
		{ "a b", false }, { "a\x7f", false }, { "\xc3\xbc", false } };
	char longest[257];

	(void)state;
	memset(longest, 'k', sizeof(longest));
	for (size_t i = 0; i < ARRAY_LEN(KEYS) + 2; i++) {
		struct booking_request booking;
		struct input input;
		bool right =
		    i < ARRAY_LEN(KEYS) ? KEYS[i].right : i == ARRAY_LEN(KEYS);

		longest[i == ARRAY_LEN(KEYS) ? 255 : 256] = '\0';
		read_row("\"passengers\":[" PERSON "]", "HTTP_IDEMPOTENCY_KEY",
		    i < ARRAY_LEN(KEYS) ? KEYS[i].key : longest, &input,
		    &booking);
		assert_string_equal(
		    wrong_fields(&input), right ? "" : "Idempotency-Key");
		memset(longest, 'k', sizeof(longest));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wrong_fields_are_named),
		cmocka_unit_test(dates_are_judged_by_one_moment),
		cmocka_unit_test(fields_are_read),
		cmocka_unit_test(keys),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
