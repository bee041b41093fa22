#include "control/pool_screen.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "core/buf.h"

#define EACH_MS	     1000
#define ARENA_BYTES  (8 * 1024 * 1024)
#define SCREEN_BYTES (4 * 1024 * 1024)

#define ENTER	 "\033[?1049h\033[?25l" /* the other screen, no cursor */
#define LEAVE	 "\033[?25h\033[?1049l"
#define HOME	 "\033[H"
#define LINE_END "\033[K\n"
#define REST	 "\033[J"

static volatile sig_atomic_t told_to_end;

static void
note_end(int signal)
{
	(void)signal;
	told_to_end = 1;
}

bool
pool_screen_possible(void)
{
	const char *kind = getenv("TERM");

	return isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1 &&
	       kind != NULL && strcmp(kind, "dumb") != 0;
}

/* Keys come one by one and unseen; even ^C is a key. */
static void
take_keys(const struct termios *before)
{
	struct termios now = *before;

	now.c_lflag &= (tcflag_t) ~(ICANON | ECHO | ISIG);
	now.c_cc[VMIN] = 0;
	now.c_cc[VTIME] = 0;
	tcsetattr(STDIN_FILENO, TCSANOW, &now);
}

static void
write_all(const char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t n = write(STDOUT_FILENO, bytes, len);

		if (n <= 0)
			return;
		bytes += n;
		len -= (size_t)n;
	}
}

/* As many lines as there is room for, each cut at the right edge. */
static void
draw(const char *text, struct arena *arena)
{
	struct winsize size = { 0 };
	struct buf screen;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_row == 0 ||
	    size.ws_col == 0)
		size = (struct winsize){ .ws_row = 24, .ws_col = 80 };
	buf_init(&screen, arena, SCREEN_BYTES);
	buf_text(&screen, HOME);
	for (unsigned row = 2; row < size.ws_row && *text != '\0'; row++) {
		size_t len = strcspn(text, "\n");

		buf_append(
		    &screen, text, len < size.ws_col ? len : size.ws_col);
		buf_text(&screen, LINE_END);
		text += text[len] == '\n' ? len + 1 : len;
	}
	buf_text(&screen, REST LINE_END "q: end");
	write_all(screen.bytes, screen.len);
}

/* Waits until it is time to draw; false when that is over. */
static bool
wait_for_key(void)
{
	struct pollfd keys = { .fd = STDIN_FILENO, .events = POLLIN };
	char key = 0;

	if (poll(&keys, 1, EACH_MS) > 0 && read(STDIN_FILENO, &key, 1) != 1)
		return false;
	return !told_to_end && key != 'q' && key != 'Q' && key != 3;
}

void
pool_screen_show(
    const char *(*fetch)(void *context, struct arena *arena), void *context)
{
	struct arena *arena = arena_create(ARENA_BYTES);
	struct termios before;

	if (tcgetattr(STDIN_FILENO, &before) == 0) {
		signal(SIGTERM, note_end);
		signal(SIGHUP, note_end);
		take_keys(&before);
		write_all(ENTER, sizeof(ENTER) - 1);
		do {
			arena_reset(arena);
			draw(fetch(context, arena), arena);
		} while (wait_for_key());
		write_all(LEAVE, sizeof(LEAVE) - 1);
		tcsetattr(STDIN_FILENO, TCSANOW, &before);
	}
	arena_free(arena);
}
