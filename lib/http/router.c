#include "http/router.h"

#include <string.h>

/* A segment of a path: what is between two slashes. */
struct segment {
	const char *text;
	size_t len;
};

/* Takes the segment behind the slash that *path stands on. */
static bool
next_segment(const char **path, struct segment *segment)
{
	if (**path != '/')
		return false;
	segment->text = *path + 1;
	segment->len = strcspn(segment->text, "/");
	*path = segment->text + segment->len;
	return true;
}

static bool
is_parameter(const struct segment *pattern)
{
	return pattern->len > 1 && pattern->text[0] == '{' &&
	       pattern->text[pattern->len - 1] == '}';
}

/*
 * How well a pattern fits, 0 when it does not: one bit for each segment, set
 * for a literal one, behind a leading 1. Of two patterns that fit the same path
 * the one with the greater number has its first literal further left.
 */
static uint64_t
fit(const char *pattern, const char *path)
{
	struct segment want;
	struct segment have;
	uint64_t score = 1;

	while (next_segment(&pattern, &want)) {
		if (!next_segment(&path, &have))
			return 0;
		if (is_parameter(&want)) {
			if (have.len == 0)
				return 0;
			score <<= 1;
		} else {
			if (want.len != have.len ||
			    memcmp(want.text, have.text, want.len) != 0)
				return 0;
			score = score << 1 | 1;
		}
	}
	return *path == '\0' ? score : 0;
}

/* False when a parameter is badly escaped. */
static bool
take_parameters(struct arena *arena, const char *pattern, const char *path,
    struct route_match *match)
{
	struct segment want;
	struct segment have;

	match->parameter_count = 0;
	while (next_segment(&pattern, &want) && next_segment(&path, &have)) {
		const char *value;

		if (!is_parameter(&want))
			continue;
		value = http_decode(arena, have.text, have.len, false);
		if (value == NULL ||
		    match->parameter_count == ROUTER_MAX_PARAMETERS)
			return false;
		match->parameters[match->parameter_count++] = value;
	}
	return true;
}

void
router_match(const struct route routes[], size_t count, struct arena *arena,
    enum http_method method, const char *path, struct route_match *match)
{
	enum http_method wanted = method == HTTP_HEAD ? HTTP_GET : method;
	uint64_t best = 0;

	memset(match, 0, sizeof(*match));
	for (size_t i = 0; i < count; i++) {
		uint64_t score = fit(routes[i].pattern, path);

		if (score == 0)
			continue;
		match->path_known = true;
		match->allowed |= 1U << routes[i].method;
		if (routes[i].method == wanted && score > best) {
			best = score;
			match->route = &routes[i];
		}
	}
	if (match->route != NULL &&
	    !take_parameters(arena, match->route->pattern, path, match))
		memset(match, 0, sizeof(*match));
}

const char *
router_allow(struct arena *arena, unsigned allowed)
{
	static const enum http_method by_name[] = {
		HTTP_DELETE,
		HTTP_GET,
		HTTP_HEAD,
		HTTP_OPTIONS,
		HTTP_PATCH,
		HTTP_POST,
		HTTP_PUT,
	};
	struct buf text;

	if (allowed & 1U << HTTP_GET)
		allowed |= 1U << HTTP_HEAD;
	allowed |= 1U << HTTP_OPTIONS;
	buf_init(&text, arena, 128);
	for (size_t i = 0; i < ARRAY_LEN(by_name); i++) {
		if (!(allowed & 1U << by_name[i]))
			continue;
		if (text.len > 0)
			buf_text(&text, ", ");
		buf_text(&text, http_method_name(by_name[i]));
	}
	return text.bytes;
}
