/*
 * A worker's nudge for the relay of its host: a datagram with the booking whose
 * event waits, on an abstract unix socket that is named after the database, so
 * that nothing has to be configured.
 *
 * A hint and nothing more: who is not woken finds the event by polling, and a
 * stranger's datagram makes the relay look for nothing. Nothing here blocks.
 */
#ifndef GATEWAY_RELAY_WAKE_H
#define GATEWAY_RELAY_WAKE_H

#include "core/ident.h"

#define RELAY_WAKE_NAME_SIZE 64

struct relay_wake {
	char name[RELAY_WAKE_NAME_SIZE];
	int fd; /* -1: none yet, or another process of this host listens */
	int64_t next_try_ms;
};

/* `where` and `database` name what worker and relay share. */
void relay_wake_init(
    struct relay_wake *wake, const char *where, const char *database);
/* Closes the socket. */
void relay_wake_release(struct relay_wake *wake);

/* The worker's side: an event of this booking waits. */
void relay_wake_send(struct relay_wake *wake, const struct uuid *booking_id);

/* The relay's side: becomes the host's listener unless somebody is; tried
 * again once a second. Returns the descriptor to wait on, or -1. */
int relay_wake_listen(struct relay_wake *wake);
/* Takes the bookings that were named; returns how many. */
size_t relay_wake_take(
    struct relay_wake *wake, struct uuid bookings[], size_t max);

#endif
