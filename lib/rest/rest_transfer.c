#include "rest/rest_transfer.h"

#include <string.h>
#include <strings.h>

#include "core/text.h"
#include "rest/rest_url.h"

#define MAX_HEADERS	 100
#define MAX_HEADER_BYTES (16 * 1024)

/* --- handles -------------------------------------------------------------- */

int
rest_transfer_open(struct rest_transfer *transfer)
{
	transfer->easy = curl_easy_init();
	transfer->url = curl_url();
	return transfer->easy && transfer->url ? 0 : -1;
}

void
rest_transfer_close(struct rest_transfer *transfer)
{
	curl_easy_cleanup(transfer->easy);
	curl_url_cleanup(transfer->url);
}

/* --- what comes in -------------------------------------------------------- */

static size_t
take_body(char *bytes, size_t size, size_t count, void *context)
{
	struct rest_transfer *transfer = context;

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
	struct rest_transfer *transfer = context;

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
set_up(struct rest_transfer *transfer, const struct rest_settings *settings)
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

/* --- what goes out -------------------------------------------------------- */

/* A URL that is parsed already spares libcurl writing it out again, which it
 * does with the text alone; without the text it would write that. */
static CURLcode
set_url(struct rest_transfer *transfer)
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
add_header(struct rest_transfer *transfer, struct arena *arena,
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
set_headers(struct rest_transfer *transfer, struct arena *arena)
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
set_times(
    struct rest_transfer *transfer, int64_t connect_ms, int64_t timeout_ms)
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

/* --- one call ------------------------------------------------------------- */

CURLcode
rest_transfer_begin(struct rest_transfer *transfer,
    const struct rest_settings *settings, struct rest_call *call,
    struct arena *arena, int64_t timeout_ms)
{
	CURLcode code;

	transfer->call = call;
	transfer->header_count = transfer->header_bytes = 0;
	transfer->refusal = NULL;
	transfer->error[0] = '\0';
	buf_init(&transfer->body, arena, settings->max_body_bytes);
	code = set_url(transfer);
	if (code)
		return code;
	if (set_up(transfer, settings) || set_headers(transfer, arena) ||
	    set_times(transfer, settings->connect_timeout_ms, timeout_ms))
		return CURLE_OUT_OF_MEMORY;
	return CURLE_OK;
}

static void
report(struct rest_call *call)
{
	if (call->breaker)
		breaker_report(
		    call->breaker, call->outcome == 0 && call->status < 500);
}

static void
take_answer(struct rest_transfer *transfer)
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
take_failure(struct rest_transfer *transfer, CURLcode code)
{
	struct rest_call *call = transfer->call;
	const char *why = transfer->refusal;

	if (!why)
		why = transfer->error[0] ? transfer->error
					 : curl_easy_strerror(code);
	(void)err_set(&call->err,
	    code == CURLE_OPERATION_TIMEDOUT ? &ERR_TIMEOUT : &ERR_UNAVAILABLE,
	    "%s: %s (curl %d)",
	    rest_url_authority(transfer->body.arena, call->url), why,
	    (int)code);
}

void
rest_transfer_finish(struct rest_transfer *transfer, CURLcode code)
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
