/*
 * A process between client and server that breaks the connection at a chosen
 * moment: relays one client after the other over a unix socket of its own.
 */
#ifndef TEST_DB_PROXY_H
#define TEST_DB_PROXY_H

#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum cut {
	CUT_NEVER,
	CUT_BEFORE, /* the server never sees the command */
	CUT_AFTER,  /* the server answers, the client never hears it */
	FREEZE	    /* stopped like a frozen server, before the command */
};

/* What the first packet of a command looks like behind its length and number.
 */
#define COMMAND_COMMIT                                                         \
	"\x03"                                                                 \
	"COMMIT"
#define COMMAND_BEGIN                                                          \
	"\x03"                                                                 \
	"START"
#define COMMAND_EXECUTE "\x17"

struct proxy_orders {
	enum cut cut;
	char command[16];
	int cuts;    /* that have happened */
	int clients; /* that were let in so far */
};

struct proxy {
	char path[64];
	pid_t pid;
	struct proxy_orders *orders; /* shared with the process */
};

static inline struct sockaddr_un
proxy_address(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
	return address;
}

/* Oracle's client says first that its text has no attributes. */
static inline bool
proxy_matches(const char *packet, size_t len, const char *command)
{
	static const char NO_ATTRIBUTES[] = { 0, 1 };
	const char *text = command + 1;
	size_t text_len = strlen(text), at = 1;

	if (len >= at + sizeof NO_ATTRIBUTES && text_len > 0 &&
	    memcmp(packet + at, NO_ATTRIBUTES, sizeof NO_ATTRIBUTES) == 0)
		at += sizeof NO_ATTRIBUTES;
	return len >= at + text_len && packet[0] == command[0] &&
	       memcmp(packet + at, text, text_len) == 0;
}

/* Copies what there is from one side to the other. False: it is closed. */
static inline bool
proxy_relay(struct proxy_orders *orders, int from, int to, bool commands)
{
	char bytes[65536];
	ssize_t got = read(from, bytes, sizeof bytes);
	enum { HEADER = 4 };

	if (got <= 0)
		return false;
	bool hit = commands && orders->cut != CUT_NEVER && got > HEADER &&
		   proxy_matches(
		       bytes + HEADER, (size_t)got - HEADER, orders->command);
	if (hit && orders->cut == FREEZE) {
		orders->cut = CUT_NEVER;
		orders->cuts++;
		raise(SIGSTOP);
		hit = false;
	}
	if (hit && orders->cut == CUT_BEFORE)
		goto cut;
	if (write(to, bytes, (size_t)got) != got)
		return false;
	if (!hit)
		return true;
	if (read(to, bytes, sizeof bytes) <= 0)
		return false;
cut:
	orders->cut = CUT_NEVER;
	orders->cuts++;
	return false;
}

static inline void
proxy_serve(struct proxy_orders *orders, int listener, const char *server)
{
	for (;;) {
		struct sockaddr_un address = proxy_address(server);
		int client = accept(listener, NULL, NULL);
		orders->clients++;
		int upstream = socket(AF_UNIX, SOCK_STREAM, 0);
		bool open = connect(upstream, (struct sockaddr *)&address,
				sizeof address) == 0;

		while (open) {
			struct pollfd fds[] = { { client, POLLIN, 0 },
				{ upstream, POLLIN, 0 } };
			if (poll(fds, 2, -1) < 0)
				_exit(1);
			if (fds[0].revents != 0)
				open =
				    proxy_relay(orders, client, upstream, true);
			if (open && fds[1].revents != 0)
				open = proxy_relay(
				    orders, upstream, client, false);
		}
		close(client);
		close(upstream);
	}
}

static inline void
proxy_open(struct proxy *proxy, const char *server)
{
	int listener = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(proxy->path, sizeof proxy->path, "/tmp/db-proxy-%d.sock",
	    (int)getpid());
	unlink(proxy->path);
	struct sockaddr_un address = proxy_address(proxy->path);
	proxy->orders = mmap(NULL, sizeof *proxy->orders,
	    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (proxy->orders == MAP_FAILED ||
	    bind(listener, (struct sockaddr *)&address, sizeof address) != 0 ||
	    listen(listener, 8) != 0)
		abort();
	proxy->pid = fork();
	if (proxy->pid == 0 && prctl(PR_SET_PDEATHSIG, SIGKILL) == 0)
		proxy_serve(proxy->orders, listener, server);
	close(listener);
}

static inline void
proxy_close(struct proxy *proxy)
{
	kill(proxy->pid, SIGKILL);
	waitpid(proxy->pid, NULL, 0);
	munmap(proxy->orders, sizeof *proxy->orders);
	unlink(proxy->path);
}

static inline void
proxy_order(struct proxy *proxy, enum cut cut, const char *command)
{
	proxy->orders->cuts = 0;
	snprintf(proxy->orders->command, sizeof proxy->orders->command, "%s",
	    command);
	proxy->orders->cut = cut;
}

#endif
