/*
 * How many connections wait on a listening socket, as the kernel knows it:
 * TCP_INFO for TCP, NETLINK_SOCK_DIAG for unix sockets (sock_diag(7)), for
 * which nothing else tells. Some microseconds a call.
 */
#ifndef PREFORK_QUEUE_DEPTH_H
#define PREFORK_QUEUE_DEPTH_H

#include "prefork/queue_clock.h"

struct queue_probe {
	int listen_fd;
	int netlink_fd; /* -1: TCP, or the kernel refuses */
	unsigned inode;
};

/* Each process opens its own. What the kernel refuses shows as -1 from
 * queue_probe_read. */
void queue_probe_open(struct queue_probe *probe, int listen_fd);
void queue_probe_close(struct queue_probe *probe);
/* 0, or -1 when it cannot be told. Never blocks. */
int queue_probe_read(
    const struct queue_probe *probe, struct queue_depth *depth) MUST_CHECK;
/* Samples the clock if that is due. */
void queue_probe_sample(
    const struct queue_probe *probe, struct queue_clock *clock, int64_t now_ms);

#endif
