#include "prefork/phase_log.h"

#include <stdio.h>

#include "core/clock.h"

#define KEY_BYTES 32

const char *
phase_log_name(const struct scoreboard_slot *slot)
{
	const char *const *names = slot->board->phase_names;
	unsigned phase = slot->phase;

	for (unsigned i = 0; names[i] != NULL; i++)
		if (i == phase)
			return names[i];
	return "unknown";
}

/* Microseconds in a phase so far. */
static int64_t
spent_us(const struct scoreboard_slot *slot, unsigned phase, int64_t now_us)
{
	int64_t us = slot->phase_us[phase];

	if (slot->phase == phase)
		us += now_us - slot->phase_started_us;
	return us;
}

static size_t
add_phases(struct log_field *fields, char keys[SCOREBOARD_PHASES][KEY_BYTES],
    const struct scoreboard_slot *slot)
{
	const char *const *names = slot->board->phase_names;
	int64_t now_us = clock_monotonic_us();
	size_t n = 0;

	for (unsigned i = 0; i < SCOREBOARD_PHASES && names[i] != NULL; i++) {
		int64_t us = spent_us(slot, i, now_us);

		if (us == 0)
			continue;
		snprintf(keys[i], KEY_BYTES, "%s_ms", names[i]);
		fields[n++] =
		    (struct log_field)LOG_MS(keys[i], (double)us / 1000.0);
	}
	return n;
}

void
phase_log_write(enum log_level level, const char *event,
    const struct log_field *fields, const struct scoreboard_slot *slot)
{
	char keys[SCOREBOARD_PHASES][KEY_BYTES];
	struct log_field all[PHASE_LOG_FIELDS + SCOREBOARD_PHASES + 2];
	size_t n = 0;

	while (n < PHASE_LOG_FIELDS && fields[n].type != LOG_FIELD_END) {
		all[n] = fields[n];
		n++;
	}
	all[n++] = (struct log_field)LOG_TEXT("phase", phase_log_name(slot));
	n += add_phases(all + n, keys, slot);
	all[n] = (struct log_field){ .type = LOG_FIELD_END };
	log_write(level, event, all);
}
