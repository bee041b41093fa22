#include <arpa/inet.h>
#include <libgen.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "broker.h"

static char directory[] = "/tmp/mq-node-XXXXXX";

static int
listen_anywhere(struct sockaddr_in *address)
{
	socklen_t len = sizeof(*address);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	*address = (struct sockaddr_in){ .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	assert_int_equal(
	    bind(fd, (struct sockaddr *)address, sizeof(*address)), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)address, &len), 0);
	return fd;
}

/* Sets each variable to a port that nobody uses. */
static void
choose_ports(const char *const variables[], size_t count)
{
	int fds[8];

	assert_true(count <= ARRAY_LEN(fds));
	for (size_t i = 0; i < count; i++) {
		struct sockaddr_in address;
		char port[8];

		fds[i] = listen_anywhere(&address);
		snprintf(port, sizeof(port), "%d", ntohs(address.sin_port));
		setenv(variables[i], port, 1);
	}
	for (size_t i = 0; i < count; i++)
		close(fds[i]);
}

int
broker_node_start(void **state)
{
	static const char *const ports[] = { "MQ_NODE_PORT", "MQ_NODE_TLS_PORT",
		"MQ_NODE_DIST_PORT", "MQ_NODE_EPMD_PORT" };
	char url[64];

	assert_non_null(mkdtemp(directory));
	setenv("MQ_NODE_DIR", directory, 1);
	choose_ports(ports, ARRAY_LEN(ports));
	snprintf(url, sizeof(url), "amqp://guest:guest@127.0.0.1:%s/",
	    getenv("MQ_NODE_PORT"));
	setenv("TEST_RABBITMQ_URL", url, 1);
	broker_node("start", NULL);
	return broker_set_up(state);
}

int
broker_node_stop(void **state)
{
	(void)state;
	broker_leave();
	broker_node("remove", NULL);
	return 0;
}

void
broker_node(const char *verb, const char *argument)
{
	char source[] = __FILE__;
	char program[sizeof(source) + 16], verb_copy[32], argument_copy[32];
	char *arguments[] = { program, verb_copy,
		argument != NULL ? argument_copy : NULL, NULL };
	int status;
	pid_t pid;

	snprintf(program, sizeof(program), "%s/node.sh", dirname(source));
	snprintf(verb_copy, sizeof(verb_copy), "%s", verb);
	snprintf(argument_copy, sizeof(argument_copy), "%s",
	    argument != NULL ? argument : "");
	assert_int_equal(
	    posix_spawn(&pid, program, NULL, NULL, arguments, environ), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (status != 0)
		fail_msg("node.sh %s %s failed", verb, argument_copy);
}
