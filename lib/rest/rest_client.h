/*
 * Calls to other services over HTTP (libcurl's one home): GET only, several
 * side by side, each bounded in time and size.
 *
 * Connections are kept alive per client and a stale one is retried once,
 * invisibly (GETs are idempotent). No redirects, no proxy from the
 * environment, http and https only, HTTP/1.1, no signals, body and headers
 * capped. One client belongs to one worker and is made after the fork. The
 * process must ignore SIGPIPE (a TLS peer that goes away would raise it).
 */
#ifndef REST_REST_CLIENT_H
#define REST_REST_CLIENT_H

#include "core/arena.h"
#include "core/clock.h"
#include "core/err.h"
#include "rest/breaker.h"

#define REST_MAX_CALLS 4

struct rest_client;

struct rest_settings {
	int64_t connect_timeout_ms;
	size_t max_body_bytes;
	int64_t idle_ms; /* older kept connections are not used again;
			    whole seconds, less than two keeps none */
};

struct rest_header {
	const char *name;
	const char
	    *value; /* visible ASCII and blanks only, else the call fails */
};

struct rest_call {
	/* set by the caller */
	const char *url;
	const struct rest_header *headers;
	size_t header_count;
	int64_t timeout_ms;
	struct breaker *breaker;  /* NULL: none */
	const char *header_asked; /* of the answer; NULL: none */
	/* set by rest_perform */
	int outcome; /* 0: `status` and `body` hold an answer; -1: see err */
	int status;
	const char *body; /* request memory, NUL-terminated */
	size_t body_len;
	const char *header_value; /* of header_asked; NULL: not there */
	int64_t elapsed_us;
	struct err err; /* ERR_TIMEOUT, ERR_UNAVAILABLE; ERR_INVALID for a
			   header that was not sent. cause: "HOST: why" */
};

/* NULL when libcurl cannot be set up. */
struct rest_client *rest_client_create(const struct rest_settings *settings);
void rest_client_free(struct rest_client *client);
/* Performs `count` calls (at most REST_MAX_CALLS) side by side, each within its
 * own timeout and all within the deadline; returns when all have an outcome.
 * The breaker counts time-outs, refused connections and 5xx answers that the
 * caller does not take back with rest_call_was_fine. */
void rest_perform(struct rest_client *client, struct arena *arena,
    struct rest_call calls[], size_t count, struct deadline deadline);
/* For a 5xx that is a proper answer in that service's dialect. */
void rest_call_was_fine(struct rest_call *call);

#endif
