#include "db/sql_script.h"

#include <string.h>

/* Past the closing quote; a doubled quote opens the next text at once. */
static const char *
skip_quoted(const char *at, const char *end)
{
	char quote = *at++;

	while (at < end && *at != quote)
		at += *at == '\\' && quote != '`' && at + 1 < end ? 2 : 1;
	return at < end ? at + 1 : end;
}

static const char *
skip_line(const char *at, const char *end)
{
	const char *newline = memchr(at, '\n', (size_t)(end - at));

	return newline == NULL ? end : newline + 1;
}

/* An unclosed comment is left for the server to refuse: skipped, it would take
 * the rest of the script along unseen. */
static const char *
skip_block(const char *start, const char *end)
{
	for (const char *at = start + 2; at + 1 < end; at++) {
		if (at[0] == '*' && at[1] == '/')
			return at + 2;
	}
	return start;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Past the comment or blank at `at`, or `at` itself. The server runs what is in
 * a comment that begins with an exclamation mark. */
static const char *
skip_void(const char *at, const char *end)
{
	size_t left = (size_t)(end - at);

	if (is_blank(*at))
		return at + 1;
	if (*at == '#')
		return skip_line(at, end);
	if (left >= 2 && memcmp(at, "--", 2) == 0 &&
	    (left == 2 || is_blank(at[2])))
		return skip_line(at, end);
	if (left >= 3 && at[0] == '/' && at[1] == '*' && at[2] != '!')
		return skip_block(at, end);
	return at;
}

/* The `;` that ends the statement, or the end. */
static const char *
find_end(const char *at, const char *end)
{
	while (at < end && *at != ';') {
		const char *next = skip_void(at, end);
		if (next == at)
			next = *at == '\'' || *at == '"' || *at == '`'
				   ? skip_quoted(at, end)
				   : at + 1;
		at = next;
	}
	return at;
}

bool
sql_script_next(struct sql_script *script, const char **statement, size_t *len)
{
	const char *at = script->at;
	const char *end = script->end;

	while (at < end) {
		const char *next = skip_void(at, end);
		if (next == at && *at == ';')
			next = at + 1;
		if (next == at)
			break;
		at = next;
	}
	if (at == end) {
		script->at = end;
		return false;
	}
	const char *stop = find_end(at, end);
	*statement = at;
	*len = (size_t)(stop - at);
	script->at = stop < end ? stop + 1 : end;
	return true;
}
