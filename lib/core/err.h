/*
 * Errors are values: the lowest place that knows sets one, everything above
 * passes it on, and only the presenter turns it into HTTP.
 *
 * A struct err belongs to the caller, lives on a stack or in a request, and
 * holds no resource. `def` is compared by address. `details` may be shown to a
 * client; `cause` is for the log alone and may name hosts and error numbers,
 * never secrets or personal data.
 */
#ifndef CORE_ERR_H
#define CORE_ERR_H

#include "core/base.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR, LOG_LEVEL__COUNT };

/* One kind of error. Rows of lib are below; the application adds its own. */
struct err_def {
	const char *code; /* upper snake case, stable, public */
	int http_status;
	bool retryable;	      /* the same request may succeed later */
	enum log_level level; /* how loud it is logged */
	const char *message;  /* one public sentence */
};

/* One thing wrong with one field of the input. */
struct err_field {
	const char *field;   /* "passengers[0].email" */
	const char *message; /* "must be an e-mail address" */
};

struct err {
	const struct err_def *def;	/* NULL: no error */
	char details[240];		/* public, may be empty */
	char cause[240];		/* for the log, may be empty */
	const struct err_field *fields; /* request memory, may be NULL */
	size_t field_count;
};

/* What lib itself can report. */
extern const struct err_def ERR_INTERNAL; /* a defect, or out of a resource */
extern const struct err_def ERR_INVALID;  /* input that is not well formed */
extern const struct err_def ERR_TIMEOUT;  /* a deadline passed */
extern const struct err_def
    ERR_UNAVAILABLE; /* a peer cannot be reached or refuses */
extern const struct err_def
    ERR_CONFLICT; /* deadlock, lock wait: run the transaction again */
extern const struct err_def
    ERR_DUPLICATE; /* a unique key is taken; details names the key */
extern const struct err_def
    ERR_UNKNOWN_OUTCOME;		   /* lost at COMMIT: look it up */
extern const struct err_def ERR_NOT_FOUND; /* what was named does not exist */

/* Sets def with a formatted private cause; clears the rest. Returns -1, so
 * that a failing function can end in `return err_set(err, ...)`. The arguments
 * may point into *err itself. A NULL cause: none. */
int err_set(struct err *err, const struct err_def *def, const char *cause, ...)
    PRINTF_LIKE(3, 4);
/* As err_set, with a formatted public sentence instead of the cause. */
int err_set_public(struct err *err, const struct err_def *def,
    const char *details, ...) PRINTF_LIKE(3, 4);
void err_clear(struct err *err);
static inline bool
err_is(const struct err *err, const struct err_def *def)
{
	return err->def == def;
}

#endif
