#include "core/ident.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/random.h>

#include "core/clock.h"
#include "core/log.h"

#define POOL_BYTES 512

/*
 * What a child must not repeat after a fork: the random bytes that its parent
 * has in store, and the tail of the last UUID.
 */
static struct {
	bool watched; /* forks are */
	size_t left;
	uint8_t pool[POOL_BYTES];
	uint64_t uuid_ms;
	uint64_t uuid_high; /* the 12 bits of rand_a */
	uint64_t uuid_low;  /* the 62 bits of rand_b */
} state;

static void
forget_after_fork(void)
{
	state.left = 0;
	state.uuid_ms = 0;
}

/* --- random bytes ----------------------------------------------------- */

static void
from_kernel(uint8_t *out, size_t len)
{
	while (len > 0) {
		ssize_t got = getrandom(out, len, 0);

		if (got < 0 && errno != EINTR)
			log_fatal("random_failed",
			    LOG_FIELDS(LOG_NUM("errno", errno)));
		if (got > 0) {
			out += got;
			len -= (size_t)got;
		}
	}
}

static void
refill(void)
{
	if (!state.watched &&
	    pthread_atfork(NULL, NULL, forget_after_fork) != 0)
		log_fatal("random_failed",
		    LOG_FIELDS(LOG_TEXT("cause", "pthread_atfork")));
	state.watched = true;
	from_kernel(state.pool, sizeof(state.pool));
	state.left = sizeof(state.pool);
}

/* What was handed out is wiped: it may have become a secret. */
void
random_bytes(void *out, size_t len)
{
	uint8_t *from;

	if (len > POOL_BYTES) {
		from_kernel(out, len);
		return;
	}
	if (len > state.left)
		refill();
	from = state.pool + POOL_BYTES - state.left;
	memcpy(out, from, len);
	memset(from, 0, len);
	state.left -= len;
}

/* Multiplies instead of dividing, and throws away what would favour the low
 * values (Lemire, 2019). */
uint32_t
random_below(uint32_t bound)
{
	uint32_t unfair = -bound % bound;
	uint64_t product;

	do {
		uint32_t value;

		random_bytes(&value, sizeof(value));
		product = (uint64_t)value * bound;
	} while ((uint32_t)product < unfair);
	return (uint32_t)(product >> 32);
}

/* --- UUIDs (RFC 9562) ------------------------------------------------- */

#define LOW_MASK  ((UINT64_C(1) << 62) - 1)
#define HIGH_MASK ((UINT64_C(1) << 12) - 1)
#define MS_MASK	  ((UINT64_C(1) << 48) - 1)

static void
put_big_endian(uint8_t out[8], uint64_t value)
{
	for (int i = 7; i >= 0; i--) {
		out[i] = (uint8_t)value;
		value >>= 8;
	}
}

static struct uuid
compose(uint64_t ms, uint64_t high, uint64_t low)
{
	struct uuid uuid;

	put_big_endian(uuid.bytes, ms << 16 | UINT64_C(0x7000) | high);
	put_big_endian(uuid.bytes + 8, UINT64_C(1) << 63 | low);
	return uuid;
}

/*
 * Section 6.2, method 2: within one millisecond, or when the clock went back,
 * the 74 random bits grow by a random step, so that the next value stays hard
 * to guess. They start in their lower half; should they run over all the
 * same, the time is ahead by a millisecond.
 */
struct uuid
uuid_make(void)
{
	uint64_t now_ms = (uint64_t)clock_wall_ms() & MS_MASK;

	if (now_ms > state.uuid_ms) {
		uint64_t random[2];

		random_bytes(random, sizeof(random));
		state.uuid_ms = now_ms;
		state.uuid_high = random[0] & (HIGH_MASK >> 1);
		state.uuid_low = random[1] & LOW_MASK;
	} else {
		uint32_t step;

		random_bytes(&step, sizeof(step));
		state.uuid_low += (uint64_t)step + 1;
		state.uuid_high += state.uuid_low >> 62;
		state.uuid_low &= LOW_MASK;
		state.uuid_ms += state.uuid_high >> 12;
		state.uuid_high &= HIGH_MASK;
	}
	return compose(state.uuid_ms, state.uuid_high, state.uuid_low);
}

struct uuid
uuid_lowest_at(int64_t wall_ms)
{
	uint64_t ms = wall_ms < 0 ? 0 : (uint64_t)wall_ms;

	return compose(ms > MS_MASK ? MS_MASK : ms, 0, 0);
}

