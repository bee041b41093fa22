/*
 * Parameters and cells: plain values, no connection.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/money.h"
#include "db/db.h"

struct db_value
db_null(void)
{
	return (struct db_value){ .type = DB_NULL };
}

struct db_value
db_int(int64_t value)
{
	return (struct db_value){ .type = DB_INT, .integer = value };
}

struct db_value
db_text(const char *text)
{
	if (text == NULL)
		return db_null();
	return (struct db_value){
		.type = DB_TEXT, .bytes = text, .len = strlen(text)
	};
}

struct db_value
db_bytes(const void *bytes, size_t len)
{
	return (
	    struct db_value){ .type = DB_BYTES, .bytes = bytes, .len = len };
}

struct db_value
db_uuid(const struct uuid *uuid)
{
	return uuid == NULL ? db_null() : db_bytes(uuid->bytes, UUID_BYTES);
}

struct db_value
db_time(int64_t wall_ms)
{
	if (wall_ms < 0)
		return db_null();
	return (struct db_value){ .type = DB_TIME, .integer = wall_ms };
}

struct db_value
db_date(int64_t wall_ms)
{
	return (struct db_value){ .type = DB_DATE, .integer = wall_ms };
}

struct db_value
db_cents(struct arena *arena, int64_t cents)
{
	char *text = arena_alloc(arena, MONEY_TEXT_SIZE);

	return db_text(money_format(cents, text));
}

const struct db_cell *
db_cell(const struct db_rows *rows, size_t row, size_t column)
{
	assert(row < rows->count && column < rows->columns);
	return &rows->cells[row * rows->columns + column];
}

bool
db_cell_is_null(const struct db_cell *cell)
{
	return cell->type == DB_NULL;
}

/* Sums of integers come as DECIMAL, that is as text. */
int64_t
db_cell_int(const struct db_cell *cell)
{
	if (cell->type == DB_TEXT)
		return strtoll(cell->bytes, NULL, 10);
	return cell->type == DB_NULL ? 0 : cell->integer;
}

const char *
db_cell_text(const struct db_cell *cell)
{
	return cell->type == DB_NULL ? NULL : cell->bytes;
}

struct uuid
db_cell_uuid(const struct db_cell *cell)
{
	struct uuid uuid = { { 0 } };

	if (cell->type != DB_NULL && cell->len == sizeof uuid.bytes)
		memcpy(uuid.bytes, cell->bytes, sizeof uuid.bytes);
	return uuid;
}

int64_t
db_cell_time_ms(const struct db_cell *cell)
{
	return cell->type == DB_TIME ? cell->integer : -1;
}

/* Digits of a DECIMAL up to the second one after the point. Not money_parse:
 * a sum may be negative, and larger than any single amount. */
int64_t
db_cell_cents(const struct db_cell *cell)
{
	const char *at = cell->bytes;
	int64_t cents = 0;
	int decimals = -1;
	bool negative;

	if (cell->type == DB_INT)
		return cell->integer * 100;
	if (cell->type != DB_TEXT)
		return 0;
	negative = *at == '-';
	for (at += negative; *at != '\0' && decimals < 2; at++) {
		if (*at == '.') {
			decimals = 0;
			continue;
		}
		cents = cents * 10 + (*at - '0');
		decimals += decimals >= 0;
	}
	for (decimals = decimals < 0 ? 0 : decimals; decimals < 2; decimals++)
		cents *= 10;
	return negative ? -cents : cents;
}
