#include "controller/list_input.h"

#include <string.h>

#include "controller/booking_input.h"
#include "core/text.h"

#define DAY_MS (24 * 60 * 60 * 1000LL)

/* A parameter of a list: how its text gets into the query. Returns NULL, or
 * what is wrong with it. */
struct list_field {
	const char *name;
	bool all_only; /* a filter of the administrators' list */
	const char *(*read)(const char *text, struct booking_query *query);
};

static const char *
read_status(const char *text, struct booking_query *query)
{
	enum booking_status status;

	if (booking_status_parse(text, &status) != 0)
		return "must be CREATED, CONFIRMED or CANCELLED";
	query->filter.status = (int)status;
	return NULL;
}

static const char *
read_page(const char *text, struct booking_query *query)
{
	if (text_parse_int(text, 1, INT32_MAX, &query->page) != 0)
		return "must be a number from 1 to 2147483647";
	return NULL;
}

static const char *
read_limit(const char *text, struct booking_query *query)
{
	if (text_parse_int(text, 1, LIST_LIMIT_MAX, &query->limit) != 0)
		return "must be a number from 1 to 100";
	return NULL;
}

static const char *
read_sort(const char *text, struct booking_query *query)
{
	if (booking_sort_parse(text, &query->filter.sort) != 0)
		return "must be created_at, -created_at, departure or "
		       "-departure";
	return NULL;
}

static const char *
read_user(const char *text, struct booking_query *query)
{
	if (!user_id_valid(text, strlen(text)))
		return "must be 1 to 255 visible ASCII characters";
	query->filter.user_id = text;
	return NULL;
}

static const char *
read_flight(const char *text, struct booking_query *query)
{
	if (!flight_id_valid(text, strlen(text)))
		return "must be 1 to 64 letters, digits and ._:-";
	query->filter.flight_id = text;
	return NULL;
}

static const char *
read_reference(const char *text, struct booking_query *query)
{
	if (!booking_reference_valid(text))
		return "must be a reference like BK-20250108-001";
	query->filter.reference = text;
	return NULL;
}

static const char *const WHEN =
    "must be a day YYYY-MM-DD or a time like 2025-01-08T10:30:00Z";

static const char *
read_from(const char *text, struct booking_query *query)
{
	if (clock_parse_date(text, &query->filter.from_ms) != 0 &&
	    clock_parse(text, &query->filter.from_ms) != 0)
		return WHEN;
	return NULL;
}

/* A day is meant whole, a time is the end itself. */
static const char *
read_to(const char *text, struct booking_query *query)
{
	int64_t *to_ms = &query->filter.to_ms;

	if (clock_parse_date(text, to_ms) == 0)
		*to_ms += DAY_MS;
	else if (clock_parse(text, to_ms) != 0)
		return WHEN;
	if (*to_ms < 0)
		*to_ms = 0;
	return NULL;
}

static const struct list_field FIELDS[] = {
	{ "status", false, read_status },
	{ "page", false, read_page },
	{ "limit", false, read_limit },
	{ "sort", false, read_sort },
	{ "user_id", true, read_user },
	{ "flight_id", true, read_flight },
	{ "reference", true, read_reference },
	{ "from", true, read_from },
	{ "to", true, read_to },
};

/* The cursor comes last: it must fit the filters. */
static void
read_cursor(struct input *input, const struct http_query_field *fields,
    size_t count, struct booking_query *query)
{
	const char *text = input_query(input, fields, count, "cursor");
	struct booking_cursor *cursor;

	if (text == NULL || input->count > 0)
		return;
	cursor = arena_alloc(input->arena, sizeof(*cursor));
	if (booking_cursor_parse(text, &query->filter, cursor) != 0)
		input_wrong(input,
		    "must be the next_cursor of a page of this very list",
		    "cursor");
	else
		query->after = cursor;
}

void
list_input_read(struct input *input, const struct http_request *request,
    bool all, struct booking_query *query)
{
	const struct http_query_field *fields;
	size_t count;

	query->page = 1;
	query->limit = LIST_LIMIT_DEFAULT;
	query->filter.status = ANY_STATUS;
	query->filter.to_ms = -1;
	if (http_query(request, &fields, &count) != 0) {
		input_wrong(input, "is badly percent-encoded", "query");
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(FIELDS); i++) {
		const char *text = NULL, *wrong;

		if (FIELDS[i].all_only && !all)
			continue;
		text = input_query(input, fields, count, FIELDS[i].name);
		wrong = text == NULL ? NULL : FIELDS[i].read(text, query);
		if (wrong != NULL)
			input_wrong(input, wrong, "%s", FIELDS[i].name);
	}
	read_cursor(input, fields, count, query);
}
