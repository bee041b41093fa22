#include "db/db_error.h"

#include <stdio.h>
#include <string.h>

/*
 * Numbers, not names: each of the two client libraries lacks names of the
 * other's server.
 */
static const struct error_row {
	unsigned number;
	bool loss;
	const struct err_def *def;
} ERRORS[] = {
	/* conflicts: roll back and run the transaction again */
	{ 1213, false, &ERR_CONFLICT }, /* deadlock, certification failure */
	{ 1205, false, &ERR_CONFLICT }, /* lock wait; NOWAIT on MariaDB */
	{ 1020, false, &ERR_CONFLICT }, /* record changed since last read */
	{ 3572, false, &ERR_CONFLICT }, /* NOWAIT on MySQL */
	{ 1412, false, &ERR_CONFLICT }, /* table definition changed */
	{ 1062, false, &ERR_DUPLICATE },
	{ 1586, false, &ERR_DUPLICATE },
	/* cut by a limit of time */
	{ 1969, false, &ERR_TIMEOUT }, /* max_statement_time */
	{ 3024, false, &ERR_TIMEOUT }, /* max_execution_time */
	/* the server is there and refuses */
	{ 1021, false, &ERR_UNAVAILABLE }, /* disk full */
	{ 1114, false, &ERR_UNAVAILABLE }, /* table full */
	{ 1037, false, &ERR_UNAVAILABLE }, /* out of memory */
	{ 1041, false, &ERR_UNAVAILABLE }, /* out of resources */
	{ 1040, false, &ERR_UNAVAILABLE }, /* too many connections */
	{ 1203, false, &ERR_UNAVAILABLE }, /* the same, of this user */
	{ 1226, false, &ERR_UNAVAILABLE }, /* user's resource limit */
	{ 1290, false, &ERR_UNAVAILABLE }, /* --read-only */
	{ 1836, false, &ERR_UNAVAILABLE }, /* read-only mode */
	{ 1792, false, &ERR_UNAVAILABLE }, /* read-only transaction */
	{ 1317, false, &ERR_UNAVAILABLE }, /* KILL QUERY */
	{ 1461, false, &ERR_UNAVAILABLE }, /* max_prepared_stmt_count */
	/* the connection is lost, or this node has left its cluster */
	{ 1047, true, &ERR_UNAVAILABLE },
	{ 1053, true, &ERR_UNAVAILABLE }, /* shutdown in progress */
	{ 1152, true, &ERR_UNAVAILABLE }, /* aborting connection */
	{ 1158, true, &ERR_UNAVAILABLE }, /* network read error */
	{ 1159, true, &ERR_UNAVAILABLE },
	{ 1160, true, &ERR_UNAVAILABLE }, /* network write error */
	{ 1161, true, &ERR_UNAVAILABLE },
	{ 1184, true, &ERR_UNAVAILABLE }, /* aborting connection */
	{ 1927, true, &ERR_UNAVAILABLE }, /* KILL CONNECTION */
	{ 4031, true, &ERR_UNAVAILABLE }, /* idle for wait_timeout, MySQL */
	{ 2002, true, &ERR_UNAVAILABLE },
	{ 2003, true, &ERR_UNAVAILABLE },
	{ 2005, true, &ERR_UNAVAILABLE },
	{ 2006, true, &ERR_UNAVAILABLE }, /* could not send */
	{ 2012, true, &ERR_UNAVAILABLE },
	{ 2013, true, &ERR_UNAVAILABLE }, /* no answer */
	{ 2026, true, &ERR_UNAVAILABLE }, /* TLS */
	{ 2048, true, &ERR_UNAVAILABLE }, /* invalid connection handle */
	{ 2055, true, &ERR_UNAVAILABLE },
	/* out of step: only a new connection helps */
	{ 1153, true, &ERR_INTERNAL }, /* packet over max_allowed_packet */
	{ 1835, true, &ERR_INTERNAL }, /* malformed packet */
	{ 2014, true, &ERR_INTERNAL },
	{ 2020, true, &ERR_INTERNAL }, /* packet over the client's limit */
	{ 2027, true, &ERR_INTERNAL }, /* malformed packet */
	/* a failed COMMIT; see is_deadlock_at_commit() */
	{ 1180, true, &ERR_UNKNOWN_OUTCOME },
};

/* The server quotes a row's value in the message of these. */
static const unsigned QUOTES_VALUE[] = { 1062, 1264, 1265, 1292, 1366, 1367,
	1411, 1526, 1586, 1690, 3141 };

static const struct error_row *
find(unsigned number)
{
	for (size_t i = 0; i < ARRAY_LEN(ERRORS); i++) {
		if (ERRORS[i].number == number)
			return &ERRORS[i];
	}
	return NULL;
}

/* "Got error 149 "Lock deadlock; Retry transaction" during COMMIT": the storage
 * engine has rolled back; any other error 1180 leaves it open. */
static bool
is_deadlock_at_commit(const struct db_fault *fault)
{
	return fault->number == 1180 &&
	       strstr(fault->message, "error 149 ") != NULL;
}

const struct err_def *
db__fault_class(const struct db_fault *fault)
{
	const struct error_row *row = find(fault->number);

	if (is_deadlock_at_commit(fault))
		return &ERR_CONFLICT;
	return row == NULL ? &ERR_INTERNAL : row->def;
}

const struct err_def *
db__fault_class_at_commit(const struct db_fault *fault)
{
	const struct err_def *def = db__fault_class(fault);
	bool refused = fault->number == 1290 || fault->number == 1836;

	return def == &ERR_CONFLICT || refused ? def : &ERR_UNKNOWN_OUTCOME;
}

bool
db__fault_is_loss(const struct db_fault *fault)
{
	const struct error_row *row = find(fault->number);

	return row != NULL && row->loss && !is_deadlock_at_commit(fault);
}

bool
db__fault_is_stale(const struct db_fault *fault)
{
	return fault->number == 1615 /* needs to be prepared again */ ||
	       fault->number == 1243 /* unknown statement */ ||
	       fault->number == 2057 /* other columns than before */;
}

/* The last quoted word of the message, whatever its language, without the
 * table that MySQL puts before the key. */
static void
duplicate_key(const char *message, char *out, size_t size)
{
	const char *end = strrchr(message, '\'');
	const char *start = end;

	out[0] = '\0';
	if (end == NULL)
		return;
	while (start > message && start[-1] != '\'' && start[-1] != '.')
		start--;
	snprintf(out, size, "%.*s", (int)(end - start), start);
}

/* The part of a message that names keys and columns but quotes no value. */
static const char *
without_value(const struct db_fault *fault)
{
	const char *rest = "";
	const char *at = fault->message;

	for (size_t i = 0; i < ARRAY_LEN(QUOTES_VALUE); i++) {
		if (QUOTES_VALUE[i] != fault->number)
			continue;
		while ((at = strstr(at, " for ")) != NULL)
			rest = ++at;
		return rest;
	}
	return fault->message;
}

int
db__fault_report(
    const struct db_fault *fault, const struct err_def *def, struct err *err)
{
	char key[80];

	err_set(err, def, "%s: database error %u %s%s", fault->what,
	    fault->number,
	    fault->number == 1461
		? "(the server is out of prepared "
		  "statements: raise max_prepared_stmt_count) "
		: "",
	    without_value(fault));
	if (def == &ERR_DUPLICATE) {
		duplicate_key(fault->message, key, sizeof key);
		snprintf(err->details, sizeof err->details, "%s", key);
	}
	return -1;
}
