/*
 * How each service speaks: a table of options, each with a few named choices,
 * the first of which is the default.
 */
#ifndef SANDBOX_DIALECT_H
#define SANDBOX_DIALECT_H

#include <stdio.h>

#include "sandbox/service.h"

#define DIALECT_MAX_CHOICES 7

enum dialect_option {
	AUTH_DIALECT,	/* what a positive answer looks like */
	AUTH_FAILURE,	/* how a token is refused */
	FLIGHT_DIALECT, /* an enum flight_spelling */
	FLIGHT_UNKNOWN, /* what an unknown flight gives */
	FLIGHT_PRICES,	/* how a price is written */
	FLIGHT_IDS,	/* whether ids are taken for numbers */
	DIALECT_OPTION__COUNT
};

enum auth_dialect {
	AUTH_AS_OBJECT,	 /* {"id":..,"roles":[..]} */
	AUTH_AS_ID,	 /* the id alone; digits become a number */
	AUTH_AS_NONE,	 /* no data */
	AUTH_AS_USER_ID, /* {"user_id":..,"role":[..]} */
	AUTH_AS_CAMEL,	 /* {"userId":..,"role":".."} */
	AUTH_AS_SUB,	 /* {"sub":..,"role":".."} */
	AUTH_DIALECT__COUNT
};

enum auth_failure {
	REFUSE_401,
	REFUSE_403,
	REFUSE_400,
	REFUSE_500, /* the family's own: only err.name tells */
	REFUSE_200, /* 200 and success:false */
	AUTH_FAILURE__COUNT
};

enum flight_unknown { UNKNOWN_404, UNKNOWN_NULL, FLIGHT_UNKNOWN__COUNT };
enum flight_prices { PRICES_NUMBER, PRICES_STRING, FLIGHT_PRICES__COUNT };
enum flight_ids { IDS_EXACT, IDS_CAST, FLIGHT_IDS__COUNT };

struct dialect_row {
	enum service service;
	const char *key; /* in PUT /sandbox/dialect/{service} */
	const char *choices[DIALECT_MAX_CHOICES]; /* ended by NULL */
};

extern const struct dialect_row DIALECT_ROWS[DIALECT_OPTION__COUNT];

/* The number of a choice, or -1. */
int dialect_choice(enum dialect_option option, const char *name);
/* Lists the options of every service, for --help. */
void dialect_print(FILE *to);

#endif
