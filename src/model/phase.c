#include "model/phase.h"

#include <stddef.h>

const char *const PHASE_NAMES[PHASE__COUNT + 1] = {
	[PHASE_IDLE] = "idle",
	[PHASE_READ] = "read",
	[PHASE_PARSE] = "parse",
	[PHASE_AUTH] = "auth",
	[PHASE_FLIGHT] = "flight",
	[PHASE_DB] = "db",
	[PHASE_PUBLISH] = "publish",
	[PHASE_REPLY] = "reply",
	[PHASE__COUNT] = NULL,
};
