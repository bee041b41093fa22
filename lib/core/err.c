#include "core/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/text.h"

const struct err_def ERR_INTERNAL = { "INTERNAL_ERROR", 500, false, LOG_ERROR,
	"An internal error occurred." };
const struct err_def ERR_INVALID = { "INVALID_REQUEST", 400, false, LOG_INFO,
	"The request is not well formed." };
const struct err_def ERR_TIMEOUT = { "TIMEOUT", 503, true, LOG_WARN,
	"The request took too long." };
const struct err_def ERR_UNAVAILABLE = { "SERVICE_UNAVAILABLE", 503, true,
	LOG_ERROR, "A service that is needed here cannot be reached." };
const struct err_def ERR_CONFLICT = { "TRANSACTION_CONFLICT", 503, true,
	LOG_WARN, "Too many requests changed the same records at once." };
const struct err_def ERR_DUPLICATE = { "DUPLICATE", 500, false, LOG_ERROR,
	"The record exists already." };
const struct err_def ERR_UNKNOWN_OUTCOME = { "UNKNOWN_OUTCOME", 503, true,
	LOG_ERROR, "Whether the change was stored is not known." };
const struct err_def ERR_NOT_FOUND = { "NOT_FOUND", 404, false, LOG_INFO,
	"What was asked for does not exist." };

/* Formats apart from the target: an argument may be the old text of the very
 * error that is set. */
static void PRINTF_LIKE(3, 0)
    format_into(char *out, size_t size, const char *format, va_list args)
{
	char text[1024];

	text[0] = '\0';
	if (format != NULL)
		(void)vsnprintf(text, sizeof(text), format, args);
	text_copy(out, size, text);
}

int
err_set(struct err *err, const struct err_def *def, const char *cause, ...)
{
	va_list args;

	va_start(args, cause);
	format_into(err->cause, sizeof(err->cause), cause, args);
	va_end(args);
	err->def = def;
	err->details[0] = '\0';
	err->fields = NULL;
	err->field_count = 0;
	return -1;
}

int
err_set_public(
    struct err *err, const struct err_def *def, const char *details, ...)
{
	va_list args;

	va_start(args, details);
	format_into(err->details, sizeof(err->details), details, args);
	va_end(args);
	err->def = def;
	err->cause[0] = '\0';
	err->fields = NULL;
	err->field_count = 0;
	return -1;
}

void
err_clear(struct err *err)
{
	memset(err, 0, sizeof(*err));
}
