#include "model/booking_list.h"

#include <string.h>

#include "core/digest.h"

/* Version, four numbers and a check over them and the filters. The check is
 * no secret: whoever makes a cursor sees nothing more than the list. */
#define CURSOR_VERSION	 1
#define CHECK_BYTES	 8
#define CURSOR_BYTES	 (1 + 8 + UUID_BYTES + 8 + 8 + CHECK_BYTES)
#define CURSOR_TEXT_SIZE ((CURSOR_BYTES * 4 + 2) / 3 + 1)

static const char *const SORT_NAMES[BOOKING_SORT__COUNT] = {
	[SORT_CREATED_DESC] = "-created_at",
	[SORT_CREATED_ASC] = "created_at",
	[SORT_DEPARTURE_DESC] = "-departure",
	[SORT_DEPARTURE_ASC] = "departure",
};

int
booking_sort_parse(const char *text, enum booking_sort *sort)
{
	for (int i = 0; i < BOOKING_SORT__COUNT; i++) {
		if (strcmp(text, SORT_NAMES[i]) == 0) {
			*sort = (enum booking_sort)i;
			return 0;
		}
	}
	return -1;
}

static uint8_t *
put_number(uint8_t *out, int64_t number)
{
	for (int i = 7; i >= 0; i--)
		*out++ = (uint8_t)((uint64_t)number >> (8 * i));
	return out;
}

static const uint8_t *
take_number(const uint8_t *in, int64_t *number)
{
	uint64_t value = 0;

	for (int i = 0; i < 8; i++)
		value = value << 8 | *in++;
	*number = (int64_t)value;
	return in;
}

static struct digest_part
text_part(const char *text)
{
	return (struct digest_part){ text, text == NULL ? 0 : strlen(text) };
}

static void
check_of(const uint8_t *packed, const struct booking_filter *filter,
    uint8_t out[CHECK_BYTES])
{
	const uint8_t given[] = { filter->user_id != NULL,
		filter->flight_id != NULL, filter->reference != NULL,
		(uint8_t)filter->sort };
	const struct digest_part parts[] = {
		{ packed, CURSOR_BYTES - CHECK_BYTES },
		{ given, sizeof(given) },
		text_part(filter->user_id),
		text_part(filter->flight_id),
		text_part(filter->reference),
		{ &filter->status, sizeof(filter->status) },
		{ &filter->from_ms, sizeof(filter->from_ms) },
		{ &filter->to_ms, sizeof(filter->to_ms) },
	};
	struct digest digest = digest_of_parts(parts, ARRAY_LEN(parts));

	memcpy(out, digest.bytes, CHECK_BYTES);
}

char *
booking_cursor_format(struct arena *arena, const struct booking_cursor *cursor,
    const struct booking_filter *filter)
{
	uint8_t packed[CURSOR_BYTES] = { CURSOR_VERSION };
	char *text = arena_alloc(arena, CURSOR_TEXT_SIZE);
	uint8_t *end = put_number(packed + 1, cursor->sort_ms);

	memcpy(end, cursor->id.bytes, UUID_BYTES);
	end = put_number(end + UUID_BYTES, cursor->seen);
	end = put_number(end, cursor->total);
	check_of(packed, filter, end);
	base64url_encode(packed, sizeof(packed), text, CURSOR_TEXT_SIZE);
	return text;
}

int
booking_cursor_parse(const char *text, const struct booking_filter *filter,
    struct booking_cursor *cursor)
{
	uint8_t packed[CURSOR_BYTES], check[CHECK_BYTES];
	struct booking_cursor parsed;
	const uint8_t *at = packed;

	if (base64url_decode(text, strlen(text), packed, sizeof(packed)) !=
		CURSOR_BYTES ||
	    *at++ != CURSOR_VERSION)
		return -1;
	at = take_number(at, &parsed.sort_ms);
	memcpy(parsed.id.bytes, at, UUID_BYTES);
	at = take_number(at + UUID_BYTES, &parsed.seen);
	at = take_number(at, &parsed.total);
	check_of(packed, filter, check);
	if (memcmp(at, check, CHECK_BYTES) != 0 || parsed.sort_ms < 0 ||
	    parsed.seen < 0 || parsed.total < 0)
		return -1;
	*cursor = parsed;
	return 0;
}
