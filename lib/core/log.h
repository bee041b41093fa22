/*
 * Structured logs: one JSON object a line, one write(2) a line, never blocking.
 *
 *   {"time":"...","level":"info","event":"request","program":"booking",
 *    "pid":7,"request_id":"...",...}
 *
 * `event` is a fixed word; everything variable is a field. Callers pass no
 * personal data and no secret, by rule; every byte is escaped, so a value can
 * never forge a line; a line is cut at 4 KiB, a text field at 512 bytes.
 * The descriptor is written without waiting: what a full pipe refuses is
 * dropped and counted (log_dropped). (On a kernel whose pipes do not know
 * RWF_NOWAIT a line can wait when other processes fill the same pipe at that
 * very moment.) Lines to systemd's journal begin with their priority ("<3>"),
 * which it takes off: `journalctl -p warning` finds them. errno is preserved by
 * every call. The program ignores SIGPIPE, or a log whose reader is gone ends
 * it.
 */
#ifndef CORE_LOG_H
#define CORE_LOG_H

#include "core/err.h"

enum log_field_type {
	LOG_FIELD_END,
	LOG_FIELD_TEXT,
	LOG_FIELD_INT,
	LOG_FIELD_DOUBLE
};

struct log_field {
	enum log_field_type type;
	const char *name;
	const char *text;
	int64_t integer;
	double number;
};

#define LOG_TEXT(field, value)                                                 \
	{                                                                      \
		.type = LOG_FIELD_TEXT, .name = (field), .text = (value)       \
	}
#define LOG_NUM(field, value)                                                  \
	{                                                                      \
		.type = LOG_FIELD_INT, .name = (field),                        \
		.integer = (int64_t)(value)                                    \
	}
#define LOG_MS(field, value)                                                   \
	{                                                                      \
		.type = LOG_FIELD_DOUBLE, .name = (field), .number = (value)   \
	}
#define LOG_FIELDS(...)                                                        \
	((const struct log_field[]){ __VA_ARGS__, { .type = LOG_FIELD_END } })

/* Lines below `level` are not written. fd is lent (default 2). `program` is a
 * literal that every line carries. */
void log_open(const char *program, enum log_level level, int fd);
void log_set_level(enum log_level level);
/* Another descriptor, lent; or the same, after dup2 has led it elsewhere. */
void log_set_fd(int fd);
/* Parses debug, info, warn, error; -1 for anything else. */
int log_level_parse(const char *name) MUST_CHECK;
/* The request that this process works on; NULL ends it. The text is copied. */
void log_set_request(const char *request_id);
/* True when a line of this level would be written. */
bool log_enabled(enum log_level level);
/* Writes one line. fields may be NULL; text values may be NULL (null). */
void log_write(
    enum log_level level, const char *event, const struct log_field *fields);
/* Writes an error line and ends the process with status 1, without the work of
 * exit(3): for what nobody can handle (no memory, no randomness). */
_Noreturn void log_fatal(const char *event, const struct log_field *fields);
/* Writes err (code, details, cause) at its own level with the given event. */
void log_err(const char *event, const struct err *err);
/* Lines that could not be written since the start of this process. */
uint64_t log_dropped(void);
/* The descriptor in use, so that it can be re-opened by dup2 and set again. */
int log_fd(void);

#endif
