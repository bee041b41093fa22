#include "config/config.h"

#include <inttypes.h>
#include <string.h>

static void
print_number_allowed(const struct config_key *key, const char *what, FILE *out)
{
	bool low = key->min != INT64_MIN;
	bool high = key->max != INT64_MAX;

	fputs(what, out);
	if (low)
		fprintf(out, " %s %" PRId64, high ? "from" : "of at least",
		    key->min);
	if (high)
		fprintf(
		    out, " %s %" PRId64, low ? "to" : "of at most", key->max);
}

static void
print_text_allowed(const struct config_key *key, FILE *out)
{
	fputs("text", out);
	if (key->max != 0)
		fprintf(out, " of %" PRId64 " to %" PRId64 " characters",
		    key->min, key->max);
	else if (key->min != 0)
		fprintf(out, " of at least %" PRId64 " characters", key->min);
}

/* "a", "a or b", "a, b or c": each choice with what comes behind it. */
static void
print_choices(const char *choices, const char *suffix, FILE *out)
{
	const char *at = choices + strspn(choices, " ");
	bool first = true;

	while (*at != '\0') {
		int len = (int)strcspn(at, " ");
		const char *next = at + len + strspn(at + len, " ");

		if (!first)
			fputs(*next == '\0' ? " or " : ", ", out);
		fprintf(out, "%.*s%s", len, at, suffix);
		first = false;
		at = next;
	}
}

void
config_print_allowed(const struct config_key *key, FILE *out)
{
	switch (key->type) {
	case CONFIG_TEXT:
		print_text_allowed(key, out);
		break;
	case CONFIG_INT:
		print_number_allowed(key, "a whole number", out);
		break;
	case CONFIG_DURATION:
		print_number_allowed(
		    key, "a number with s, m, h or d, in seconds", out);
		break;
	case CONFIG_BOOL:
		fputs("true or false", out);
		break;
	case CONFIG_CHOICE:
		print_choices(key->choices, "", out);
		break;
	case CONFIG_URL:
		print_choices(key->choices, "://", out);
		fputs(" with a host", out);
		break;
	}
}

static bool
section_starts(const struct config_table *table, size_t i)
{
	return i == 0 ||
	       strcmp(table->keys[i].section, table->keys[i - 1].section) != 0;
}

/* A value as the .env syntax reads it back. */
static void
print_quoted(const char *value, FILE *out)
{
	if (strpbrk(value, " #\"'\\$`") == NULL) {
		fputs(value, out);
		return;
	}
	fputc('"', out);
	for (const char *at = value; *at != '\0'; at++) {
		if (strchr("\"\\$`", *at) != NULL)
			fputc('\\', out);
		fputc(*at, out);
	}
	fputc('"', out);
}

void
config_print_example(const struct config_table *table, FILE *out)
{
	for (size_t i = 0; i < table->count; i++) {
		const struct config_key *key = &table->keys[i];

		if (section_starts(table, i))
			fprintf(out, "%s# --- %s ---\n", i == 0 ? "" : "\n",
			    key->section);
		fprintf(out, "\n# %s\n# Allowed: ", key->help);
		config_print_allowed(key, out);
		fputs(key->flags & CONFIG_REQUIRED ? "; required.\n" : ".\n",
		    out);
		fprintf(out, "%s=", key->name);
		print_quoted(key->fallback, out);
		fputc('\n', out);
	}
}

/* A bar would end the cell, even in code. */
static void
print_cell(const char *text, FILE *out)
{
	for (; *text != '\0'; text++) {
		if (*text == '|')
			fputc('\\', out);
		fputc(*text, out);
	}
}

/* Code that holds a backtick stands between two of them and blanks. */
static void
print_code(const char *text, FILE *out)
{
	bool backtick = strchr(text, '`') != NULL;

	fputs(backtick ? "`` " : "`", out);
	print_cell(text, out);
	fputs(backtick ? " ``" : "`", out);
}

void
config_print_markdown(const struct config_table *table, FILE *out)
{
	fputs("| Setting | Default | Allowed | Meaning |\n"
	      "|---|---|---|---|\n",
	    out);
	for (size_t i = 0; i < table->count; i++) {
		const struct config_key *key = &table->keys[i];

		if (section_starts(table, i))
			fprintf(out, "| **%s** | | | |\n", key->section);
		fprintf(out, "| `%s` | ", key->name);
		if (key->fallback[0] != '\0')
			print_code(key->fallback, out);
		fputs(" | ", out);
		config_print_allowed(key, out);
		fputs(key->flags & CONFIG_REQUIRED ? "; required | " : " | ",
		    out);
		print_cell(key->help, out);
		fputs(" |\n", out);
	}
}

static void
print_url(const char *url, FILE *out)
{
	const char *scheme_end = strstr(url, "://");
	const char *user = scheme_end == NULL ? url : scheme_end + 3;
	const char *at_sign = memrchr(user, '@', strcspn(user, "/?#"));
	const char *colon = at_sign == NULL
				? NULL
				: memchr(user, ':', (size_t)(at_sign - user));

	if (colon == NULL) {
		print_quoted(url, out);
		return;
	}
	fprintf(out, "%.*s:***%s", (int)(colon - url), url, at_sign);
}

static const char *
text_of(const struct config_key *key, const void *from)
{
	const char *text;

	memcpy(&text, (const char *)from + key->offset, sizeof(text));
	return text;
}

static void
print_value(const struct config_key *key, const void *from, FILE *out)
{
	const char *field = (const char *)from + key->offset;
	int64_t integer;
	bool boolean;

	switch (key->type) {
	case CONFIG_TEXT:
	case CONFIG_CHOICE:
		print_quoted(text_of(key, from), out);
		break;
	case CONFIG_URL:
		print_url(text_of(key, from), out);
		break;
	case CONFIG_INT:
	case CONFIG_DURATION:
		memcpy(&integer, field, sizeof(integer));
		fprintf(out, "%" PRId64, integer);
		break;
	case CONFIG_BOOL:
		memcpy(&boolean, field, sizeof(boolean));
		fputs(boolean ? "true" : "false", out);
		break;
	}
}

static bool
is_empty_text(const struct config_key *key, const void *from)
{
	bool text = key->type != CONFIG_INT && key->type != CONFIG_DURATION &&
		    key->type != CONFIG_BOOL;

	return text && text_of(key, from)[0] == '\0';
}

void
config_print_values(
    const struct config_table *table, const void *from, FILE *out)
{
	for (size_t i = 0; i < table->count; i++) {
		const struct config_key *key = &table->keys[i];

		fprintf(out, "%s=", key->name);
		if ((key->flags & CONFIG_SECRET) && !is_empty_text(key, from))
			fputs("***", out);
		else
			print_value(key, from, out);
		fputc('\n', out);
	}
}