int64_t
uuid_time_ms(const struct uuid *uuid)
{
	int64_t ms = 0;

	for (int i = 0; i < 6; i++)
		ms = ms << 8 | uuid->bytes[i];
	return ms;
}

static char *
put_hex(char *out, const uint8_t *bytes, size_t count)
{
	static const char hex[] = "0123456789abcdef";

	for (size_t i = 0; i < count; i++) {
		*out++ = hex[bytes[i] >> 4];
		*out++ = hex[bytes[i] & 15];
	}
	return out;
}

/* 0 to 15, or -1. */
static int
nibble(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* A hyphen stands before these bytes. */
static bool
hyphen_before(size_t byte)
{
	return byte == 4 || byte == 6 || byte == 8 || byte == 10;
}

char *
uuid_format(const struct uuid *uuid, char out[UUID_TEXT_SIZE])
{
	char *at = out;

	for (size_t i = 0; i < UUID_BYTES; i++) {
		if (hyphen_before(i))
			*at++ = '-';
		at = put_hex(at, &uuid->bytes[i], 1);
	}
	*at = '\0';
	return out;
}

int
uuid_parse(const char *text, struct uuid *uuid)
{
	struct uuid parsed;

	for (size_t i = 0; i < UUID_BYTES; i++) {
		int high, low;

		if (hyphen_before(i) && *text++ != '-')
			return -1;
		high = nibble(text[0]);
		low = high < 0 ? -1 : nibble(text[1]);
		if (low < 0)
			return -1;
		parsed.bytes[i] = (uint8_t)(high << 4 | low);
		text += 2;
	}
	if (*text != '\0')
		return -1;
	*uuid = parsed;
	return 0;
}

bool
uuid_equal(const struct uuid *a, const struct uuid *b)
{
	return memcmp(a->bytes, b->bytes, UUID_BYTES) == 0;
}

/* --- requests and traces ---------------------------------------------- */

bool
request_id_valid(const char *text)
{
	size_t len = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				  "abcdefghijklmnopqrstuvwxyz0123456789._-");

	return text[len] == '\0' && len > 0 && len < REQUEST_ID_SIZE;
}

void
request_id_make(char out[REQUEST_ID_SIZE])
{
	struct uuid uuid = uuid_make();

	uuid_format(&uuid, out);
}

/* `count` lower-case hexadecimal digits, not all of them zero. */
static bool
is_trace_id(const char *text, size_t count)
{
	return strspn(text, "0123456789abcdef") == count &&
	       strspn(text, "0") < count;
}

/* W3C Trace Context, 3.2: version 00 ends after the flags; a later one may go
 * on behind a hyphen; ff is no version. */
static bool
parent_valid(const char *parent)
{
	size_t len = parent == NULL ? 0 : strlen(parent);

	if (len < TRACEPARENT_SIZE - 1 || parent[2] != '-' ||
	    parent[35] != '-' || parent[52] != '-')
		return false;
	if (strspn(parent, "0123456789abcdef") != 2 ||
	    strspn(parent + 53, "0123456789abcdef") < 2 ||
	    memcmp(parent, "ff", 2) == 0)
		return false;
	if (!is_trace_id(parent + 3, 32) || !is_trace_id(parent + 36, 16))
		return false;
	return parent[55] == '\0' ||
	       (memcmp(parent, "00", 2) != 0 && parent[55] == '-');
}

/* Random, and never all zero, which means "none". */
static void
fresh_id(uint8_t *id, size_t size)
{
	static const uint8_t none[16];

	do
		random_bytes(id, size);
	while (memcmp(id, none, size) == 0);
}

/* A trace that starts here is marked as sampled: its ids are in our log. */
void
traceparent_continue(const char *parent, char out[TRACEPARENT_SIZE])
{
	uint8_t trace_id[16], span_id[8];
	char *at = out;

	memcpy(at, "00-", 3);
	at += 3;
	if (parent_valid(parent)) {
		memcpy(at, parent + 3, 32);
		memcpy(out + 52, parent + 52, 3);
	} else {
		fresh_id(trace_id, sizeof(trace_id));
		put_hex(at, trace_id, sizeof(trace_id));
		memcpy(out + 52, "-01", 3);
	}
	at += 32;
	*at++ = '-';
	fresh_id(span_id, sizeof(span_id));
	put_hex(at, span_id, sizeof(span_id));
	out[TRACEPARENT_SIZE - 1] = '\0';
}
