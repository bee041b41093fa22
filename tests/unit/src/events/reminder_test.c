#include "events/reminder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "core/text.h"

static int64_t
at(const char *text)
{
	int64_t wall_ms;

	assert_int_equal(clock_parse(text, &wall_ms), 0);
	return wall_ms;
}

static const struct json_value *
payload(struct arena *arena, const char *type, const char *departure,
    const char *email)
{
	const char *text = arena_printf(arena,
	    "{\"event_type\":\"%s\",\"booking_reference\":\"BK-20250108-001\","
	    "\"flight_number\":\"AA100\",\"origin\":\"JFK\","
	    "\"destination\":\"LAX\",\"departure\":\"%s\",\"passengers\":["
	    "{\"first_name\":\"Ada\",\"email\":\"second@example.com\","
	    "\"is_primary\":false},"
	    "{\"first_name\":\"Bob\",\"email\":%s,\"is_primary\":true}]}",
	    type, departure, email);
	const struct json_value *root;
	struct err err;

	assert_int_equal(json_parse(arena, text, strlen(text), &root, &err), 0);
	return root;
}

/* When each event's ticket is due; NULL: it asks for none. */
static const struct {
	const char *type, *departure, *email, *now, *due;
} ROWS[] = {
	{ "booking.created", "2025-03-01T08:00:00Z", "\"b@example.com\"",
	    "2025-01-08T10:30:00Z", "2025-01-08T10:30:00Z" },
	{ "booking.confirmed", "2025-03-01T08:00:00Z", "\"b@example.com\"",
	    "2025-01-08T10:30:00Z", "2025-02-28T08:00:00Z" },
	/* Less than a day before departure: at once. */
	{ "booking.confirmed", "2025-03-01T08:00:00Z", "\"b@example.com\"",
	    "2025-02-28T20:00:00Z", "2025-02-28T20:00:00Z" },
	{ "booking.confirmed", "2025-03-01T08:00:00Z", "\"b@example.com\"",
	    "2025-03-01T08:00:00Z", NULL },
	{ "booking.cancelled", "2025-03-01T08:00:00Z", "\"b@example.com\"",
	    "2025-01-08T10:30:00Z", NULL },
	{ "booking.created", "2025-03-01T08:00:00Z", "null",
	    "2025-01-08T10:30:00Z", NULL },
	{ "booking.created", "soon", "\"b@example.com\"",
	    "2025-01-08T10:30:00Z", NULL },
};

static void
tickets_are_due_when_they_should(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
		const struct json_value *event = payload(
		    *state, ROWS[i].type, ROWS[i].departure, ROWS[i].email);
		struct ticket ticket;
		int asked =
		    reminder_ticket(*state, event, at(ROWS[i].now), &ticket);

		assert_int_equal(asked, ROWS[i].due != NULL);
		if (ROWS[i].due == NULL)
			continue;
		assert_int_equal(ticket.at_ms, at(ROWS[i].due));
		assert_string_equal(ticket.email, "b@example.com");
		assert_non_null(strstr(ticket.content, "BK-20250108-001"));
		assert_non_null(strstr(ticket.content, "Bob"));
	}
}

static void
a_ticket_reads_as_the_service_spells_it(void **state)
{
	const struct ticket ticket = { .subject = "S",
		.content = "C \"quoted\"",
		.email = "b@example.com",
		.at_ms = at("2025-02-28T08:00:00Z") };
	size_t len;

	assert_string_equal(reminder_message(*state, &ticket, &len),
	    "{\"service\":\"CREATE_TICKET\",\"data\":{\"subject\":\"S\","
	    "\"content\":\"C \\\"quoted\\\"\","
	    "\"recepientEmail\":\"b@example.com\","
	    "\"notificationTime\":\"2025-02-28T08:00:00Z\"}}");
	assert_int_equal(len, strlen(reminder_message(*state, &ticket, &len)));
}

static void
texts_are_cut_at_255_characters(void **state)
{
	char name[1201] = "";
	const char *text;
	const struct json_value *event;
	struct ticket ticket;
	struct err err;

	for (size_t i = 0; i < 400; i++)
		memcpy(&name[3 * i], "\xe2\x82\xac", 4);
	text = arena_printf(*state,
	    "{\"event_type\":\"booking.created\",\"departure\":"
	    "\"2025-03-01T08:00:00Z\",\"passengers\":[{\"first_name\":\"%s\","
	    "\"email\":\"b@example.com\",\"is_primary\":true}]}",
	    name);
	assert_int_equal(
	    json_parse(*state, text, strlen(text), &event, &err), 0);
	assert_int_equal(
	    reminder_ticket(*state, event, at("2025-01-08T10:30:00Z"), &ticket),
	    1);
	assert_true(utf8_valid(ticket.content, strlen(ticket.content)));
	assert_int_equal(utf8_length(ticket.content, strlen(ticket.content)),
	    REMINDER_TEXT_MAX);
}

static int
set_up(void **state)
{
	*state = arena_create(1024 * 1024);
	return 0;
}

static int
tear_down(void **state)
{
	arena_free(*state);
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(tickets_are_due_when_they_should),
		TEST(a_ticket_reads_as_the_service_spells_it),
		TEST(texts_are_cut_at_255_characters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
