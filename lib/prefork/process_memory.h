/*
 * The memory of a process, as the kernel counts it (proc_pid_smaps(5)).
 */
#ifndef PREFORK_PROCESS_MEMORY_H
#define PREFORK_PROCESS_MEMORY_H

#include <sys/types.h>

#include "core/base.h"

struct process_memory {
	int64_t resident_kib;
	int64_t private_kib; /* of these, shared with no other process */
};

/* 0, or -1 when it is gone or not ours to look at. */
int process_memory_read(pid_t pid, struct process_memory *memory) MUST_CHECK;

#endif
