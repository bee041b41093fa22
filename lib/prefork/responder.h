/*
 * A very small HTTP/1.0 server inside somebody else's loop: requests without a
 * body, answers built whole, a few connections side by side, each within two
 * seconds. Never blocks. Internal to lib/prefork.
 */
#ifndef PREFORK_RESPONDER_H
#define PREFORK_RESPONDER_H

#include <poll.h>
#include <sys/types.h>

#include "core/buf.h"

#define RESPONDER_PEERS	  16
#define RESPONDER_FDS	  (RESPONDER_PEERS + 1)
#define RESPONDER_REQUEST 2048

struct responder_request {
	const char *method;
	const char *path;
	const char *query; /* "" */
	bool open_metrics; /* Accept names application/openmetrics-text */
	bool trusted;	   /* by a unix socket from root or our own user */
};

struct responder_reply {
	int status;
	const char *type;
	struct buf body;
};

struct responder_peer {
	int fd; /* -1: none */
	int64_t until_ms;
	char request[RESPONDER_REQUEST];
	size_t request_len;
	struct arena *arena; /* of the reply; NULL: still reading */
	const char *reply;
	size_t reply_len;
	size_t sent;
};

struct responder {
	int listen_fd; /* -1: closed */
	void *context;
	void (*answer)(void *context, const struct responder_request *request,
	    struct responder_reply *reply);
	struct responder_peer peers[RESPONDER_PEERS];
};

/* listen_fd is lent and made non-blocking; -1: a responder that does nothing.
 */
void responder_open(struct responder *responder, int listen_fd);
/* Accepts no more, drops who is there. */
void responder_close(struct responder *responder);
/* What to wait for: fills RESPONDER_FDS entries. */
void responder_prepare(
    const struct responder *responder, struct pollfd fds[RESPONDER_FDS]);
/* Does what can be done now. */
void responder_work(struct responder *responder,
    const struct pollfd fds[RESPONDER_FDS], int64_t now_ms);
/* Milliseconds until a peer's time is over; -1: there is none. */
int64_t responder_wait_ms(const struct responder *responder, int64_t now_ms);

#endif
