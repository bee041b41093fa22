#include "sandbox/fault.h"

#include <string.h>
#include <time.h>

#include "sandbox/reply.h"

#define HUGE_BYTES  (10u * 1024 * 1024)
#define DEEP_LEVELS 100000

#define AUTH   (1u << SERVICE_AUTH)
#define FLIGHT (1u << SERVICE_FLIGHT)
#define BOTH   (AUTH | FLIGHT)

#define HTML "<!DOCTYPE html><html><body><h1>It works!</h1></body></html>\n"
#define HTML_ERROR                                                             \
	"<!DOCTYPE html><html><body><h1>Error</h1><p>at your service</p>"      \
	"</body></html>\n"
#define FAMILY_500(name, message)                                              \
	"{\"message\":\"Something went wrong\",\"data\":{},"                   \
	"\"success\":false,\"err\":{\"name\":\"" name                          \
	"\",\"message\":\"" message "\"}}"

struct fault_row {
	const char *name;
	unsigned services;
	const char *meaning;
	int status; /* not 0: answers in the service's place */
	const char *type;
	const char *body;
	struct flight_change twist[3];
	void (*spoil)(struct buf *body);
};

static void
cut_in_half(struct buf *body)
{
	body->len /= 2;
	body->bytes[body->len] = '\0';
}

/* White space after a JSON value is JSON still: only the size is wrong. */
static void
fill(struct buf *body)
{
	char blanks[4096];

	memset(blanks, ' ', sizeof(blanks));
	while (body->len < HUGE_BYTES && !body->failed)
		buf_append(body, blanks, sizeof(blanks));
}

static void
dig(struct buf *body)
{
	body->len = 0;
	buf_text(body, "{\"success\":true,\"data\":");
	for (unsigned i = 0; i < DEEP_LEVELS; i++)
		buf_char(body, '[');
	for (unsigned i = 0; i < DEEP_LEVELS; i++)
		buf_char(body, ']');
	buf_char(body, '}');
}

static void
repeat_success(struct buf *body)
{
	if (body->len > 0)
		body->len--;
	buf_text(body, ",\"success\":true}");
}

