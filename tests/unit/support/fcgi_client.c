#include "support/fcgi_client.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#define RECORD_MAX  65535
#define HEADER_SIZE 8
#define REQUEST_ID  1

/* --- building ----------------------------------------------------------- */

void
fcgi_add(struct fcgi_message *message, const void *bytes, size_t len)
{
	if (message->len + len > message->capacity) {
		message->capacity = (message->len + len) * 2;
		message->bytes = realloc(message->bytes, message->capacity);
		assert_non_null(message->bytes);
	}
	if (len > 0)
		memcpy(message->bytes + message->len, bytes, len);
	message->len += len;
}

void
fcgi_add_record(struct fcgi_message *message, enum fcgi_type type,
    const void *content, size_t len)
{
	const unsigned char header[HEADER_SIZE] = {
		1,
		(unsigned char)type,
		0,
		REQUEST_ID,
		(unsigned char)(len >> 8),
		(unsigned char)(len & 0xff),
	};

	assert_true(len <= RECORD_MAX);
	fcgi_add(message, header, sizeof(header));
	fcgi_add(message, content, len);
}

void
fcgi_add_stream(struct fcgi_message *message, enum fcgi_type type,
    const void *content, size_t len)
{
	const char *bytes = content;

	while (len > 0) {
		size_t n = len < RECORD_MAX ? len : RECORD_MAX;

		fcgi_add_record(message, type, bytes, n);
		bytes += n;
		len -= n;
	}
}

void
fcgi_add_begin(struct fcgi_message *message, enum fcgi_role role, bool keep)
{
	const unsigned char body[8] = { 0, (unsigned char)role, keep };

	fcgi_add_record(message, FCGI_TYPE_BEGIN, body, sizeof(body));
}

static void
add_length(struct fcgi_message *content, size_t len)
{
	const unsigned char bytes[4] = {
		(unsigned char)(len >> 24 | 0x80),
		(unsigned char)(len >> 16),
		(unsigned char)(len >> 8),
		(unsigned char)len,
	};

	if (len < 128)
		fcgi_add(content, &bytes[3], 1);
	else
		fcgi_add(content, bytes, sizeof(bytes));
}

void
fcgi_add_pair(struct fcgi_message *content, const char *name, const char *value)
{
	add_length(content, strlen(name));
	add_length(content, strlen(value));
	fcgi_add(content, name, strlen(name));
	fcgi_add(content, value, strlen(value));
}

void
fcgi_discard(struct fcgi_message *message)
{
	free(message->bytes);
	*message = (struct fcgi_message){ 0 };
}

void
fcgi_add_request(struct fcgi_message *message, bool keep,
    const char *const pairs[], const char *body, size_t body_len)
{
	struct fcgi_message content = { 0 };

	for (; *pairs != NULL; pairs += 2)
		fcgi_add_pair(&content, pairs[0], pairs[1]);
	fcgi_add_begin(message, FCGI_ROLE_RESPONDER, keep);
	fcgi_add_stream(message, FCGI_TYPE_PARAMS, content.bytes, content.len);
	fcgi_add_record(message, FCGI_TYPE_PARAMS, NULL, 0);
	fcgi_add_stream(message, FCGI_TYPE_STDIN, body, body_len);
	fcgi_add_record(message, FCGI_TYPE_STDIN, NULL, 0);
	fcgi_discard(&content);
}

/* --- talking ------------------------------------------------------------ */

int
fcgi_connect(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	assert_int_equal(
	    connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

bool
fcgi_send(int fd, const void *bytes, size_t len)
{
	const char *at = bytes;

	while (len > 0) {
		ssize_t n = send(fd, at, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		at += n;
		len -= (size_t)n;
	}
	return true;
}

static void
read_to_end(int fd, struct fcgi_message *raw, void (*between)(void *context),
    void *context)
{
	char chunk[16384];

	for (;;) {
		ssize_t n = recv(fd, chunk, sizeof(chunk), 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		fcgi_add(raw, chunk, (size_t)n);
		if (between != NULL)
			between(context);
	}
}

static size_t
length_at(const char *bytes)
{
	return (size_t)(unsigned char)bytes[0] << 8 | (unsigned char)bytes[1];
}

/* Takes whole records only: a cut one is a reply that was cut. */
static void
unwrap(const struct fcgi_message *raw, struct fcgi_message *text, bool *ended)
{
	size_t at = 0;

	*ended = false;
	while (raw->len - at >= HEADER_SIZE) {
		const char *header = raw->bytes + at;
		size_t len = length_at(header + 4);
		size_t padding = (unsigned char)header[6];

		at += HEADER_SIZE;
		if (raw->len - at < len + padding)
			break;
		if (header[1] == FCGI_TYPE_STDOUT)
			fcgi_add(text, raw->bytes + at, len);
		*ended = header[1] == FCGI_TYPE_END;
		at += len + padding;
	}
}

void
fcgi_finish(int fd, struct fcgi_reply *reply, void (*between)(void *context),
    void *context)
{
	struct fcgi_message raw = { 0 };
	struct fcgi_message text = { 0 };

	read_to_end(fd, &raw, between, context);
	close(fd);
	unwrap(&raw, &text, &reply->ended);
	fcgi_discard(&raw);
	reply->len = text.len;
	fcgi_add(&text, "", 1);
	reply->text = text.bytes;
}

void
fcgi_exchange(const char *path, const struct fcgi_message *message,
    struct fcgi_reply *reply)
{
	int fd = fcgi_connect(path);

	fcgi_send(fd, message->bytes, message->len);
	fcgi_finish(fd, reply, NULL, NULL);
}

const char *
fcgi_body(const struct fcgi_reply *reply)
{
	const char *end = strstr(reply->text, "\r\n\r\n");

	assert_non_null(end);
	return end + 4;
}
