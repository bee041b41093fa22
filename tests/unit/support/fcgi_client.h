/*
 * A FastCGI client for tests, which can say what no web server says: records
 * byte by byte, in any order, cut anywhere. Messages are built in memory, then
 * sent. Fails the running cmocka test when memory or a socket is refused.
 */
#ifndef SUPPORT_FCGI_CLIENT_H
#define SUPPORT_FCGI_CLIENT_H

#include "core/base.h"

enum fcgi_type {
	FCGI_TYPE_BEGIN = 1,
	FCGI_TYPE_ABORT = 2,
	FCGI_TYPE_END = 3,
	FCGI_TYPE_PARAMS = 4,
	FCGI_TYPE_STDIN = 5,
	FCGI_TYPE_STDOUT = 6,
	FCGI_TYPE_GET_VALUES = 9
};

enum fcgi_role { FCGI_ROLE_RESPONDER = 1, FCGI_ROLE_AUTHORIZER = 2 };

/* Bytes on their way out. Start from { 0 }; release with fcgi_discard. */
struct fcgi_message {
	char *bytes;
	size_t len;
	size_t capacity;
};

void fcgi_add(struct fcgi_message *message, const void *bytes, size_t len);
/* Adds content as records of one type, as many as it needs. */
void fcgi_add_stream(struct fcgi_message *message, enum fcgi_type type,
    const void *content, size_t len);
/* Adds one record, empty content included. */
void fcgi_add_record(struct fcgi_message *message, enum fcgi_type type,
    const void *content, size_t len);
void fcgi_add_begin(
    struct fcgi_message *message, enum fcgi_role role, bool keep);
/* Adds one name-value pair: the content of a PARAMS record. */
void fcgi_add_pair(
    struct fcgi_message *content, const char *name, const char *value);
void fcgi_discard(struct fcgi_message *message);

/* A whole request: pairs of name and value ended by NULL, and a body. */
void fcgi_add_request(struct fcgi_message *message, bool keep,
    const char *const pairs[], const char *body, size_t body_len);

/* What came back until the server closed. */
struct fcgi_reply {
	char *text; /* STDOUT, NUL-terminated */
	size_t len;
	bool ended; /* END_REQUEST was seen */
};

/* Connects to a unix socket and returns the descriptor. */
int fcgi_connect(const char *path);
/* False when the peer does not take all of it. */
bool fcgi_send(int fd, const void *bytes, size_t len);
/* Reads until the server closes; between two reads calls `between` unless it
 * is NULL. Closes fd. Free reply->text. */
void fcgi_finish(int fd, struct fcgi_reply *reply,
    void (*between)(void *context), void *context);
/* Connects, sends, and reads the reply. */
void fcgi_exchange(const char *path, const struct fcgi_message *message,
    struct fcgi_reply *reply);
/* The body behind the head of a reply; fails the test when there is none. */
const char *fcgi_body(const struct fcgi_reply *reply);

#endif
