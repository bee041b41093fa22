/*
 * What a worker can be busy with, for the scoreboard and the slow-request log.
 */
#ifndef MODEL_PHASE_H
#define MODEL_PHASE_H

enum phase {
	PHASE_IDLE,
	PHASE_READ,
	PHASE_PARSE,
	PHASE_AUTH,
	PHASE_FLIGHT,
	PHASE_DB,
	PHASE_PUBLISH,
	PHASE_REPLY,
	PHASE__COUNT
};

/* "idle", "read", ...; ended by NULL. */
extern const char *const PHASE_NAMES[PHASE__COUNT + 1];

#endif
