/*
 * Money is int64_t cents; no floating point anywhere.
 */
#ifndef CORE_MONEY_H
#define CORE_MONEY_H

#include "core/base.h"

#define MONEY_TEXT_SIZE 24

/* "299", "299.9", "299.99": digits with at most two decimals, up to
 * 9999999999.99, no sign, no exponent. 0, or -1 for anything else. */
int money_parse(const char *text, size_t len, int64_t *cents) MUST_CHECK;
/* "299.90": always two decimals. Returns out. */
char *money_format(int64_t cents, char out[MONEY_TEXT_SIZE]);
/* cents * count; -1 when the product leaves DECIMAL(12,2). */
int money_multiply(int64_t cents, unsigned count, int64_t *product) MUST_CHECK;

#endif
