#include "core/log.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/ident.h"
#include "core/text.h"

#define LINE_BYTES 4096
#define TEXT_BYTES 512
/* Numbers below it are shown to a thousandth, which they all can tell. */
#define THOUSANDTHS_MOST 1e12

/* What a descriptor leads to, for as long as it is not set anew. */
enum target { TARGET_UNKNOWN, TARGET_FILE, TARGET_OTHER };

static struct {
	const char *program;
	enum log_level level;
	int fd;
	enum target target;
	pid_t pid; /* 0: to be asked for, as in every child of a fork */
	bool forks_watched;
	bool journal; /* fd is the journal's end */
	char request_id[REQUEST_ID_SIZE];
	uint64_t dropped;
} logger = { .program = "", .level = LOG_INFO, .fd = STDERR_FILENO };

static const char *const level_names[LOG_LEVEL__COUNT] = {
	[LOG_DEBUG] = "debug",
	[LOG_INFO] = "info",
	[LOG_WARN] = "warn",
	[LOG_ERROR] = "error",
};

/* As sd-daemon(3) has them. */
static const char *const priorities[LOG_LEVEL__COUNT] = {
	[LOG_DEBUG] = "<7>",
	[LOG_INFO] = "<6>",
	[LOG_WARN] = "<4>",
	[LOG_ERROR] = "<3>",
};

/* --- a line ----------------------------------------------------------- */

/* What a line must end in when a field did not fit. */
static const char cut_mark[] = ",\"cut\":true";
#define END_BYTES (sizeof(cut_mark) - 1 + 2) /* and "}\n" */

struct line {
	char bytes[LINE_BYTES];
	size_t len;
	bool full; /* the field being written does not fit */
};

static void
put(struct line *line, const char *bytes, size_t len)
{
	if (line->full || len > LINE_BYTES - END_BYTES - line->len) {
		line->full = true;
		return;
	}
	memcpy(line->bytes + line->len, bytes, len);
	line->len += len;
}

static void
put_code(struct line *line, unsigned code)
{
	static const char hex[] = "0123456789abcdef";
	char escape[6] = { '\\', 'u', hex[code >> 12 & 15], hex[code >> 8 & 15],
		hex[code >> 4 & 15], hex[code & 15] };

	put(line, escape, sizeof(escape));
}

/* Writes the code point of `size` bytes that is not plain ASCII; what could
 * end or move a line on somebody's screen (C1, U+2028, U+2029) is escaped. */
static void
put_wide(struct line *line, const char *text, size_t size)
{
	const unsigned char *at = (const unsigned char *)text;

	if (size == 0)
		put_code(line, 0xFFFD);
	else if (size == 2 && at[0] == 0xC2 && at[1] < 0xA0)
		put_code(line, at[1]);
	else if (size == 3 && at[0] == 0xE2 && at[1] == 0x80 &&
		 (at[2] == 0xA8 || at[2] == 0xA9))
		put_code(line, 0x2000u + (at[2] & 0x3Fu));
	else
		put(line, text, size);
}

/* The bytes of text that a field shows: no sequence is cut in two. */
static size_t
shown_bytes(const char *text)
{
	size_t len = strnlen(text, TEXT_BYTES + 1);

	if (len <= TEXT_BYTES)
		return len;
	len = TEXT_BYTES;
	for (int i = 0; i < 3 && ((unsigned char)text[len] & 0xC0) == 0x80; i++)
		len--;
	return len;
}

/* Where the first byte from `at` on is that is not written as it is. */
static size_t
skip_plain(const char *text, size_t at, size_t len)
{
	const unsigned char *bytes = (const unsigned char *)text;

	while (len - at >= 8 && text_plain_eight(bytes + at))
		at += 8;
	while (at < len && bytes[at] >= 0x20 && bytes[at] < 0x7F &&
	       bytes[at] != '"' && bytes[at] != '\\')
		at++;
	return at;
}

