#include "http/etag.h"

#include <string.h>

#define BLANKS " \t"

bool
etag_is_any(const char *field)
{
	field += strspn(field, BLANKS);
	return field[0] == '*' && field[1 + strspn(field + 1, BLANKS)] == '\0';
}

/* Everything visible but the quote, and bytes from 0x80 on. */
static bool
is_tag_byte(unsigned char c)
{
	return c == 0x21 || (c >= 0x23 && c != 0x7f);
}

int
etag_next(const char **list, struct etag *tag)
{
	const char *at = *list + strspn(*list, BLANKS ",");

	if (*at == '\0')
		return 0;
	tag->weak = strncmp(at, "W/", 2) == 0;
	at += tag->weak ? 2 : 0;
	if (*at++ != '"')
		return -1;
	tag->text = at;
	while (is_tag_byte((unsigned char)*at))
		at++;
	tag->len = (size_t)(at - tag->text);
	if (*at++ != '"')
		return -1;
	at += strspn(at, BLANKS);
	if (*at != '\0' && *at != ',')
		return -1;
	*list = at;
	return 1;
}

bool
etag_listed(const char *field, const char *text)
{
	size_t len = strlen(text);
	struct etag tag;

	if (etag_is_any(field))
		return true;
	while (etag_next(&field, &tag) > 0) {
		if (tag.len == len && memcmp(tag.text, text, len) == 0)
			return true;
	}
	return false;
}
