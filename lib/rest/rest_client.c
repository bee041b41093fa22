#include "rest/rest_client.h"

#include <assert.h>
#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/buf.h"
#include "core/text.h"

#define MAX_HEADERS	 100
#define MAX_HEADER_BYTES (16 * 1024)
#define MAX_KEPT	 (REST_MAX_CALLS * 2) /* connections */
#define POLL_MS		 1000 /* libcurl's own timers cut it short */

/* One position of rest_perform. */
struct transfer {
	CURL *easy;
	CURLU *url;
	struct rest_call *call; /* NULL: not running */
	struct curl_slist *headers;
	struct buf body;
	size_t header_count, header_bytes;
	const char *refusal; /* what our own callbacks did not take */
	char error[CURL_ERROR_SIZE];
};

struct rest_client {
	struct rest_settings settings;
	CURLM *multi;
	struct transfer transfers[REST_MAX_CALLS];
};

/* --- what comes in -------------------------------------------------------- */

static size_t
take_body(char *bytes, size_t size, size_t count, void *context)
{
	struct transfer *transfer = context;

	buf_append(&transfer->body, bytes, size * count);
	if (!transfer->body.failed)
		return size * count;
	transfer->refusal = "the body is too long";
	return CURL_WRITEFUNC_ERROR;
}

/* A line of a header: the one that was asked for is kept. */
static void
keep_header(
    struct rest_call *call, struct arena *arena, const char *line, size_t len)
{
	size_t name_len =
	    call->header_asked == NULL ? 0 : strlen(call->header_asked);
	const char *value = line + name_len + 1;

	if (name_len == 0 || len <= name_len || line[name_len] != ':' ||
	    strncasecmp(line, call->header_asked, name_len) != 0)
		return;
	len -= name_len + 1;
	text_trim(&value, &len);
	call->header_value = arena_copy(arena, value, len);
}

/* Counts every line: interim answers and trailers as well. */
static size_t
take_header(char *bytes, size_t size, size_t count, void *context)
{
	struct transfer *transfer = context;

	keep_header(transfer->call, transfer->body.arena, bytes, size * count);
	transfer->header_bytes += size * count;
	if (++transfer->header_count <= MAX_HEADERS &&
	    transfer->header_bytes <= MAX_HEADER_BYTES)
		return size * count;
	transfer->refusal = "too many or too long headers";
	return CURL_WRITEFUNC_ERROR;
}

/* --- setting up ----------------------------------------------------------- */

static int
set_numbers(CURL *easy, const struct rest_settings *settings)
{
	/* libcurl drops what has idled for more than N seconds: older versions
	 * count whole ones, to newer ones 0 means no limit. */
	long idle_s = (long)(settings->idle_ms / 1000) - 1;
	const struct {
		CURLoption option;
		long value;
	} rows[] = {
		{ CURLOPT_NOSIGNAL, 1 },
		{ CURLOPT_FOLLOWLOCATION, 0 },
		{ CURLOPT_NETRC, CURL_NETRC_IGNORED },
		{ CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1 },
		{ CURLOPT_PATH_AS_IS, 1 },
		{ CURLOPT_MAXAGE_CONN, idle_s < 1 ? 1 : idle_s },
		{ CURLOPT_MAXLIFETIME_CONN, 300 },
		{ CURLOPT_FORBID_REUSE, idle_s < 1 },
		{ CURLOPT_TCP_KEEPALIVE, 1 },
		/* A hanging name server must not hold up the end of a call. */
		{ CURLOPT_QUICK_EXIT, 1 },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (curl_easy_setopt(easy, rows[i].option, rows[i].value))
			return -1;
	return 0;
}

static int
set_texts(CURL *easy)
{
	static const struct {
		CURLoption option;
		const char *value;
	} rows[] = {
		{ CURLOPT_PROTOCOLS_STR, "http,https" },
		{ CURLOPT_PROXY, "" },
		{ CURLOPT_NOPROXY, "*" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (curl_easy_setopt(easy, rows[i].option, rows[i].value))
			return -1;
	return 0;
}

/* For every call, after the reset that ended the last: until version 8.17,
 * libcurl clears its count of stale connections at a reset alone, and would
 * fail every sixth of them. What is kept (connections, resolved names) belongs
 * to the multi handle. */
static int
set_up(struct transfer *transfer, const struct rest_settings *settings)
{
	CURL *easy = transfer->easy;

	if (set_numbers(easy, settings) || set_texts(easy) ||
	    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body) ||
	    curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer) ||
	    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header) ||
	    curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer) ||
	    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->error) ||
	    curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer))
		return -1;
	return 0;
}

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
	for (size_t i = 0; i < REST_MAX_CALLS; i++) {
		client->transfers[i].easy = curl_easy_init();
		client->transfers[i].url = curl_url();
		if (!client->transfers[i].easy || !client->transfers[i].url)
			goto out;
	}
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
	for (size_t i = 0; i < REST_MAX_CALLS; i++) {
		curl_easy_cleanup(client->transfers[i].easy);
		curl_url_cleanup(client->transfers[i].url);
	}
	curl_multi_cleanup(client->multi);
	free(client);
	curl_global_cleanup();
}

