#include "repository/statements.h"

const struct db_statement_list *const STATEMENT_LISTS[] = {
	&BOOKING_STATEMENTS,
	&SEAT_STATEMENTS,
	&FLIGHT_STATEMENTS,
	&EVENT_STATEMENTS,
	&REFERENCE_STATEMENTS,
	NULL,
};
