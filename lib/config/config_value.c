#include "config/config_value.h"

#include <string.h>
#include <strings.h>

#include "core/text.h"

/* The blank-separated choice that equals text in any case; 0 when none does,
 * else its length. */
static size_t
find_choice(
    const char *choices, const char *text, size_t len, const char **found)
{
	const char *at = choices + strspn(choices, " ");

	while (*at != '\0') {
		size_t size = strcspn(at, " ");

		if (size == len && strncasecmp(at, text, len) == 0) {
			*found = at;
			return size;
		}
		at += size;
		at += strspn(at, " ");
	}
	return 0;
}

static bool
parse_bool(const char *raw, bool *value)
{
	static const struct {
		const char *word;
		bool value;
	} words[] = {
		{ "true", true },
		{ "false", false },
		{ "1", true },
		{ "0", false },
		{ "yes", true },
		{ "no", false },
		{ "on", true },
		{ "off", false },
	};

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strcasecmp(raw, words[i].word) == 0) {
			*value = words[i].value;
			return true;
		}
	return false;
}

/* "90", "90s", "15m", "24h", "7d" in seconds. */
static bool
parse_duration(const struct config_key *key, const char *raw, int64_t *seconds)
{
	static const struct {
		char unit;
		int64_t seconds;
	} units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 } };
	char digits[16] = "";
	size_t len = strspn(raw, "0123456789");
	int64_t scale = raw[len] == '\0' ? 1 : 0;

	for (size_t i = 0; i < ARRAY_LEN(units); i++)
		if (raw[len] == units[i].unit && raw[len + 1] == '\0')
			scale = units[i].seconds;
	if (len == 0 || len > 10 || scale == 0)
		return false;
	memcpy(digits, raw, len);
	if (text_parse_int(digits, 0, INT64_MAX, seconds) != 0)
		return false;
	*seconds *= scale;
	return *seconds >= key->min && *seconds <= key->max;
}

static bool
length_allowed(const struct config_key *key, const char *raw)
{
	int64_t length = (int64_t)utf8_length(raw, strlen(raw));

	return length >= key->min && (key->max == 0 || length <= key->max);
}

/* ":port" or nothing, after the host. */
static bool
port_valid(const char *text, size_t len)
{
	char digits[6] = "";
	int64_t port;

	if (len == 0)
		return true;
	if (text[0] != ':' || len > sizeof(digits))
		return false;
	memcpy(digits, text + 1, len - 1);
	return digits[0] != '-' &&
	       text_parse_int(digits, 1, UINT16_MAX, &port) == 0;
}

/* [user[:password]@]host[:port]; a host may be an address in brackets. */
static bool
authority_valid(const char *text, size_t len)
{
	const char *at_sign = memrchr(text, '@', len);
	const char *host = at_sign == NULL ? text : at_sign + 1;
	size_t left = len - (size_t)(host - text);
	size_t host_len;

	if (left > 0 && host[0] == '[') {
		const char *end = memchr(host, ']', left);

		if (end == NULL || end == host + 1)
			return false;
		host_len = (size_t)(end - host) + 1;
	} else {
		const char *colon = memchr(host, ':', left);

		host_len = colon == NULL ? left : (size_t)(colon - host);
	}
	return host_len > 0 && port_valid(host + host_len, left - host_len);
}

static bool
url_valid(const struct config_key *key, const char *raw)
{
	size_t scheme_len = strcspn(raw, ":");
	const char *rest = raw + scheme_len;
	const char *scheme;

	if (strncmp(rest, "://", 3) != 0 || strchr(raw, ' ') != NULL ||
	    find_choice(key->choices, raw, scheme_len, &scheme) == 0)
		return false;
	rest += 3;
	return authority_valid(rest, strcspn(rest, "/?#")) &&
	       length_allowed(key, raw);
}

bool
config_value_parse(const struct config_key *key, const char *raw,
    struct arena *arena, struct config_value *value)
{
	const char *found = "";
	size_t len;

	value->text = raw;
	switch (key->type) {
	case CONFIG_TEXT:
		return length_allowed(key, raw);
	case CONFIG_INT:
		return text_parse_int(
			   raw, key->min, key->max, &value->integer) == 0;
	case CONFIG_DURATION:
		return parse_duration(key, raw, &value->integer);
	case CONFIG_BOOL:
		return parse_bool(raw, &value->boolean);
	case CONFIG_CHOICE:
		len = find_choice(key->choices, raw, strlen(raw), &found);
		value->text = arena_copy(arena, found, len);
		return len > 0;
	case CONFIG_URL:
		return url_valid(key, raw);
	}
	return false;
}

bool
config_value_needed(const struct config_key *key)
{
	return key->type != CONFIG_TEXT && key->type != CONFIG_URL;
}

void
config_value_store(
    const struct config_key *key, const struct config_value *value, void *into)
{
	char *field = (char *)into + key->offset;

	switch (key->type) {
	case CONFIG_TEXT:
	case CONFIG_CHOICE:
	case CONFIG_URL:
		memcpy(field, &value->text, sizeof(value->text));
		break;
	case CONFIG_INT:
	case CONFIG_DURATION:
		memcpy(field, &value->integer, sizeof(value->integer));
		break;
	case CONFIG_BOOL:
		memcpy(field, &value->boolean, sizeof(value->boolean));
		break;
	}
}
