#include "model/booking_errors.h"

#define BOOKING_ERROR(name, status, again, loudness, sentence)                 \
	const struct err_def name = {                                          \
		.code = #name,                                                 \
		.http_status = (status),                                       \
		.retryable = (again),                                          \
		.level = (loudness),                                           \
		.message = (sentence),                                         \
	};
#include "model/booking_errors.def"
#undef BOOKING_ERROR

const struct err_def *const BOOKING_ERRORS[] = {
#define BOOKING_ERROR(name, status, again, loudness, sentence) &name,
#include "model/booking_errors.def"
#undef BOOKING_ERROR
	NULL
};

/* Errors of lib that reach a client come from the database: the gateways turn
 * those of the other services into their own rows. */
static const struct {
	const struct err_def *inner;
	const struct err_def *public;
} TRANSLATIONS[] = {
	{ &ERR_UNAVAILABLE, &DATABASE_UNAVAILABLE },
	{ &ERR_TIMEOUT, &DATABASE_UNAVAILABLE },
	{ &ERR_CONFLICT, &DATABASE_UNAVAILABLE },
	{ &ERR_UNKNOWN_OUTCOME, &DATABASE_UNAVAILABLE },
	{ &ERR_INTERNAL, &INTERNAL_ERROR },
	{ &ERR_INVALID, &INTERNAL_ERROR },
	{ &ERR_DUPLICATE, &INTERNAL_ERROR },
	{ &ERR_NOT_FOUND, &INTERNAL_ERROR },
};

const struct err_def *
booking_error_public(const struct err_def *def)
{
	for (size_t i = 0; i < ARRAY_LEN(TRANSLATIONS); i++) {
		if (TRANSLATIONS[i].inner == def)
			return TRANSLATIONS[i].public;
	}
	return def == NULL ? &INTERNAL_ERROR : def;
}
