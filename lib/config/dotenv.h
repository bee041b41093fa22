/*
 * The syntax of .env files, as a POSIX shell reads it, without expansion:
 *
 *   # a comment
 *   NAME=value               # a comment behind a blank
 *   export NAME="a \"b\" c"  # \" \\ \$ \` are escapes
 *   NAME='as it stands'
 *
 * A byte order mark, CR before LF, and blanks around the equals sign are
 * tolerated. A value is one line.
 */
#ifndef CONFIG_DOTENV_H
#define CONFIG_DOTENV_H

#include "core/base.h"

struct dotenv {
	char *rest;
	char *end;
	unsigned line;
};

/* name and value point into the text. With a problem set there is no value,
 * and the name is NULL when there is none. */
struct dotenv_entry {
	unsigned line; /* from 1 */
	const char *name;
	const char *value;
	const char *problem; /* "has no closing quote", or NULL */
};

/* Reads text[0..len), which must be writable, is followed by a NUL, and is
 * changed in place. */
void dotenv_open(struct dotenv *dotenv, char *text, size_t len);
/* The next line that is neither blank nor a comment; false at the end. */
bool dotenv_next(struct dotenv *dotenv, struct dotenv_entry *entry);

#endif