/* clang-format off */
static const struct fault_row ROWS[] = {
	[FAULT_NONE] = { .name = "none", .services = BOTH,
		.meaning = "right answers" },
	[FAULT_SLOW] = { .name = "slow", .services = BOTH,
		.meaning = "a right answer after delay_ms" },
	[FAULT_CLOSE] = { .name = "close", .services = BOTH,
		.meaning = "the worker dies under the call: the web server "
			   "in front answers 500 with HTML" },
	[FAULT_ERROR500] = { .name = "error500", .services = BOTH,
		.meaning = "500, HTML",
		.status = 500, .type = REPLY_HTML, .body = HTML_ERROR },
	[FAULT_ERROR503] = { .name = "error503", .services = BOTH,
		.meaning = "503, HTML",
		.status = 503, .type = REPLY_HTML, .body = HTML_ERROR },
	[FAULT_ERROR500_JSON] = { .name = "error500_json", .services = BOTH,
		.meaning = "500, JSON of an error that is no token's fault",
		.status = 500, .type = REPLY_JSON,
		.body = FAMILY_500("SequelizeConnectionRefusedError",
			"connect ECONNREFUSED") },
	[FAULT_BAD_REQUEST] = { .name = "bad_request", .services = BOTH,
		.meaning = "400, JSON",
		.status = 400, .type = REPLY_JSON,
		.body = "{\"success\":false,\"message\":\"bad request\"}" },
	[FAULT_HTML200] = { .name = "html200", .services = BOTH,
		.meaning = "200, HTML",
		.status = 200, .type = REPLY_HTML, .body = HTML },
	[FAULT_EMPTY] = { .name = "empty", .services = BOTH,
		.meaning = "200, an empty body",
		.status = 200, .type = REPLY_JSON, .body = "" },
	[FAULT_GARBAGE] = { .name = "garbage", .services = BOTH,
		.meaning = "the right answer cut in half",
		.spoil = cut_in_half },
	[FAULT_HUGE] = { .name = "huge", .services = BOTH,
		.meaning = "the right answer and 10 MiB of white space",
		.spoil = fill },
	[FAULT_DEEP] = { .name = "deep", .services = BOTH,
		.meaning = "JSON nested 100,000 deep",
		.spoil = dig },
	[FAULT_DUPLICATE_KEY] = { .name = "duplicate_key", .services = BOTH,
		.meaning = "the right answer with \"success\" twice",
		.spoil = repeat_success },
	[FAULT_REDIRECT] = { .name = "redirect", .services = BOTH,
		.meaning = "302 to the same address",
		.status = 302, .type = REPLY_HTML, .body = HTML },
	[FAULT_WRONG_TYPE] = { .name = "wrong_type", .services = BOTH,
		.meaning = "data is []",
		.status = 200, .type = REPLY_JSON,
		.body = "{\"success\":true,\"data\":[]}" },
	[FAULT_NOT_OBJECT] = { .name = "not_object", .services = BOTH,
		.meaning = "the body is a JSON array",
		.status = 200, .type = REPLY_JSON, .body = "[true]" },
	[FAULT_SUCCESS_FALSE] = { .name = "success_false", .services = BOTH,
		.meaning = "200 with success:false",
		.status = 200, .type = REPLY_JSON,
		.body = "{\"success\":false,\"message\":\"no\"}" },
	[FAULT_SUCCESS_TEXT] = { .name = "success_text", .services = BOTH,
		.meaning = "success is the string \"true\"",
		.status = 200, .type = REPLY_JSON,
		.body = "{\"success\":\"true\",\"data\":{\"id\":\"1\"}}" },
	[FAULT_NO_SUCCESS] = { .name = "no_success", .services = BOTH,
		.meaning = "200 with {}",
		.status = 200, .type = REPLY_JSON, .body = "{}" },
	[FAULT_DATA_NULL] = { .name = "data_null", .services = BOTH,
		.meaning = "success:true with data:null",
		.status = 200, .type = REPLY_JSON,
		.body = "{\"success\":true,\"data\":null}" },
	[FAULT_NOT_FOUND] = { .name = "not_found", .services = BOTH,
		.meaning = "404, JSON",
		.status = 404, .type = REPLY_JSON,
		.body = "{\"success\":false,\"message\":\"not found\"}" },
	[FAULT_JWT_ERROR_500] = { .name = "jwt_error_500", .services = AUTH,
		.meaning = "500 with err.name JsonWebTokenError",
		.status = 500, .type = REPLY_JSON,
		.body = FAMILY_500("JsonWebTokenError", "invalid signature") },
	[FAULT_TOKEN_EXPIRED_500] = {
		.name = "token_expired_500", .services = AUTH,
		.meaning = "500 with err.name TokenExpiredError",
		.status = 500, .type = REPLY_JSON,
		.body = FAMILY_500("TokenExpiredError", "jwt expired") },
	[FAULT_NOT_BEFORE_500] = { .name = "not_before_500", .services = AUTH,
		.meaning = "500 with err.name NotBeforeError",
		.status = 500, .type = REPLY_JSON,
		.body = FAMILY_500("NotBeforeError", "jwt not active") },
	[FAULT_NO_ID] = { .name = "no_id", .services = AUTH,
		.meaning = "data without an id",
		.status = 200, .type = REPLY_JSON,
		.body = "{\"success\":true,\"data\":{\"roles\":[\"admin\"]}}" },
	[FAULT_NO_PRICE] = { .name = "no_price", .services = FLIGHT,
		.meaning = "no price",
		.twist = { { FLIGHT_PRICE, "" } } },
	[FAULT_NULL_PRICE] = { .name = "null_price", .services = FLIGHT,
		.meaning = "price null",
		.twist = { { FLIGHT_PRICE, "null" } } },
	[FAULT_NEGATIVE_PRICE] = { .name = "negative_price", .services = FLIGHT,
		.meaning = "price -299.99",
		.twist = { { FLIGHT_PRICE, "-299.99" } } },
	[FAULT_NAN_PRICE] = { .name = "nan_price", .services = FLIGHT,
		.meaning = "price NaN, which is no JSON",
		.twist = { { FLIGHT_PRICE, "NaN" } } },
	[FAULT_INFINITE_PRICE] = { .name = "infinite_price", .services = FLIGHT,
		.meaning = "price 1e999",
		.twist = { { FLIGHT_PRICE, "1e999" } } },
	[FAULT_TEXT_PRICE] = { .name = "text_price", .services = FLIGHT,
		.meaning = "price \"cheap\"",
		.twist = { { FLIGHT_PRICE, "\"cheap\"" } } },
	[FAULT_MANY_DECIMALS] = { .name = "many_decimals", .services = FLIGHT,
		.meaning = "price 299.999",
		.twist = { { FLIGHT_PRICE, "299.999" } } },
	[FAULT_NO_DEPARTURE] = { .name = "no_departure", .services = FLIGHT,
		.meaning = "no departure",
		.twist = { { FLIGHT_DEPARTURE, "" } } },
	[FAULT_BAD_DEPARTURE] = { .name = "bad_departure", .services = FLIGHT,
		.meaning = "departure on February 30",
		.twist = { { FLIGHT_DEPARTURE,
			"\"2030-02-30T08:00:00Z\"" } } },
	[FAULT_BAD_SEATS] = { .name = "bad_seats", .services = FLIGHT,
		.meaning = "numbers of seats are words",
		.twist = { { FLIGHT_TOTAL_SEATS, "\"many\"" },
			{ FLIGHT_AVAILABLE_SEATS, "\"few\"" } } },
	[FAULT_NEGATIVE_SEATS] = { .name = "negative_seats", .services = FLIGHT,
		.meaning = "numbers of seats are -1",
		.twist = { { FLIGHT_TOTAL_SEATS, "-1" },
			{ FLIGHT_AVAILABLE_SEATS, "-1" } } },
	[FAULT_WRONG_ID] = { .name = "wrong_id", .services = FLIGHT,
		.meaning = "the answer is about another flight",
		.twist = { { FLIGHT_ID, "\"F1-another\"" } } },
};
/* clang-format on */
_Static_assert(ARRAY_LEN(ROWS) == FAULT_MODE__COUNT, "a row for each mode");

