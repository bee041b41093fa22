#include "http/router.h"

#include <string.h>

/* More have no pattern. */
#define MAX_SEGMENTS 16

/* A segment of a path: what is between two slashes. */
struct segment {
	const char *text;
	size_t len;
};

struct segments {
	size_t count;
	struct segment at[MAX_SEGMENTS];
};

/* False for what is not slashes and segments, or too many of them. */
static bool
split(const char *path, struct segments *segments)
{
	segments->count = 0;
	while (*path == '/' && segments->count < MAX_SEGMENTS) {
		struct segment *segment = &segments->at[segments->count++];

		segment->text = path + 1;
		segment->len = strcspn(segment->text, "/");
		path = segment->text + segment->len;
	}
	return *path == '\0';
}

/* The end of a {name} that a pattern's segment is, or NULL: it is literal. */
static const char *
parameter_end(const char *pattern)
{
	const char *end;

	if (*pattern != '{')
		return NULL;
	end = pattern + strcspn(pattern, "/");
	return end[-1] == '}' ? end : NULL;
}

/* Where a pattern goes on behind the path's segment, NULL if it differs. What
 * follows there is no slash and no end when its own segment is longer. */
static const char *
literal_end(const char *pattern, const struct segment *have)
{
	if (strncmp(pattern, have->text, have->len) != 0)
		return NULL;
	return pattern + have->len;
}

/*
 * How well a pattern fits, 0 when it does not: one bit for each segment, set
 * for a literal one, behind a leading 1. Of two patterns that fit the same path
 * the one with the greater number has its first literal further left.
 */
static uint64_t
fit(const char *pattern, const struct segments *path)
{
	uint64_t score = 1;

	for (size_t i = 0; i < path->count; i++) {
		const struct segment *have = &path->at[i];
		const char *end;

		if (*pattern++ != '/')
			return 0;
		end = parameter_end(pattern);
		if (end != NULL && have->len == 0)
			return 0;
		score = score << 1 | (end == NULL);
		if (end == NULL)
			end = literal_end(pattern, have);
		if (end == NULL)
			return 0;
		pattern = end;
	}
	return *pattern == '\0' ? score : 0;
}

/* False when a parameter is badly escaped. The pattern fits the path. */
static bool
take_parameters(struct arena *arena, const char *pattern,
    const struct segments *path, struct route_match *match)
{
	match->parameter_count = 0;
	for (size_t i = 0; i < path->count; i++) {
		const struct segment *have = &path->at[i];
		const char *end = parameter_end(++pattern);
		const char *value;

		pattern = end != NULL ? end : pattern + have->len;
		if (end == NULL)
			continue;
		value = http_decode(arena, have->text, have->len, false);
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
	struct segments segments;
	uint64_t best = 0;

	memset(match, 0, sizeof(*match));
	if (!split(path, &segments))
		return;
	for (size_t i = 0; i < count; i++) {
		uint64_t score = fit(routes[i].pattern, &segments);

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
	    !take_parameters(arena, match->route->pattern, &segments, match))
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