/* --- what goes out -------------------------------------------------------- */

static bool
alphanumeric(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
	       (c >= 'a' && c <= 'z');
}

static bool
header_valid(const struct rest_header *header)
{
	if (!header->name[0])
		return false;
	for (const char *at = header->name; *at; at++)
		if (!alphanumeric(*at) && !strchr("!#$%&'*+-.^_`|~", *at))
			return false;
	for (const char *at = header->value; *at; at++)
		if (*at < ' ' || *at > '~')
			return false;
	return true;
}

/* A URL that is parsed already spares libcurl writing it out again, which it
 * does with the text alone; without the text it would write that. */
static CURLcode
set_url(struct transfer *transfer)
{
	const char *url = transfer->call->url;

	if (curl_url_set(transfer->url, CURLUPART_URL, url,
		CURLU_GUESS_SCHEME | CURLU_NON_SUPPORT_SCHEME |
		    CURLU_PATH_AS_IS))
		return CURLE_URL_MALFORMAT;
	if (curl_easy_setopt(transfer->easy, CURLOPT_URL, url) ||
	    curl_easy_setopt(transfer->easy, CURLOPT_CURLU, transfer->url))
		return CURLE_OUT_OF_MEMORY;
	return CURLE_OK;
}

/* libcurl takes "Name:" as the wish to send none, "Name;" as an empty one. */
static int
add_header(struct transfer *transfer, struct arena *arena,
    const struct rest_header *header)
{
	struct curl_slist *headers;
	struct buf line;

	buf_init(&line, arena, SIZE_MAX);
	buf_text(&line, header->name);
	buf_text(&line, header->value[0] ? ": " : ";");
	buf_text(&line, header->value);
	headers = curl_slist_append(transfer->headers, line.bytes);
	if (!headers)
		return -1;
	transfer->headers = headers;
	return 0;
}

static int
set_headers(struct transfer *transfer, struct arena *arena)
{
	const struct rest_call *call = transfer->call;

	for (size_t i = 0; i < call->header_count; i++)
		if (add_header(transfer, arena, &call->headers[i]))
			return -1;
	return curl_easy_setopt(
		   transfer->easy, CURLOPT_HTTPHEADER, transfer->headers)
		   ? -1
		   : 0;
}

static int
set_times(struct transfer *transfer, int64_t connect_ms, int64_t timeout_ms)
{
	if (connect_ms > timeout_ms)
		connect_ms = timeout_ms;
	if (curl_easy_setopt(
		transfer->easy, CURLOPT_CONNECTTIMEOUT_MS, (long)connect_ms) ||
	    curl_easy_setopt(
		transfer->easy, CURLOPT_TIMEOUT_MS, (long)timeout_ms))
		return -1;
	return 0;
}

/* "host:port" of a URL, without user and password. */
static char *
authority(struct arena *arena, const char *url)
{
	const char *scheme = strstr(url, "://"), *at;
	const char *host = scheme ? scheme + 3 : url;
	size_t len = strcspn(host, "/?#");

	at = memrchr(host, '@', len);
	if (at) {
		len -= (size_t)(at + 1 - host);
		host = at + 1;
	}
	return arena_copy(arena, host, len);
}

/* --- one call ------------------------------------------------------------- */

static void
report(struct rest_call *call)
{
	if (call->breaker)
		breaker_report(
		    call->breaker, call->outcome == 0 && call->status < 500);
}