const char *
fault_name(enum fault_mode mode)
{
	return ROWS[mode].name;
}

int
fault_find(const char *name, enum service service, enum fault_mode *mode)
{
	for (unsigned i = 0; i < FAULT_MODE__COUNT; i++) {
		if (strcmp(ROWS[i].name, name) == 0 &&
		    (ROWS[i].services & (1u << service)) != 0) {
			*mode = (enum fault_mode)i;
			return 0;
		}
	}
	return -1;
}

static void
wait_ms(unsigned delay_ms)
{
	struct timespec left = {
		.tv_sec = delay_ms / 1000,
		.tv_nsec = (long)(delay_ms % 1000) * 1000000,
	};

	while (nanosleep(&left, &left) != 0)
		continue;
}

bool
fault_answer(const struct fault *fault, const struct http_request *request,
    struct http_response *response)
{
	const struct fault_row *row = &ROWS[fault->mode];

	if (fault->delay_ms > 0)
		wait_ms(fault->delay_ms);
	if (row->status == 0)
		return false;
	reply_text(response, row->status, row->type, row->body);
	if (fault->mode == FAULT_REDIRECT)
		http_set_header(response, "Location", request->path);
	return true;
}

void
fault_twist(const struct fault *fault, struct flight *flight)
{
	flight_apply(flight, ROWS[fault->mode].twist);
}

void
fault_spoil(const struct fault *fault, struct http_response *response)
{
	if (ROWS[fault->mode].spoil != NULL)
		ROWS[fault->mode].spoil(&response->body);
}

static const char *
who(unsigned services)
{
	if (services == BOTH)
		return "both";
	return service_name(services == AUTH ? SERVICE_AUTH : SERVICE_FLIGHT);
}

void
fault_print(FILE *to)
{
	fputs("Faults:\n", to);
	for (unsigned i = 0; i < FAULT_MODE__COUNT; i++)
		fprintf(to, "  %-18s %-6s %s\n", ROWS[i].name,
		    who(ROWS[i].services), ROWS[i].meaning);
}
