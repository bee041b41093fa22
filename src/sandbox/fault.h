/*
 * Faults on demand: a table of modes and what each does to an answer.
 *
 * A mode either answers in the service's place, or changes the flight before
 * it is presented, or spoils the right answer once it stands.
 */
#ifndef SANDBOX_FAULT_H
#define SANDBOX_FAULT_H

#include <stdio.h>

#include "http/http.h"
#include "sandbox/flight.h"
#include "sandbox/service.h"

#define FAULT_MAX_DELAY_MS 60000

enum fault_mode {
	FAULT_NONE,
	FAULT_SLOW,
	FAULT_CLOSE,
	FAULT_ERROR500,
	FAULT_ERROR503,
	FAULT_ERROR500_JSON,
	FAULT_BAD_REQUEST,
	FAULT_HTML200,
	FAULT_EMPTY,
	FAULT_GARBAGE,
	FAULT_HUGE,
	FAULT_DEEP,
	FAULT_DUPLICATE_KEY,
	FAULT_REDIRECT,
	FAULT_WRONG_TYPE,
	FAULT_NOT_OBJECT,
	FAULT_SUCCESS_FALSE,
	FAULT_SUCCESS_TEXT,
	FAULT_NO_SUCCESS,
	FAULT_DATA_NULL,
	FAULT_NOT_FOUND,
	FAULT_JWT_ERROR_500,
	FAULT_TOKEN_EXPIRED_500,
	FAULT_NOT_BEFORE_500,
	FAULT_NO_ID,
	FAULT_NO_PRICE,
	FAULT_NULL_PRICE,
	FAULT_NEGATIVE_PRICE,
	FAULT_NAN_PRICE,
	FAULT_INFINITE_PRICE,
	FAULT_TEXT_PRICE,
	FAULT_MANY_DECIMALS,
	FAULT_NO_DEPARTURE,
	FAULT_BAD_DEPARTURE,
	FAULT_BAD_SEATS,
	FAULT_NEGATIVE_SEATS,
	FAULT_WRONG_ID,
	FAULT_MODE__COUNT
};

struct fault {
	enum fault_mode mode;
	unsigned delay_ms; /* before anything else, whatever the mode */
	uint32_t count;	   /* calls it still meets; 0: until cleared */
};

/* The name of a mode, as in PUT /sandbox/faults/{service}. */
const char *fault_name(enum fault_mode mode);
/* 0, or -1 when the service has no such mode. */
int fault_find(
    const char *name, enum service service, enum fault_mode *mode) MUST_CHECK;

/* Sleeps; true when the mode has answered in the service's place. Blocks for
 * delay_ms. */
bool fault_answer(const struct fault *fault, const struct http_request *request,
    struct http_response *response);
/* Changes the flight that is about to be presented. */
void fault_twist(const struct fault *fault, struct flight *flight);
/* Spoils a right answer. */
void fault_spoil(const struct fault *fault, struct http_response *response);

/* Lists the modes, for --help. */
void fault_print(FILE *to);

#endif
