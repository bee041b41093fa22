#include "repository/create_repo.h"

#include "db/transaction.h"
#include "repository/new_booking.h"

/* 1020, "record has changed since last read", is a conflict to lib/db. The
 * count of ROW_COUNT() is the UPDATE's before it. */
#define CREATE(count, passengers, marks)                                       \
	"BEGIN NOT ATOMIC "                                                    \
	"DECLARE EXIT HANDLER FOR SQLEXCEPTION "                               \
	"BEGIN ROLLBACK; RESIGNAL; END; "                                      \
	"START TRANSACTION; " INSERT_BOOKING "; " INSERT_PASSENGERS passengers \
	"; " TAKE_SEATS(                                                       \
	    marks) "; "                                                        \
		   "IF ROW_COUNT() <> " count " THEN "                         \
		   "SIGNAL SQLSTATE '40001' SET MYSQL_ERRNO = 1020, "          \
		   "MESSAGE_TEXT = 'a seat was not free'; "                    \
		   "END IF; " INSERT_EVENT "; COMMIT; END"

#define P1 PASSENGER_ROW
#define P2 P1 ", " P1
#define P4 P2 ", " P2
#define P8 P4 ", " P4
#define M1 "?"
#define M2 M1 ", " M1
#define M4 M2 ", " M2
#define M8 M4 ", " M4

#define VALUES_MAX                                                             \
	(BOOKING_VALUES + PASSENGERS_MAX * (PASSENGER_VALUES + 2) +            \
	    TAKE_VALUES + EVENT_VALUES)

/* By the number of passengers. Not among STATEMENT_LISTS: MySQL prepares none
 * of them, and their parts are there. */
static const struct db_statement SQL[PASSENGERS_MAX] = {
	{ "create.1", CREATE("1", P1, M1) },
	{ "create.2", CREATE("2", P2, M2) },
	{ "create.3", CREATE("3", P2 ", " P1, M2 ", " M1) },
	{ "create.4", CREATE("4", P4, M4) },
	{ "create.5", CREATE("5", P4 ", " P1, M4 ", " M1) },
	{ "create.6", CREATE("6", P4 ", " P2, M4 ", " M2) },
	{ "create.7", CREATE("7", P4 ", " P2 ", " P1, M4 ", " M2 ", " M1) },
	{ "create.8", CREATE("8", P8, M8) },
	{ "create.9", CREATE("9", P8 ", " P1, M8 ", " M1) },
};

bool
create_repo_is_able(const struct db *db)
{
	return db_is_mariadb(db);
}

int
create_repo_run(struct db *db, struct arena *arena,
    const struct booking *booking, const struct request_key *key,
    const struct booking_event *event, struct err *err)
{
	struct db_value values[VALUES_MAX], *end = values;

	end = put_booking_values(end, arena, booking, key);
	end = put_passenger_values(end, booking);
	end = put_take_values(end, booking, booking->passenger_count);
	end = put_event_values(end, event);
	return db_transaction_at_once(db, &SQL[booking->passenger_count - 1],
	    values, (size_t)(end - values), err);
}