static void
take_answer(struct transfer *transfer)
{
	struct rest_call *call = transfer->call;
	long status = 0;

	curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
	call->outcome = 0;
	call->status = (int)status;
	call->body = transfer->body.bytes;
	call->body_len = transfer->body.len;
}

static void
take_failure(struct transfer *transfer, CURLcode code)
{
	struct rest_call *call = transfer->call;
	const char *why = transfer->refusal;

	if (!why)
		why = transfer->error[0] ? transfer->error
					 : curl_easy_strerror(code);
	(void)err_set(&call->err,
	    code == CURLE_OPERATION_TIMEDOUT ? &ERR_TIMEOUT : &ERR_UNAVAILABLE,
	    "%s: %s (curl %d)", authority(transfer->body.arena, call->url), why,
	    (int)code);
}

static void
finish(struct transfer *transfer, CURLcode code)
{
	struct rest_call *call = transfer->call;
	curl_off_t elapsed_us = 0;

	curl_easy_getinfo(transfer->easy, CURLINFO_TOTAL_TIME_T, &elapsed_us);
	call->elapsed_us = elapsed_us;
	if (code == CURLE_OK)
		take_answer(transfer);
	else
		take_failure(transfer, code);
	report(call);
	curl_easy_reset(transfer->easy); /* it points to the headers */
	curl_slist_free_all(transfer->headers);
	transfer->headers = NULL;
	transfer->call = NULL;
}

static void
start(struct rest_client *client, struct transfer *transfer,
    struct rest_call *call, struct arena *arena, int64_t timeout_ms)
{
	CURLcode code;

	transfer->call = call;
	transfer->header_count = transfer->header_bytes = 0;
	transfer->refusal = NULL;
	transfer->error[0] = '\0';
	buf_init(&transfer->body, arena, client->settings.max_body_bytes);
	code = set_url(transfer);
	if (code) {
		finish(transfer, code);
		return;
	}
	if (set_up(transfer, &client->settings) ||
	    set_headers(transfer, arena) ||
	    set_times(
		transfer, client->settings.connect_timeout_ms, timeout_ms) ||
	    curl_multi_add_handle(client->multi, transfer->easy))
		finish(transfer, CURLE_OUT_OF_MEMORY);
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
			    authority(arena, call->url));
			return false;
		}
	if (timeout_ms <= 0) {
		(void)err_set(&call->err, &ERR_TIMEOUT,
		    "%s: no time is left for a call",
		    authority(arena, call->url));
		return false;
	}
	if (call->breaker && !breaker_allow(call->breaker)) {
		(void)err_set(&call->err, &ERR_UNAVAILABLE, "%s: circuit open",
		    authority(arena, call->url));
		return false;
	}
	return true;
}

/* --- all calls ------------------------------------------------------------ */

static void
take_outcomes(struct rest_client *client)
{
	struct transfer *transfer;
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(client->multi, &left))) {
		CURLcode code = message->data.result;
		CURL *easy = message->easy_handle;
		curl_easy_getinfo(easy, CURLINFO_PRIVATE, &transfer);
		curl_multi_remove_handle(client->multi, easy);
		finish(transfer, code);
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
		struct transfer *transfer = &client->transfers[i];
		if (!transfer->call)
			continue;
		curl_multi_remove_handle(client->multi, transfer->easy);
		finish(transfer, CURLE_FAILED_INIT);
	}
}

void
rest_call_was_fine(struct rest_call *call)
{
	if (call->breaker && call->outcome == 0 && call->status >= 500)
		breaker_report(call->breaker, true);
}

/* --- URLs ----------------------------------------------------------------- */

static bool
unreserved(char c)
{
	return alphanumeric(c) || strchr("-._~", c);
}

char *
rest_encode_segment(struct arena *arena, const char *segment)
{
	static const char hex[] = "0123456789ABCDEF";
	bool dots = !strcmp(segment, ".") || !strcmp(segment, "..");
	char *encoded = arena_alloc(arena, strlen(segment) * 3 + 1);
	char *end = encoded;

	for (; *segment; segment++) {
		unsigned char c = (unsigned char)*segment;
		if (unreserved(*segment) && !dots) {
			*end++ = *segment;
			continue;
		}
		*end++ = '%';
		*end++ = hex[c >> 4];
		*end++ = hex[c & 15];
	}
	return encoded;
}
