#include "config/dotenv.h"

#include <string.h>

void
dotenv_open(struct dotenv *dotenv, char *text, size_t len)
{
	size_t mark = len >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;

	*dotenv = (struct dotenv){ text + mark, text + len, 0 };
}

/* Ends the next line with a NUL in place of its LF or CR LF. NULL at the end.
 */
static char *
next_line(struct dotenv *dotenv, size_t *len)
{
	char *line = dotenv->rest;
	char *end;

	if (line >= dotenv->end)
		return NULL;
	end = memchr(line, '\n', (size_t)(dotenv->end - line));
	if (end == NULL)
		end = dotenv->end;
	dotenv->rest = end + 1;
	dotenv->line++;
	if (end > line && end[-1] == '\r')
		end--;
	*end = '\0';
	*len = (size_t)(end - line);
	return line;
}

static char *
skip_blanks(char *at)
{
	return at + strspn(at, " \t");
}

static char *
skip_export(char *at)
{
	static const char word[] = "export";
	size_t len = sizeof(word) - 1;

	if (strncmp(at, word, len) != 0 || (at[len] != ' ' && at[len] != '\t'))
		return at;
	return skip_blanks(at + len);
}

/* The end of the name at the start of text; text itself when it is none. */
static char *
name_end(char *text)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "abcdefghijklmnopqrstuvwxyz_0123456789";

	if (*text >= '0' && *text <= '9')
		return text;
	return text + strspn(text, letters);
}

/* Ends an unquoted value before its comment and its trailing blanks. */
static void
end_plain(char *value)
{
	char *end = value;

	for (char *at = value; *at != '\0'; at++) {
		bool blank = *at == ' ' || *at == '\t';

		if (blank && at[1] == '#')
			break;
		if (!blank)
			end = at + 1;
	}
	*end = '\0';
}

/* Takes the quotes and escapes off in place. Returns what is wrong, or NULL. */
static const char *
unquote(char *value)
{
	char quote = value[0];
	char *to = value;
	char *at = value + 1;

	for (; *at != quote; at++) {
		if (quote == '"' && *at == '\\' && at[1] != '\0' &&
		    strchr("\"\\$`", at[1]) != NULL)
			at++;
		if (*at == '\0')
			return "has no closing quote";
		*to++ = *at;
	}
	at++;
	if (*at != '\0' && *at != ' ' && *at != '\t')
		return "has text behind its closing quote";
	at = skip_blanks(at);
	if (*at != '\0' && *at != '#')
		return "has text behind its closing quote";
	*to = '\0';
	return NULL;
}

static void
read_entry(char *at, struct dotenv_entry *entry)
{
	char *end, *value, *after_equals;

	at = skip_export(at);
	end = name_end(at);
	value = skip_blanks(end);
	if (end == at || *value != '=') {
		entry->problem = "must be NAME=value";
		return;
	}
	after_equals = value + 1;
	value = skip_blanks(after_equals);
	*end = '\0';
	if (value > after_equals && *value == '#')
		*value = '\0';
	entry->name = at;
	entry->value = value;
	if (*value == '"' || *value == '\'')
		entry->problem = unquote(value);
	else
		end_plain(value);
}

bool
dotenv_next(struct dotenv *dotenv, struct dotenv_entry *entry)
{
	char *line;
	size_t len;

	while ((line = next_line(dotenv, &len)) != NULL) {
		char *at = skip_blanks(line);

		*entry = (struct dotenv_entry){ .line = dotenv->line };
		if (strlen(line) != len)
			entry->problem = "must not contain a NUL byte";
		else if (*at == '\0' || *at == '#')
			continue;
		else
			read_entry(at, entry);
		if (entry->problem != NULL)
			entry->value = NULL;
		return true;
	}
	return false;
}
