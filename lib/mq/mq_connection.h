/*
 * One AMQP 0-9-1 connection with one channel (amqp.h's one home).
 *
 * Bounded everywhere: connect and RPC time-outs, TCP_USER_TIMEOUT and
 * keepalive instead of heartbeats (which hang in rabbitmq-c 0.11),
 * TCP_NODELAY, connection.blocked asked for at login. After any error the
 * connection is dropped and must be opened again; a failed open is not tried
 * again before a growing, jittered pause has passed (mq_open then fails at
 * once with ERR_UNAVAILABLE). The URL's password reaches no log.
 */
#ifndef MQ_MQ_CONNECTION_H
#define MQ_MQ_CONNECTION_H

#include "core/clock.h"
#include "core/err.h"

struct mq;

struct mq_settings {
	const char *url;    /* amqp[s]://user:password@host:port/vhost */
	const char *tls_ca; /* required for amqps */
	const char *name;   /* shown in the broker's list of connections */
	int64_t timeout_ms; /* connect, login and each RPC */
};

/* Copies the settings; never NULL. mq_open reports a malformed URL. */
struct mq *mq_create(const struct mq_settings *settings);
/* Says good-bye if open (200 ms at most). NULL is allowed. */
void mq_free(struct mq *mq);
/* Opens connection and channel unless open, within timeout_ms. 0, or -1 with
 * ERR_TIMEOUT, ERR_UNAVAILABLE, or ERR_INVALID (the URL). */
int mq_open(struct mq *mq, struct err *err) MUST_CHECK;
bool mq_is_open(const struct mq *mq);
/* True while the broker has told that it takes no messages. */
bool mq_is_blocked(const struct mq *mq);
/* Drops without a good-bye. */
void mq_drop(struct mq *mq);
/* The socket, to wait on; -1 when closed. */
int mq_socket(const struct mq *mq);

#endif
