/*
 * amqp[s]://user:password@host:port/vhost, taken apart.
 *
 * Percent-encoding is decoded in user, password and vhost; an IPv6 host stands
 * in brackets. Left out: guest, guest, 5672 (amqps 5671) and the vhost "/",
 * which an empty path means as well. A query or a fragment is refused.
 */
#ifndef MQ_MQ_URL_H
#define MQ_MQ_URL_H

#include "core/base.h"

struct mq_url {
	bool tls;
	int port;
	char user[256];
	char password[256];
	char host[256];
	char vhost[256];
};

/* 0, or -1 with *why (a literal; never a part of the URL). */
int mq_url_parse(
    const char *text, struct mq_url *url, const char **why) MUST_CHECK;

#endif