static void
put_text(struct line *line, const char *text)
{
	size_t len = shown_bytes(text);
	size_t plain = 0; /* start of what needs no escape */
	size_t at = 0;

	put(line, "\"", 1);
	while ((at = skip_plain(text, at, len)) < len) {
		unsigned char c = (unsigned char)text[at];
		size_t size = 1;

		put(line, text + plain, at - plain);
		if (c == '"' || c == '\\')
			put(line, (char[]){ '\\', (char)c }, 2);
		else if (c < 0x80)
			put_code(line, c);
		else
			put_wide(line, text + at,
			    size = utf8_step(text + at, len - at));
		at += size == 0 ? 1 : size;
		plain = at;
	}
	put(line, text + plain, len - plain);
	put(line, "\"", 1);
}

static void
put_integer(struct line *line, int64_t integer)
{
	char room[TEXT_INT_SIZE];
	char *digits = text_format_int(integer, room);

	put(line, digits, strlen(digits));
}

/* Every request logs its milliseconds: printf's way of rounding, which knows
 * all numbers, takes longer than the rest of a line. */
static void
put_thousandths(struct line *line, int64_t thousandths)
{
	int64_t left = thousandths < 0 ? -thousandths : thousandths;
	char fraction[] = { '.', (char)('0' + left / 100 % 10),
		(char)('0' + left / 10 % 10), (char)('0' + left % 10) };

	if (thousandths < 0)
		put(line, "-", 1);
	put_integer(line, left / 1000);
	put(line, fraction, sizeof(fraction));
}

static void
put_double(struct line *line, double number)
{
	char text[32];
	int len;

	if (!isfinite(number)) {
		put(line, "null", 4);
	} else if (fabs(number) < THOUSANDTHS_MOST) {
		put_thousandths(
		    line, (int64_t)(number * 1000 + (number < 0 ? -0.5 : 0.5)));
	} else {
		len = snprintf(text, sizeof(text), "%.16e", number);
		put(line, text, (size_t)len);
	}
}

static void
put_name(struct line *line, const char *name)
{
	if (line->len > 0 && line->bytes[line->len - 1] != '{')
		put(line, ",", 1);
	put_text(line, name);
	put(line, ":", 1);
}

static void
put_field(struct line *line, const struct log_field *field)
{
	size_t before = line->len;

	put_name(line, field->name);
	switch (field->type) {
	case LOG_FIELD_TEXT:
		if (field->text == NULL)
			put(line, "null", 4);
		else
			put_text(line, field->text);
		break;
	case LOG_FIELD_INT:
		put_integer(line, field->integer);
		break;
	case LOG_FIELD_DOUBLE:
		put_double(line, field->number);
		break;
	case LOG_FIELD_END:
		break;
	}
	if (line->full)
		line->len = before;
}

static void
forget_pid(void)
{
	logger.pid = 0;
}

static pid_t
own_pid(void)
{
	if (logger.pid != 0)
		return logger.pid;
	if (!logger.forks_watched &&
	    pthread_atfork(NULL, NULL, forget_pid) != 0)
		return getpid();
	logger.forks_watched = true;
	logger.pid = getpid();
	return logger.pid;
}

static void
put_head(struct line *line, enum log_level level, const char *event)
{
	char time[CLOCK_RFC3339_SIZE];
	const struct log_field head[] = {
		LOG_TEXT("time", clock_format_ms(clock_wall_ms(), time)),
		LOG_TEXT("level", level_names[level]),
		LOG_TEXT("event", event),
		LOG_TEXT("program", logger.program),
		LOG_NUM("pid", own_pid()),
		LOG_TEXT("request_id", logger.request_id),
	};
	size_t count = ARRAY_LEN(head) - (logger.request_id[0] == '\0');

	if (logger.journal)
		put(line, priorities[level], strlen(priorities[level]));
	put(line, "{", 1);
	for (size_t i = 0; i < count; i++)
		put_field(line, &head[i]);
}

static void
put_end(struct line *line)
{
	if (line->full) {
		memcpy(line->bytes + line->len, cut_mark, sizeof(cut_mark) - 1);
		line->len += sizeof(cut_mark) - 1;
	}
	memcpy(line->bytes + line->len, "}\n", 2);
	line->len += 2;
}

