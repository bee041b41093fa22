#include "mq/mq_url.h"

#include <string.h>
#include <strings.h>

#include "core/text.h"

#define PORT_PLAIN 5672
#define PORT_TLS   5671

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Decodes [from, end) into out. -1: too long, a bad escape or a NUL. */
static int
decode(const char *from, const char *end, char *out, size_t size)
{
	size_t len = 0;

	for (; from < end; from++) {
		char c = *from;

		if (c == '%') {
			int high = end - from > 2 ? hex_digit(from[1]) : -1;
			int low = high >= 0 ? hex_digit(from[2]) : -1;

			if (low < 0 || high * 16 + low == 0)
				return -1;
			c = (char)(high * 16 + low);
			from += 2;
		}
		if (len + 1 >= size)
			return -1;
		out[len++] = c;
	}
	out[len] = '\0';
	return 0;
}

static int
parse_user(const char *from, const char *at, struct mq_url *url)
{
	const char *colon = memchr(from, ':', (size_t)(at - from));
	const char *user_end = colon != NULL ? colon : at;

	if (decode(from, user_end, url->user, sizeof(url->user)) != 0)
		return -1;
	if (colon == NULL)
		return 0;
	return decode(colon + 1, at, url->password, sizeof(url->password));
}

static int
parse_port(const char *from, const char *end, int *port)
{
	char digits[8];
	int64_t value;

	if (decode(from, end, digits, sizeof(digits)) != 0)
		return -1;
	if (text_parse_int(digits, 1, 65535, &value) != 0)
		return -1;
	*port = (int)value;
	return 0;
}

static int
parse_host(
    const char *from, const char *end, struct mq_url *url, const char **why)
{
	const char *host_end, *port;

	*why = "the host is malformed";
	if (*from == '[') {
		from++;
		host_end = from + strcspn(from, "]/");
		if (*host_end != ']')
			return -1;
		port = host_end + 1;
	} else {
		host_end = from + strcspn(from, ":/");
		port = host_end;
	}
	if (host_end == from ||
	    decode(from, host_end, url->host, sizeof(url->host)) != 0)
		return -1;
	if (port == end)
		return 0;
	*why = "the port is not a number from 1 to 65535";
	return *port == ':' ? parse_port(port + 1, end, &url->port) : -1;
}

static int
parse_vhost(const char *slash, struct mq_url *url)
{
	const char *from = slash + 1;

	if (*slash == '\0' || *from == '\0')
		return 0;
	if (strchr(from, '/') != NULL)
		return -1;
	return decode(
	    from, from + strlen(from), url->vhost, sizeof(url->vhost));
}

static const char *
parse_scheme(const char *text, struct mq_url *url)
{
	if (strncasecmp(text, "amqps://", 8) == 0) {
		url->tls = true;
		url->port = PORT_TLS;
		return text + 8;
	}
	url->port = PORT_PLAIN;
	return strncasecmp(text, "amqp://", 7) == 0 ? text + 7 : NULL;
}

int
mq_url_parse(const char *text, struct mq_url *url, const char **why)
{
	struct mq_url parts = {
		.user = "guest", .password = "guest", .vhost = "/"
	};
	const char *authority, *at, *slash;

	authority = parse_scheme(text, &parts);
	*why = "it does not begin with amqp:// or amqps://";
	if (authority == NULL)
		return -1;
	*why = "a query or a fragment is not understood";
	if (strpbrk(authority, "?#") != NULL)
		return -1;
	slash = authority + strcspn(authority, "/");
	at = memrchr(authority, '@', (size_t)(slash - authority));
	*why = "user or password is malformed";
	if (at != NULL && parse_user(authority, at, &parts) != 0)
		return -1;
	if (parse_host(at != NULL ? at + 1 : authority, slash, &parts, why) !=
	    0)
		return -1;
	*why = "the vhost is malformed";
	if (parse_vhost(slash, &parts) != 0)
		return -1;
	*url = parts;
	return 0;
}
