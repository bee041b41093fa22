/*
 * Telling systemd how the master is (sd_notify(3)), without its library. All
 * do nothing when the process was not started by it.
 */
#ifndef PREFORK_NOTIFY_H
#define PREFORK_NOTIFY_H

#include "core/base.h"

/* Sends "READY=1", "STATUS=...": lines ended by a line feed but the last.
 * Never blocks; what is not taken is lost. */
void notify_send(const char *format, ...) PRINTF_LIKE(1, 2);
/* Milliseconds within which a "WATCHDOG=1" is expected; 0: none is. */
int64_t notify_watchdog_ms(void);
/* In the process that takes over from the one that systemd started: it is the
 * watched one now. */
void notify_adopt_watchdog(void);
/* In the process that was taken over from: systemd no longer listens to it, and
 * complains of all that it says. Nothing is sent from now on. */
void notify_end(void);

#endif
