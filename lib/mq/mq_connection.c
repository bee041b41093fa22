#include "mq/mq_connection.h"

#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/ident.h"
#include "mq/mq_private.h"

#if __has_include(<rabbitmq-c/tcp_socket.h>)
#include <rabbitmq-c/ssl_socket.h>
#include <rabbitmq-c/tcp_socket.h>
#else
#include <amqp_ssl_socket.h>
#include <amqp_tcp_socket.h>
#endif

#define FRAME_MAX_BYTES	      131072
#define SEND_BUFFER_BYTES     (256 * 1024)
#define USER_TIMEOUT_LEAST_MS 1000
#define KEEPALIVE_IDLE_S      30
#define KEEPALIVE_INTERVAL_S  10
#define KEEPALIVE_PROBES      3
#define PAUSE_FIRST_MS	      100
#define PAUSE_MOST_MS	      5000
#define GOOD_BYE_MS	      200

/* Out of memory while a process starts leaves nothing to go on with. */
static void *
alive(void *memory)
{
	if (memory == NULL)
		abort();
	return memory;
}

static char *
copy_text(const char *text)
{
	return text != NULL ? alive(strdup(text)) : NULL;
}

struct mq *
mq_create(const struct mq_settings *settings)
{
	struct mq *mq = alive(calloc(1, sizeof(*mq)));

	mq->tls_ca = copy_text(settings->tls_ca);
	mq->name = copy_text(settings->name);
	mq->timeout_ms = settings->timeout_ms;
	mq->arrived_end = &mq->arrived;
	if (mq_url_parse(settings->url, &mq->url, &mq->url_defect) == 0)
		mq->url_defect = NULL;
	if (mq->url_defect == NULL && mq->url.tls && mq->tls_ca == NULL)
		mq->url_defect = "amqps needs a file of trusted authorities";
	return mq;
}

struct mq *
mq_twin(const struct mq *mq)
{
	struct mq *twin = alive(calloc(1, sizeof(*twin)));

	twin->tls_ca = copy_text(mq->tls_ca);
	twin->name = copy_text(mq->name);
	twin->timeout_ms = mq->timeout_ms;
	twin->arrived_end = &twin->arrived;
	twin->url = mq->url;
	twin->url_defect = mq->url_defect;
	return twin;
}

/* Spares the broker's log a warning. Not for a connection that a parent
 * process still uses, nor for a broker that does not listen. */
static void
say_good_bye(struct mq *mq)
{
	amqp_connection_close_t close = { .reply_code = AMQP_REPLY_SUCCESS,
		.reply_text = amqp_cstring_bytes("good-bye") };
	struct deadline deadline = deadline_in(GOOD_BYE_MS);
	struct err err;

	if (!mq_is_open(mq) || mq->blocked || mq->owner != getpid())
		return;
	if (amqp_send_method(
		mq->wire, 0, AMQP_CONNECTION_CLOSE_METHOD, &close) != 0)
		return;
	mq->reply.method = 0;
	while (mq->reply.method != AMQP_CONNECTION_CLOSE_OK_METHOD)
		if (mq_pump(mq, deadline, &err) <= 0)
			return;
}

void
mq_free(struct mq *mq)
{
	if (mq == NULL)
		return;
	say_good_bye(mq);
	mq_drop(mq);
	explicit_bzero(&mq->url, sizeof(mq->url));
	free(mq->tls_ca);
	free(mq->name);
	free(mq);
}

bool
mq_is_open(const struct mq *mq)
{
	return mq->wire != NULL && mq->channel_open;
}

bool
mq_is_blocked(const struct mq *mq)
{
	return mq_is_open(mq) && mq->blocked;
}

int
mq_socket(const struct mq *mq)
{
	return mq->wire != NULL ? amqp_get_sockfd(mq->wire) : -1;
}

void
mq_drop(struct mq *mq)
{
	if (mq->wire != NULL)
		amqp_destroy_connection(mq->wire);
	mq->wire = NULL;
	mq->channel_open = false;
	mq->blocked = false;
	mq->proven = false;
	mq->confirming = false;
	mq->consuming = false;
	mq->checked_count = 0;
	mq_content_clear(mq);
}

void
mq_prove(struct mq *mq)
{
	mq->proven = true;
	mq->failures = 0;
}

