#include "sandbox/dialect.h"

#include <string.h>

#include "sandbox/flight.h"

/* clang-format off */
const struct dialect_row DIALECT_ROWS[DIALECT_OPTION__COUNT] = {
	[AUTH_DIALECT] = { SERVICE_AUTH, "dialect", {
		[AUTH_AS_OBJECT] = "object",
		[AUTH_AS_ID] = "id",
		[AUTH_AS_NONE] = "none",
		[AUTH_AS_USER_ID] = "user_id",
		[AUTH_AS_CAMEL] = "userId",
		[AUTH_AS_SUB] = "sub",
	} },
	[AUTH_FAILURE] = { SERVICE_AUTH, "failure", {
		[REFUSE_401] = "401",
		[REFUSE_403] = "403",
		[REFUSE_400] = "400",
		[REFUSE_500] = "500",
		[REFUSE_200] = "success_false",
	} },
	[FLIGHT_DIALECT] = { SERVICE_FLIGHT, "dialect", {
		[SPELLING_SNAKE] = "snake_case",
		[SPELLING_SNAKE_TIME] = "snake_case_time",
		[SPELLING_CAMEL] = "camelCase",
	} },
	[FLIGHT_UNKNOWN] = { SERVICE_FLIGHT, "unknown", {
		[UNKNOWN_404] = "404",
		[UNKNOWN_NULL] = "data_null",
	} },
	[FLIGHT_PRICES] = { SERVICE_FLIGHT, "prices", {
		[PRICES_NUMBER] = "number",
		[PRICES_STRING] = "string",
	} },
	[FLIGHT_IDS] = { SERVICE_FLIGHT, "ids", {
		[IDS_EXACT] = "exact",
		[IDS_CAST] = "cast",
	} },
};
/* clang-format on */

_Static_assert(AUTH_DIALECT__COUNT < DIALECT_MAX_CHOICES, "room for NULL");
_Static_assert(AUTH_FAILURE__COUNT < DIALECT_MAX_CHOICES, "room for NULL");
_Static_assert((int)SPELLING__COUNT < DIALECT_MAX_CHOICES, "room for NULL");

int
dialect_choice(enum dialect_option option, const char *name)
{
	const char *const *choices = DIALECT_ROWS[option].choices;

	for (int i = 0; choices[i] != NULL; i++)
		if (strcmp(choices[i], name) == 0)
			return i;
	return -1;
}

void
dialect_print(FILE *to)
{
	fputs("Dialects (the first choice is the default):\n", to);
	for (unsigned i = 0; i < DIALECT_OPTION__COUNT; i++) {
		const struct dialect_row *row = &DIALECT_ROWS[i];

		fprintf(
		    to, "  %-6s %-7s", service_name(row->service), row->key);
		for (unsigned c = 0; row->choices[c] != NULL; c++)
			fprintf(to, " %s", row->choices[c]);
		fputc('\n', to);
	}
}
