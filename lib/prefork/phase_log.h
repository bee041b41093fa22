/*
 * A log line that tells where a request spent its time.
 */
#ifndef PREFORK_PHASE_LOG_H
#define PREFORK_PHASE_LOG_H

#include "core/log.h"
#include "prefork/scoreboard.h"

#define PHASE_LOG_FIELDS 12

/* Writes `fields` (at most PHASE_LOG_FIELDS), the phase that the slot's request
 * is in, and one field in milliseconds for each phase it was in ("db_ms"). */
void phase_log_write(enum log_level level, const char *event,
    const struct log_field *fields, const struct scoreboard_slot *slot);
/* The phase's name; "unknown" for what is none. */
const char *phase_log_name(const struct scoreboard_slot *slot);

#endif
