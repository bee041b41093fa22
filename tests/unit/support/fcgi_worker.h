/*
 * One worker that runs fcgi_server_run in a process of its own, on a unix
 * socket in a folder of its own, for the tests of that loop.
 *
 * It answers /empty with 204, /large with WORKER_LARGE_BYTES of numbered lines,
 * /over with more than its limit, /gate when the gate was opened, and anything
 * else with what it saw. What it does it tells as letters: w waiting, r
 * reading, k working, g at the gate, d reply done, i idle.
 */
#ifndef SUPPORT_FCGI_WORKER_H
#define SUPPORT_FCGI_WORKER_H

#include <sys/types.h>

#include "http/fcgi_server.h"
#include "support/fcgi_client.h"

#define WORKER_MAX_BODY	   4096
#define WORKER_LARGE_BYTES 5000000

/* Seen by both processes. */
struct worker_shared {
	struct fcgi_counts counts;
	_Atomic unsigned handled;
	_Atomic unsigned replied_sent;
	_Atomic unsigned replied_unsent;
	_Atomic unsigned other_signals; /* USR2, HUP and CHLD that arrived */
};

extern struct worker_shared *worker_shared;
extern char worker_socket[96];
extern int worker_listen_fd;
extern pid_t worker_pid;
/* Set these before worker_start. */
extern uint64_t worker_stop_after; /* requests; 0: no limit */
extern int64_t worker_read_timeout_ms;

/* Each test's own socket, counts and pipes; what is left over is killed. */
int worker_set_up(void **state);
int worker_tear_down(void **state);

/* Starts one and waits until it waits. */
void worker_start(void);
/* Sends the signal and expects exit status 0. */
void worker_stop(int signal);
/* Waits until it is gone; returns its wait status. */
int worker_status(void);

/* Lines of its log with this text. */
unsigned worker_logged(const char *text);

char worker_hear(void);
/* Skips what is heard until the event comes. */
void worker_await(char event);
void worker_open_gate(void);

/* Sends a request and leaves the reply unread; returns the connection. */
int worker_send_get(const char *uri, bool keep);
/* Reads the reply to its end and closes; free reply->text. */
void worker_finish(int fd, struct fcgi_reply *reply);
void worker_get(const char *uri, struct fcgi_reply *reply);
/* It still answers. */
void worker_assert_serving(void);
/* Nothing came back, and no more than `handled` requests were handled. Frees
 * the reply's text. */
void worker_assert_dropped(struct fcgi_reply *reply, unsigned handled);

#endif
