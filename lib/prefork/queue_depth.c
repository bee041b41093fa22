#include "prefork/queue_depth.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static bool
is_unix(int fd)
{
	int domain = 0;
	socklen_t size = sizeof(domain);

	return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0 &&
	       domain == AF_UNIX;
}

void
queue_probe_open(struct queue_probe *probe, int listen_fd)
{
	struct stat status;

	*probe = (struct queue_probe){
		.listen_fd = listen_fd,
		.netlink_fd = -1,
	};
	if (!is_unix(listen_fd) || fstat(listen_fd, &status) != 0)
		return;
	probe->inode = (unsigned)status.st_ino;
	probe->netlink_fd = socket(AF_NETLINK,
	    SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_SOCK_DIAG);
}

void
queue_probe_close(struct queue_probe *probe)
{
	if (probe->netlink_fd >= 0)
		close(probe->netlink_fd);
	probe->netlink_fd = -1;
}

/* --- unix --------------------------------------------------------------- */

static int
ask(const struct queue_probe *probe)
{
	struct {
		struct nlmsghdr head;
		struct unix_diag_req body;
	} request = {
		.head = {
			.nlmsg_len = sizeof(request),
			.nlmsg_type = SOCK_DIAG_BY_FAMILY,
			.nlmsg_flags = NLM_F_REQUEST,
		},
		.body = {
			.sdiag_family = AF_UNIX,
			.udiag_states = UINT32_MAX,
			.udiag_ino = probe->inode,
			.udiag_show = UDIAG_SHOW_RQLEN,
			.udiag_cookie = { UINT32_MAX, UINT32_MAX },
		},
	};

	return send(probe->netlink_fd, &request, sizeof(request), 0) ==
		       (ssize_t)sizeof(request)
		   ? 0
		   : -1;
}

/* Of a listening socket rqueue is what waits and wqueue the limit. Attributes
 * follow the message's fixed part. */
static int
find_depth(const char *message, size_t len, struct queue_depth *depth)
{
	size_t at = NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(struct unix_diag_msg));
	struct rtattr head;

	for (; at + sizeof(head) <= len; at += RTA_ALIGN(head.rta_len)) {
		struct unix_diag_rqlen queue;

		memcpy(&head, message + at, sizeof(head));
		if (head.rta_len < sizeof(head) || at + head.rta_len > len)
			return -1;
		if (head.rta_type != UNIX_DIAG_RQLEN ||
		    head.rta_len < sizeof(head) + sizeof(queue))
			continue;
		memcpy(&queue, message + at + sizeof(head), sizeof(queue));
		depth->waiting = queue.udiag_rqueue;
		depth->room = queue.udiag_wqueue;
		return 0;
	}
	return -1;
}

/* The kernel answers before send returns, so nothing is waited for. */
static int
read_unix(const struct queue_probe *probe, struct queue_depth *depth)
{
	char answer[512];
	struct nlmsghdr head;
	ssize_t len;

	if (ask(probe) != 0)
		return -1;
	len = recv(probe->netlink_fd, answer, sizeof(answer), 0);
	if (len < (ssize_t)sizeof(head))
		return -1;
	memcpy(&head, answer, sizeof(head));
	if (head.nlmsg_type != SOCK_DIAG_BY_FAMILY ||
	    head.nlmsg_len > (size_t)len)
		return -1;
	return find_depth(answer, head.nlmsg_len, depth);
}

/* --- TCP ---------------------------------------------------------------- */

/* Of a listening socket unacked is what waits and sacked the limit. */
static int
read_tcp(int fd, struct queue_depth *depth)
{
	struct tcp_info found;
	socklen_t size = sizeof(found);

	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &found, &size) != 0)
		return -1;
	depth->waiting = found.tcpi_unacked;
	depth->room = found.tcpi_sacked;
	return 0;
}

int
queue_probe_read(const struct queue_probe *probe, struct queue_depth *depth)
{
	return probe->netlink_fd >= 0 ? read_unix(probe, depth)
				      : read_tcp(probe->listen_fd, depth);
}

void
queue_probe_sample(
    const struct queue_probe *probe, struct queue_clock *clock, int64_t now_ms)
{
	struct queue_depth depth;
	uint32_t begun;

	if (!queue_clock_due(clock, now_ms))
		return;
	begun = queue_clock_begin(clock);
	if (queue_probe_read(probe, &depth) == 0)
		queue_clock_sample(clock, now_ms, begun, &depth);
}