int64_t
mq_pause_ms(unsigned failures)
{
	int64_t whole_ms = PAUSE_FIRST_MS;

	for (unsigned i = 1; i < failures && whole_ms < PAUSE_MOST_MS; i++)
		whole_ms *= 2;
	if (whole_ms > PAUSE_MOST_MS)
		whole_ms = PAUSE_MOST_MS;
	return whole_ms / 2 + random_below((uint32_t)(whole_ms / 2) + 1);
}

/* A connection that was of use may be opened again at once; one that was not
 * is a failure, so that a missing exchange causes no storm of logins. */
static void
count_failure(struct mq *mq)
{
	if (mq->proven)
		return;
	if (mq->failures < UINT_MAX)
		mq->failures++;
	mq->next_try_ms = clock_monotonic_ms() + mq_pause_ms(mq->failures);
}

int
mq_lose(struct mq *mq, const struct err_def *def, const char *doing,
    const char *why, struct err *err)
{
	count_failure(mq);
	(void)err_set(err, def, "rabbitmq %s:%d: %s: %s", mq->url.host,
	    mq->url.port, doing, why);
	/* Last: `why` may lie in the connection's memory. */
	mq_drop(mq);
	return -1;
}

int
mq_require_open(const struct mq *mq, struct err *err)
{
	if (mq_is_open(mq))
		return 0;
	return err_set(err, &ERR_UNAVAILABLE,
	    "rabbitmq %s:%d: the connection is not open", mq->url.host,
	    mq->url.port);
}

static struct timeval
time_left(struct deadline deadline)
{
	int64_t ms = deadline_left_ms(deadline);

	return (struct timeval){ .tv_sec = ms / 1000,
		.tv_usec = (ms % 1000) * 1000 };
}

static amqp_socket_t *
make_socket(struct mq *mq)
{
	amqp_socket_t *socket;

	if (!mq->url.tls)
		return amqp_tcp_socket_new(mq->wire);
	socket = amqp_ssl_socket_new(mq->wire);
	if (socket == NULL)
		return NULL;
	amqp_ssl_socket_set_verify_peer(socket, 1);
	amqp_ssl_socket_set_verify_hostname(socket, 1);
	if (amqp_ssl_socket_set_cacert(socket, mq->tls_ca) != AMQP_STATUS_OK ||
	    amqp_ssl_socket_set_ssl_versions(
		socket, AMQP_TLSv1_2, AMQP_TLSvLATEST) != AMQP_STATUS_OK)
		return NULL;
	return socket;
}

/* The library sets TCP_NODELAY, SO_KEEPALIVE and FD_CLOEXEC itself (0.11);
 * what it leaves to the system is when a silent peer counts as gone. */
static int
tune_socket(int fd, int64_t timeout_ms)
{
	int user_timeout_ms = timeout_ms < USER_TIMEOUT_LEAST_MS
				  ? USER_TIMEOUT_LEAST_MS
				  : (int)timeout_ms;
	const struct {
		int level, option, value;
	} options[] = {
		{ IPPROTO_TCP, TCP_NODELAY, 1 },
		{ IPPROTO_TCP, TCP_USER_TIMEOUT, user_timeout_ms },
		{ IPPROTO_TCP, TCP_KEEPIDLE, KEEPALIVE_IDLE_S },
		{ IPPROTO_TCP, TCP_KEEPINTVL, KEEPALIVE_INTERVAL_S },
		{ IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE_PROBES },
		{ SOL_SOCKET, SO_KEEPALIVE, 1 },
		{ SOL_SOCKET, SO_SNDBUF, SEND_BUFFER_BYTES },
	};

	for (size_t i = 0; i < ARRAY_LEN(options); i++)
		if (setsockopt(fd, options[i].level, options[i].option,
			&options[i].value, sizeof(options[i].value)) != 0)
			return -1;
	return 0;
}

