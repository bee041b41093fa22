/*
 * The few compiler helpers that every file may use.
 */
#ifndef CORE_BASE_H
#define CORE_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MUST_CHECK	  __attribute__((warn_unused_result))
#define PRINTF_LIKE(f, a) __attribute__((format(printf, f, a)))
#define NEVER_NULL	  __attribute__((returns_nonnull))
#define ARRAY_LEN(array)  (sizeof(array) / sizeof((array)[0]))

#endif