/* --- out of the process without waiting ------------------------------- */

/* Asking first and then writing would not do: another process may fill the pipe
 * in between. O_NONBLOCK would not do either: it binds everyone who shares the
 * descriptor. A kernel or a device that does not know the flag is asked. */
static ssize_t
write_at_once(int fd, const char *bytes, size_t len)
{
	const struct iovec part = { (void *)(uintptr_t)bytes, len };
	struct pollfd ready = { .fd = fd, .events = POLLOUT };
	ssize_t written = pwritev2(fd, &part, 1, -1, RWF_NOWAIT);

	if (written >= 0 || (errno != EOPNOTSUPP && errno != ENOSYS))
		return written;
	if (poll(&ready, 1, 0) != 1 || (ready.revents & POLLOUT) == 0)
		return -1;
	return write(fd, bytes, len);
}

static enum target
target_of(int fd)
{
	struct stat status;

	if (fstat(fd, &status) != 0)
		return TARGET_UNKNOWN;
	return S_ISREG(status.st_mode) ? TARGET_FILE : TARGET_OTHER;
}

/* A file never makes its writer wait for a reader, but would refuse a write
 * without waiting whenever it needs a new page. */
static void
send_line(const struct line *line)
{
	ssize_t written;

	if (logger.target == TARGET_UNKNOWN)
		logger.target = target_of(logger.fd);
	if (logger.target == TARGET_FILE)
		written = write(logger.fd, line->bytes, line->len);
	else
		written = write_at_once(logger.fd, line->bytes, line->len);
	if (written != (ssize_t)line->len)
		logger.dropped++;
}

/* JOURNAL_STREAM (systemd.exec(5)) says which descriptor leads there. */
static bool
is_journal(int fd)
{
	const char *stream = getenv("JOURNAL_STREAM");
	struct stat status;
	char own[48];

	if (stream == NULL || fstat(fd, &status) != 0)
		return false;
	(void)snprintf(own, sizeof(own), "%ju:%ju", (uintmax_t)status.st_dev,
	    (uintmax_t)status.st_ino);
	return strcmp(stream, own) == 0;
}

/* --- the logger ------------------------------------------------------- */

void
log_open(const char *program, enum log_level level, int fd)
{
	logger.program = program;
	logger.level = level;
	log_set_fd(fd);
}

void
log_set_fd(int fd)
{
	logger.fd = fd;
	logger.target = TARGET_UNKNOWN;
	logger.journal = is_journal(fd);
}

void
log_set_level(enum log_level level)
{
	logger.level = level;
}

int
log_level_parse(const char *name)
{
	for (int level = 0; level < LOG_LEVEL__COUNT; level++)
		if (strcmp(name, level_names[level]) == 0)
			return level;
	return -1;
}

void
log_set_request(const char *request_id)
{
	text_copy(logger.request_id, sizeof(logger.request_id),
	    request_id == NULL ? "" : request_id);
}

bool
log_enabled(enum log_level level)
{
	return level >= logger.level;
}

void
log_write(
    enum log_level level, const char *event, const struct log_field *fields)
{
	int saved_errno = errno;
	struct line line;

	if (!log_enabled(level))
		return;
	line.len = 0;
	line.full = false;
	put_head(&line, level, event);
	for (; fields != NULL && fields->type != LOG_FIELD_END; fields++)
		put_field(&line, fields);
	put_end(&line);
	send_line(&line);
	errno = saved_errno;
}

void
log_fatal(const char *event, const struct log_field *fields)
{
	log_write(LOG_ERROR, event, fields);
	_Exit(EXIT_FAILURE);
}

void
log_err(const char *event, const struct err *err)
{
	log_write(err->def->level, event,
	    LOG_FIELDS(LOG_TEXT("code", err->def->code),
		LOG_TEXT("details", err->details),
		LOG_TEXT("cause", err->cause)));
}

uint64_t
log_dropped(void)
{
	return logger.dropped;
}

int
log_fd(void)
{
	return logger.fd;
}
