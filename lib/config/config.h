/*
 * Configuration from one table: a row gives the variable's name, its type,
 * where its value goes, its default and bounds, and its sentence of help. The
 * same rows parse the environment and an optional .env file, and print --help,
 * the example file and the README's table.
 *
 * The environment wins over the file. Every wrong setting is reported, all at
 * once, and so is every rule over several settings that is broken, unless one
 * that it reads is wrong by itself. An unknown name is an error in the file
 * only. Values of keys marked secret are never repeated, not even in an error.
 */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include <stdio.h>

#include "core/base.h"

enum config_type {
	/* const char *; min and max bound its length in characters, max 0: no
	 * limit */
	CONFIG_TEXT,
	/* int64_t within [min, max] */
	CONFIG_INT,
	/* int64_t seconds within [min, max], written as a number with s, m, h
	 * or d; none means s */
	CONFIG_DURATION,
	/* bool: true, false, 1, 0, yes, no, on, off */
	CONFIG_BOOL,
	/* const char * out of `choices`, blank-separated; stored as it is spelt
	 * there */
	CONFIG_CHOICE,
	/* const char *, a scheme out of `choices` and a host; min and max as
	 * for a text */
	CONFIG_URL,
};

enum config_flag {
	CONFIG_SECRET = 1,   /* shown as *** */
	CONFIG_REQUIRED = 2, /* must not be empty */
};

struct config_key {
	const char *section; /* heading in printed forms */
	const char *name;    /* "DB_HOST" */
	enum config_type type;
	size_t offset; /* of the field in the caller's struct */
	const char
	    *fallback; /* parsed like any value; "" leaves a text empty */
	int64_t min, max;
	const char *choices;
	unsigned flags;
	const char *help; /* one sentence, with the unit */
};

#define CONFIG_RULE_MAX_KEYS 4

/* What several settings must be together. */
struct config_rule {
	/* Names of the keys that it looks at; the problem is told of the
	 * first. */
	const char *reads[CONFIG_RULE_MAX_KEYS];
	/* Whether the fields of these keys break it. No other may be looked
	 * at: what is wrong by itself has no value. */
	bool (*broken)(const void *from);
	const char *problem; /* "must not be above ..." */
};

struct config_table {
	const struct config_key *keys;
	size_t count;
	const struct config_rule *rules;
	size_t rule_count;
	size_t size; /* of the caller's struct; 0 without rules */
};

/*
 * Fills *into from the .env file (NULL or a missing file: none) and from env
 * (NAME=value strings, ended by NULL). Text values live until config_release.
 * Returns 0; or -1 after writing one line per problem to `problems`, those of
 * rules last: file
 * problems as "FILE: line N: NAME: ...", others as "environment: NAME: ...",
 * with what is allowed; *into is then untouched. A variable that is set but
 * empty is an empty text or URL; for the other types it means the default.
 * The syntax of the file is described in config/dotenv.h.
 */
struct config_values; /* owner of the text values */
int config_load(const struct config_table *table, const char *env_file,
    char *const env[], void *into, struct config_values **values,
    FILE *problems) MUST_CHECK;
/* NULL is allowed. */
void config_release(struct config_values *values);

/* What a value may be, to follow "must be": "a whole number from 1 to 9". */
void config_print_allowed(const struct config_key *key, FILE *out);

/* NAME=default lines with comments, section by section. */
void config_print_example(const struct config_table *table, FILE *out);
/* A Markdown table: setting, default, allowed, meaning. */
void config_print_markdown(const struct config_table *table, FILE *out);
/* The values in force as NAME=value lines; a secret that is set is ***, and so
 * is the password in a URL. */
void config_print_values(
    const struct config_table *table, const void *from, FILE *out);

#endif
