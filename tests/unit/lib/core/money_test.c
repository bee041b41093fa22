#include "core/money.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

static const struct {
	const char *text;
	int64_t cents;
} taken[] = {
	{ "0", 0 },
	{ "299", 29900 },
	{ "299.9", 29990 },
	{ "299.99", 29999 },
	{ "0.01", 1 },
	{ "0.1", 10 },
	{ "007.50", 750 },
	{ "9999999999.99", 999999999999 },
};

static const char *const refused[] = { "", ".", ".5", "5.", "-1", "+1", " 1",
	"1 ", "1.234", "1.2.3", "1,5", "1e2", "0x10", "nan", "10000000000",
	"10000000000.00", "99999999999999999999999999", "1\xD9\xA0", "1.-1" };

static void
parses_only_decimals(void **state)
{
	int64_t cents;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(taken); i++) {
		if (money_parse(taken[i].text, strlen(taken[i].text), &cents))
			fail_msg("refused: %s", taken[i].text);
		assert_int_equal(cents, taken[i].cents);
	}
	cents = 77;
	for (size_t i = 0; i < ARRAY_LEN(refused); i++)
		if (money_parse(refused[i], strlen(refused[i]), &cents) != -1)
			fail_msg("taken: %s", refused[i]);
	assert_int_equal(cents, 77);
	assert_int_equal(money_parse("12345", 2, &cents), 0);
	assert_int_equal(cents, 1200);
	assert_int_equal(money_parse("1\0", 2, &cents), -1);
}

static const struct {
	int64_t cents;
	const char *text;
} formatted[] = {
	{ 0, "0.00" },
	{ 1, "0.01" },
	{ 10, "0.10" },
	{ 99, "0.99" },
	{ 100, "1.00" },
	{ 29990, "299.90" },
	{ 999999999999, "9999999999.99" },
	{ -5, "-0.05" },
	{ -29990, "-299.90" },
	{ INT64_MAX, "92233720368547758.07" },
	{ INT64_MIN, "-92233720368547758.08" },
};

static void
formats_two_decimals(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(formatted); i++) {
		char out[MONEY_TEXT_SIZE];

		assert_ptr_equal(money_format(formatted[i].cents, out), out);
		assert_string_equal(out, formatted[i].text);
	}
}

static void
multiplies_within_the_column(void **state)
{
	int64_t product = 77;

	(void)state;
	assert_int_equal(money_multiply(29999, 3, &product), 0);
	assert_int_equal(product, 89997);
	assert_int_equal(money_multiply(29999, 0, &product), 0);
	assert_int_equal(product, 0);
	assert_int_equal(money_multiply(333333333333, 3, &product), 0);
	assert_int_equal(product, 999999999999);
	assert_int_equal(money_multiply(-100, 9, &product), 0);
	assert_int_equal(product, -900);
	assert_int_equal(money_multiply(500000000000, 2, &product), -1);
	assert_int_equal(money_multiply(-500000000000, 2, &product), -1);
	assert_int_equal(money_multiply(INT64_MAX, 9, &product), -1);
	assert_int_equal(product, -900);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parses_only_decimals),
		cmocka_unit_test(formats_two_decimals),
		cmocka_unit_test(multiplies_within_the_column),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
