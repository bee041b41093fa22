#include "rest/rest_client.h"

#include <assert.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "rest/rest_transfer.h"
#include "rest/rest_url.h"

#define MAX_KEPT (REST_MAX_CALLS * 2) /* connections */
#define POLL_MS	 1000		      /* libcurl's own timers cut it short */

struct rest_client {
	struct rest_settings settings;
	CURLM *multi;
	struct rest_transfer transfers[REST_MAX_CALLS];
};

struct rest_client *
rest_client_create(const struct rest_settings *settings)
{
	struct rest_client *client;

	if (curl_global_init(CURL_GLOBAL_DEFAULT))
		return NULL;
	client = calloc(1, sizeof(*client));
	if (!client) {
		curl_global_cleanup();
		return NULL;
	}
	client->settings = *settings;
	client->multi = curl_multi_init();
	if (!client->multi || curl_multi_setopt(client->multi,
				  CURLMOPT_MAXCONNECTS, (long)MAX_KEPT))
		goto out;
	for (size_t i = 0; i < REST_MAX_CALLS; i++)
		if (rest_transfer_open(&client->transfers[i]) != 0)
			goto out;
	return client;
out:
	rest_client_free(client);
	return NULL;
}

void
rest_client_free(struct rest_client *client)
{
	if (!client)
		return;
	for (size_t i = 0; i < REST_MAX_CALLS; i++)
		rest_transfer_close(&client->transfers[i]);
	curl_multi_cleanup(client->multi);
	free(client);
	curl_global_cleanup();
}

/* --- one call ------------------------------------------------------------- */

static bool
header_valid(const struct rest_header *header)
{
	if (!header->name[0])
		return false;
	for (const char *at = header->name; *at; at++)
		if (!isalnum((unsigned char)*at) &&
		    !strchr("!#$%&'*+-.^_`|~", *at))
			return false;
	for (const char *at = header->value; *at; at++)
		if (*at < ' ' || *at > '~')
			return false;
	return true;
}

/* True when the call may start; else it has its error. Nothing here says
 * anything about the peer, so the breaker is asked last. */
static bool
admit(struct rest_call *call, struct arena *arena, int64_t timeout_ms)
{
	call->outcome = -1;
	call->status = 0;
	call->body = NULL;
	call->body_len = 0;
	call->header_value = NULL;
	call->elapsed_us = 0;
	err_clear(&call->err);
	for (size_t i = 0; i < call->header_count; i++)
		if (!header_valid(&call->headers[i])) {
			(void)err_set(&call->err, &ERR_INVALID,
			    "%s: a header is not visible ASCII",
			    rest_url_authority(arena, call->url));
			return false;
		}
	if (timeout_ms <= 0) {
		(void)err_set(&call->err, &ERR_TIMEOUT,
		    "%s: no time is left for a call",
		    rest_url_authority(arena, call->url));
		return false;
	}
	if (call->breaker && !breaker_allow(call->breaker)) {
		(void)err_set(&call->err, &ERR_UNAVAILABLE, "%s: circuit open",
		    rest_url_authority(arena, call->url));
		return false;
	}
	return true;
}

static void
start(struct rest_client *client, struct rest_transfer *transfer,
    struct rest_call *call, struct arena *arena, int64_t timeout_ms)
{
	CURLcode code = rest_transfer_begin(
	    transfer, &client->settings, call, arena, timeout_ms);

	if (code == CURLE_OK &&
	    curl_multi_add_handle(client->multi, transfer->easy))
		code = CURLE_OUT_OF_MEMORY;
	if (code)
		rest_transfer_finish(transfer, code);
}

/* --- all calls ------------------------------------------------------------ */

static void
take_outcomes(struct rest_client *client)
{
	struct rest_transfer *transfer;
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(client->multi, &left))) {
		CURLcode code = message->data.result;
		CURL *easy = message->easy_handle;
		curl_easy_getinfo(easy, CURLINFO_PRIVATE, &transfer);
		curl_multi_remove_handle(client->multi, easy);
		rest_transfer_finish(transfer, code);
	}
}

static void
run(struct rest_client *client)
{
	int running = 0;

	do {
		if (curl_multi_perform(client->multi, &running))
			break;
		take_outcomes(client);
	} while (running > 0 &&
		 !curl_multi_poll(client->multi, NULL, 0, POLL_MS, NULL));
}

void
rest_perform(struct rest_client *client, struct arena *arena,
    struct rest_call calls[], size_t count, struct deadline deadline)
{
	assert(count <= REST_MAX_CALLS);
	for (size_t i = 0; i < count; i++) {
		int64_t timeout_ms = deadline_left_ms(deadline);
		if (timeout_ms > calls[i].timeout_ms)
			timeout_ms = calls[i].timeout_ms;
		if (admit(&calls[i], arena, timeout_ms))
			start(client, &client->transfers[i], &calls[i], arena,
			    timeout_ms);
	}
	run(client);
	for (size_t i = 0; i < count; i++) {
		struct rest_transfer *transfer = &client->transfers[i];
		if (!transfer->call)
			continue;
		curl_multi_remove_handle(client->multi, transfer->easy);
		rest_transfer_finish(transfer, CURLE_FAILED_INIT);
	}
}

void
rest_call_was_fine(struct rest_call *call)
{
	if (call->breaker && call->outcome == 0 && call->status >= 500)
		breaker_report(call->breaker, true);
}