static int
connect_socket(struct mq *mq, struct deadline deadline, struct err *err)
{
	struct timeval left = time_left(deadline);
	amqp_socket_t *socket = make_socket(mq);
	int status;

	if (socket == NULL)
		return mq_lose(mq, &ERR_UNAVAILABLE, "connect",
		    "no socket, or the authorities cannot be read", err);
	status =
	    amqp_socket_open_noblock(socket, mq->url.host, mq->url.port, &left);
	if (status != AMQP_STATUS_OK)
		return mq_lose(mq,
		    status == AMQP_STATUS_TIMEOUT ? &ERR_TIMEOUT
						  : &ERR_UNAVAILABLE,
		    "connect", amqp_error_string2(status), err);
	if (tune_socket(amqp_get_sockfd(mq->wire), mq->timeout_ms) != 0)
		return mq_lose(
		    mq, &ERR_INTERNAL, "connect", strerror(errno), err);
	return 0;
}

static amqp_table_entry_t
flag(const char *name)
{
	return (amqp_table_entry_t){ .key = amqp_cstring_bytes(name),
		.value = {
		    .kind = AMQP_FIELD_KIND_BOOLEAN, .value.boolean = 1 } };
}

static amqp_rpc_reply_t
login(struct mq *mq)
{
	amqp_table_entry_t capabilities[] = { flag("connection.blocked"),
		flag("publisher_confirms"), flag("basic.nack"),
		flag("consumer_cancel_notify") };
	amqp_table_entry_t entries[] = {
		{ .key = amqp_cstring_bytes("capabilities"),
		    .value = { .kind = AMQP_FIELD_KIND_TABLE,
			.value.table = { ARRAY_LEN(capabilities),
			    capabilities } } },
		{ .key = amqp_cstring_bytes("connection_name"),
		    .value = { .kind = AMQP_FIELD_KIND_UTF8,
			.value.bytes = amqp_cstring_bytes(
			    mq->name != NULL ? mq->name : "") } },
	};
	amqp_table_t properties = { ARRAY_LEN(entries), entries };

	return amqp_login_with_properties(mq->wire, mq->url.vhost, 0,
	    FRAME_MAX_BYTES, 0, &properties, AMQP_SASL_METHOD_PLAIN,
	    mq->url.user, mq->url.password);
}

static int
log_in(struct mq *mq, struct deadline deadline, struct err *err)
{
	struct timeval left = time_left(deadline);
	amqp_rpc_reply_t reply;
	char why[160];

	if (amqp_set_handshake_timeout(mq->wire, &left) != AMQP_STATUS_OK)
		return mq_lose(mq, &ERR_INTERNAL, "log in", "time-out", err);
	reply = login(mq);
	if (reply.reply_type == AMQP_RESPONSE_NORMAL)
		return 0;
	if (reply.reply_type == AMQP_RESPONSE_SERVER_EXCEPTION &&
	    reply.reply.id == AMQP_CONNECTION_CLOSE_METHOD) {
		const amqp_connection_close_t *close = reply.reply.decoded;

		snprintf(why, sizeof(why), "%.*s", (int)close->reply_text.len,
		    (const char *)close->reply_text.bytes);
		return mq_lose(mq, &ERR_UNAVAILABLE, "log in", why, err);
	}
	return mq_lose(mq,
	    reply.library_error == AMQP_STATUS_TIMEOUT ? &ERR_TIMEOUT
						       : &ERR_UNAVAILABLE,
	    "log in", amqp_error_string2(reply.library_error), err);
}

static int
establish(struct mq *mq, struct err *err)
{
	struct deadline deadline = deadline_in(mq->timeout_ms);

	mq->wire = amqp_new_connection();
	if (mq->wire == NULL)
		return mq_lose(
		    mq, &ERR_INTERNAL, "connect", "out of memory", err);
	mq->owner = getpid();
	if (connect_socket(mq, deadline, err) != 0 ||
	    log_in(mq, deadline, err) != 0)
		return -1;
	return mq_reopen_channel(mq, err);
}

int
mq_open(struct mq *mq, struct err *err)
{
	int64_t pause_ms;

	if (mq_is_open(mq))
		return 0;
	if (mq->url_defect != NULL)
		return err_set(
		    err, &ERR_INVALID, "the broker's url: %s", mq->url_defect);
	pause_ms = mq->next_try_ms - clock_monotonic_ms();
	if (pause_ms > 0)
		return err_set(err, &ERR_UNAVAILABLE,
		    "rabbitmq %s:%d: not tried again for %d ms", mq->url.host,
		    mq->url.port, (int)pause_ms);
	mq_drop(mq);
	return establish(mq, err);
}
