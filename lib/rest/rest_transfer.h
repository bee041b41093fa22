/*
 * One call on its way: what libcurl is told and what comes back. Internal to
 * lib/rest.
 */
#ifndef REST_REST_TRANSFER_H
#define REST_REST_TRANSFER_H

#include <curl/curl.h>

#include "core/buf.h"
#include "rest/rest_client.h"

struct rest_transfer {
	CURL *easy;
	CURLU *url;
	struct rest_call *call; /* NULL: not running */
	struct curl_slist *headers;
	struct buf body;
	size_t header_count, header_bytes;
	const char *refusal; /* what our own callbacks did not take */
	char error[CURL_ERROR_SIZE];
};

/* Gets its handles, kept from call to call: 0 or -1. Zeroed before. */
int rest_transfer_open(struct rest_transfer *transfer) MUST_CHECK;
void rest_transfer_close(struct rest_transfer *transfer);
/* CURLE_OK: transfer->easy may run. Otherwise there is nothing to run; the call
 * is to be finished with that code. */
CURLcode rest_transfer_begin(struct rest_transfer *transfer,
    const struct rest_settings *settings, struct rest_call *call,
    struct arena *arena, int64_t timeout_ms) MUST_CHECK;
/* Gives the call its outcome and its breaker's report. */
void rest_transfer_finish(struct rest_transfer *transfer, CURLcode code);

#endif
