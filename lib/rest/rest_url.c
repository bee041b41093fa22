#include "rest/rest_url.h"

#include <ctype.h>
#include <string.h>

static bool
unreserved(char c)
{
	return isalnum((unsigned char)c) || strchr("-._~", c);
}

char *
rest_encode_segment(struct arena *arena, const char *segment)
{
	static const char hex[] = "0123456789ABCDEF";
	bool dots = !strcmp(segment, ".") || !strcmp(segment, "..");
	char *encoded = arena_alloc(arena, strlen(segment) * 3 + 1);
	char *end = encoded;

	for (; *segment; segment++) {
		unsigned char c = (unsigned char)*segment;
		if (unreserved(*segment) && !dots) {
			*end++ = *segment;
			continue;
		}
		*end++ = '%';
		*end++ = hex[c >> 4];
		*end++ = hex[c & 15];
	}
	return encoded;
}

char *
rest_url_authority(struct arena *arena, const char *url)
{
	const char *scheme = strstr(url, "://"), *at;
	const char *host = scheme ? scheme + 3 : url;
	size_t len = strcspn(host, "/?#");

	at = memrchr(host, '@', len);
	if (at) {
		len -= (size_t)(at + 1 - host);
		host = at + 1;
	}
	return arena_copy(arena, host, len);
}
