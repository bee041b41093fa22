#include "controller/change_input.h"

#include <string.h>

#include "controller/booking_input.h"
#include "core/text.h"
#include "http/etag.h"
#include "model/passenger_rules.h"

#define REASON_MAX	64
#define REASON_STANDARD "user_requested"
#define COMMENTS_MAX	1000

/* Tags of ours are decimal numbers without leading zeros. What may follow with
 * a dot is about the flight, which no change is about. */
static void
add_version(struct arena *arena, const struct etag *tag,
    struct expected_versions *expected)
{
	char *text = arena_copy(arena, tag->text, tag->len);
	int64_t version;

	text[strcspn(text, ".")] = '\0';
	if (!tag->weak && text[0] != '0' &&
	    text_parse_int(text, 1, UINT32_MAX, &version) == 0)
		expected->versions[expected->count++] = (unsigned)version;
}

const struct expected_versions *
change_input_if_match(struct input *input, const struct http_request *request)
{
	bool repeated = false;
	const char *field = http_header(request, "If-Match", &repeated);
	struct expected_versions *expected;
	struct etag tag;
	size_t tags = 0;
	int more;

	if (field == NULL || (!repeated && etag_is_any(field)))
		return NULL;
	expected = arena_alloc(input->arena, sizeof(*expected));
	while ((more = etag_next(&field, &tag)) > 0 &&
	       tags++ < EXPECTED_VERSIONS_MAX)
		add_version(input->arena, &tag, expected);
	if (more != 0 || tags == 0 || repeated)
		input_wrong(input,
		    "must be * or a list of at most 16 entity tags like \"3\"",
		    "If-Match");
	return expected;
}

static bool
reason_valid(const char *text, size_t len)
{
	static const char ALLOWED[] = "abcdefghijklmnopqrstuvwxyz0123456789_";

	return len >= 1 && len <= REASON_MAX && strspn(text, ALLOWED) == len;
}

void
change_input_cancel(struct input *input, const struct json_value *body,
    struct booking_change *change)
{
	const struct json_value *reason = json_get(body, "cancellation_reason");
	const struct json_value *comments = json_get(body, "comments");
	size_t len = 0;
	const char *text = json_string(reason, &len);

	change->reason = REASON_STANDARD;
	if (text != NULL && reason_valid(text, len))
		change->reason = text;
	else if (json_type_of(reason) != JSON_NULL)
		input_wrong(input, "must be 1 to 64 of a-z, 0-9 and _",
		    "cancellation_reason");
	text = json_string(comments, &len);
	if (text != NULL && utf8_length(text, len) <= COMMENTS_MAX)
		change->comments = text;
	else if (json_type_of(comments) != JSON_NULL)
		input_wrong(input, "must be a text of at most 1000 characters",
		    "comments");
}

void
change_input_passenger(struct input *input, const struct json_value *body,
    struct passenger *fields)
{
	size_t given = 0;

	memset(fields, 0, sizeof(*fields));
	for (size_t i = 0; i < PASSENGER_FIELD__COUNT; i++) {
		const struct passenger_field *field = &PASSENGER_FIELDS[i];
		const struct json_value *value = json_get(body, field->name);
		const char *wrong;

		if (json_type_of(value) == JSON_NULL)
			continue;
		given++;
		wrong = input_passenger_field(input, value, field, fields);
		if (wrong != NULL)
			input_wrong(input, wrong, "%s", field->name);
	}
	if (given == 0)
		input_wrong(input, "at least one field is required", "body");
}
