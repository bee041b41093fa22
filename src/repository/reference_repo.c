#include "repository/reference_repo.h"

#include "repository/statements.h"

#define BLOCK_SIZE 100
#define DAY_MS	   (24 * 60 * 60 * 1000LL)

/* The row's next number ends the block that was taken. */
static const struct db_statement SQL[] = {
	{ "reference.take",
	    "INSERT INTO reference_counter (day, next_number) "
	    "VALUES (?, LAST_INSERT_ID(? + 1)) ON DUPLICATE KEY UPDATE "
	    "next_number = LAST_INSERT_ID(next_number + ?)" },
};

const struct db_statement_list REFERENCE_STATEMENTS = { SQL, ARRAY_LEN(SQL) };

static int
take_block(
    struct db *db, struct reference_block *block, int64_t day, struct err *err)
{
	const struct db_value values[] = { db_date(day * DAY_MS),
		db_int(BLOCK_SIZE), db_int(BLOCK_SIZE) };

	if (db_execute(db, &SQL[0], values, ARRAY_LEN(values), NULL, err) != 0)
		return -1;
	block->day = day;
	block->end = (unsigned)db_last_insert_id(db);
	block->next = block->end - BLOCK_SIZE;
	return 0;
}

int
reference_repo_next(struct db *db, struct reference_block *block,
    int64_t now_ms, char out[REFERENCE_SIZE], struct err *err)
{
	int64_t day = now_ms / DAY_MS;

	if ((block->next >= block->end || block->day != day) &&
	    take_block(db, block, day, err) != 0)
		return -1;
	booking_reference_format(now_ms, block->next++, out);
	return 0;
}
