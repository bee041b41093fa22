/*
 * Where connections wait whose request has not arrived whole, so that a peer
 * that is silent, or drips its request byte by byte, holds no worker.
 *
 * Nothing is read: the kernel keeps what has come until the request is whole
 * (its last record is there) or so long that its peer has paid for a worker's
 * attention. Belongs to one worker; knows FastCGI's record headers and no more.
 */
#ifndef HTTP_LOBBY_H
#define HTTP_LOBBY_H

#include "core/base.h"

#define LOBBY_GUESTS 64
/* What every socket can hold for us; more is not waited for. */
#define LOBBY_ENOUGH_BYTES ((size_t)48 * 1024)

/* How much of a request is there. */
enum arrival {
	ARRIVAL_PART,
	/* So much that a worker may read it, though that can take a while; or
	 * no request at all. */
	ARRIVAL_ENOUGH,
	ARRIVAL_ALL /* all that reading it will ask for: it cannot block */
};

struct guest {
	int fd; /* closed by whoever gets the guest, before the lobby is used
		 * again */
	int64_t came_us;   /* monotonic; when it was accepted */
	int64_t queued_ms; /* before that, in the listen queue */
	bool all_there;	   /* ARRIVAL_ALL was seen */
};

struct lobby {
	int epoll_fd; /* readable when something came */
	int64_t limit_ms;
	size_t count;
	struct guest guests[LOBBY_GUESTS]; /* in the order of their coming */
	char *peeked;
};

/* 0, or -1 when the system gives no memory or descriptor. */
int lobby_open(struct lobby *lobby, int64_t limit_ms) MUST_CHECK;
/* Closes whoever is still there. */
void lobby_close(struct lobby *lobby);

/* Looks at what this connection has sent; takes nothing of it. */
enum arrival lobby_look(const struct lobby *lobby, int fd);
/* Keeps a connection; when all places are taken the one that waits longest has
 * to go: it is put into *out, and true returned. */
bool lobby_add(
    struct lobby *lobby, const struct guest *guest, struct guest *out);
/* Something came: looks at one guest. True when that one may be served; it has
 * left the lobby then and is *out. */
bool lobby_call(struct lobby *lobby, struct guest *out);
/* True when a guest's time is over; it has left and is *out. */
bool lobby_expire(struct lobby *lobby, int64_t now_us, struct guest *out);
/* Milliseconds until the first guest's time is over; -1: nobody is there. */
int lobby_wait_ms(const struct lobby *lobby, int64_t now_us);

#endif
