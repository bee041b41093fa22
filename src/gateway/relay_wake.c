#include "gateway/relay_wake.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/digest.h"

#define LISTEN_AGAIN_MS 1000
#define NAME_DIGITS	32

void
relay_wake_init(
    struct relay_wake *wake, const char *where, const char *database)
{
	const struct digest_part parts[] = {
		{ where, strlen(where) },
		{ database, strlen(database) },
	};
	struct digest digest = digest_of_parts(parts, ARRAY_LEN(parts));
	char hex[DIGEST_HEX_SIZE];

	*wake = (struct relay_wake){ .fd = -1 };
	snprintf(wake->name, sizeof(wake->name), "booking-events-%.*s",
	    NAME_DIGITS, digest_hex(&digest, hex));
}

void
relay_wake_release(struct relay_wake *wake)
{
	if (wake->fd >= 0)
		close(wake->fd);
	wake->fd = -1;
}

/* An abstract name starts with a NUL. */
static socklen_t
address_of(const struct relay_wake *wake, struct sockaddr_un *address)
{
	size_t len = strlen(wake->name);

	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	memcpy(&address->sun_path[1], wake->name, len);
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + len);
}

static int
open_socket(void)
{
	return socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

void
relay_wake_send(struct relay_wake *wake, const struct uuid *booking_id)
{
	struct sockaddr_un address;
	socklen_t len = address_of(wake, &address);
	ssize_t unheard;

	if (wake->fd < 0)
		wake->fd = open_socket();
	if (wake->fd < 0)
		return;
	unheard = sendto(wake->fd, booking_id->bytes, UUID_BYTES, MSG_NOSIGNAL,
	    (const struct sockaddr *)&address, len);
	(void)unheard;
}

int
relay_wake_listen(struct relay_wake *wake)
{
	int64_t now_ms = clock_monotonic_ms();
	struct sockaddr_un address;
	socklen_t len = address_of(wake, &address);

	if (wake->fd >= 0 || now_ms < wake->next_try_ms)
		return wake->fd;
	wake->next_try_ms = now_ms + LISTEN_AGAIN_MS;
	wake->fd = open_socket();
	if (wake->fd >= 0 &&
	    bind(wake->fd, (const struct sockaddr *)&address, len) != 0)
		relay_wake_release(wake);
	return wake->fd;
}

size_t
relay_wake_take(struct relay_wake *wake, struct uuid bookings[], size_t max)
{
	struct uuid booking;
	size_t count = 0;

	if (wake->fd < 0)
		return 0;
	while (count < max) {
		ssize_t got = recv(wake->fd, booking.bytes, UUID_BYTES, 0);

		if (got < 0)
			break;
		if (got == UUID_BYTES)
			bookings[count++] = booking;
	}
	return count;
}
