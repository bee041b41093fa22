/*
 * The errors that a client of the booking API can meet (contract section 1).
 * Rows are compared by address: err_is(err, &SEAT_UNAVAILABLE).
 */
#ifndef MODEL_BOOKING_ERRORS_H
#define MODEL_BOOKING_ERRORS_H

#include "core/err.h"

#define BOOKING_ERROR(name, status, retryable, level, message)                 \
	extern const struct err_def name;
#include "model/booking_errors.def"
#undef BOOKING_ERROR

/* Every row, for the checks of the API description; ended by NULL. */
extern const struct err_def *const BOOKING_ERRORS[];

/* The public row for any error: an error of the floor below becomes
 * DATABASE_UNAVAILABLE, OVERLOADED or INTERNAL_ERROR; others stay. */
const struct err_def *booking_error_public(const struct err_def *def);

#endif
