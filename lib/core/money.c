#include "core/money.h"

#include <string.h>

#define MAX_CENTS INT64_C(999999999999) /* DECIMAL(12,2) */

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

int
money_parse(const char *text, size_t len, int64_t *cents)
{
	int64_t value = 0;
	size_t at = 0;
	size_t decimals = 0;

	for (; at < len && is_digit(text[at]); at++) {
		value = value * 10 + (text[at] - '0');
		if (value > MAX_CENTS)
			return -1;
	}
	if (at == 0)
		return -1;
	if (at < len && text[at] == '.') {
		for (at++; at < len && is_digit(text[at]); at++, decimals++) {
			if (decimals == 2)
				return -1;
			value = value * 10 + (text[at] - '0');
		}
		if (decimals == 0)
			return -1;
	}
	if (at != len)
		return -1;
	for (; decimals < 2; decimals++)
		value *= 10;
	if (value > MAX_CENTS)
		return -1;
	*cents = value;
	return 0;
}

char *
money_format(int64_t cents, char out[MONEY_TEXT_SIZE])
{
	uint64_t left = cents < 0 ? -(uint64_t)cents : (uint64_t)cents;
	char digits[MONEY_TEXT_SIZE];
	size_t at = sizeof(digits);

	digits[--at] = '\0';
	for (int place = 0; place < 3 || left > 0; place++) {
		if (place == 2)
			digits[--at] = '.';
		digits[--at] = (char)('0' + left % 10);
		left /= 10;
	}
	if (cents < 0)
		digits[--at] = '-';
	return memcpy(out, digits + at, sizeof(digits) - at);
}

int
money_multiply(int64_t cents, unsigned count, int64_t *product)
{
	int64_t value;

	if (__builtin_mul_overflow(cents, (int64_t)count, &value) ||
	    value > MAX_CENTS || value < -MAX_CENTS)
		return -1;
	*product = value;
	return 0;
}
