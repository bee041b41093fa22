/*
 * From the rows of an executed query to plain memory.
 *
 * Rows are read off the wire one by one: the library's own copy of the whole
 * answer (mysql_stmt_store_result) would cost a second copy and an allocation
 * a row. All of them are read, whatever happens, so the connection is in step
 * afterwards, and the last word is the server's: an error may follow rows.
 */
#include <stdio.h>

#include "db/db_private.h"

enum { FIRST_ROWS = 4 };

static int
not_readable(const struct prepared *prepared, size_t column,
    const char *problem, struct db_fault *fault)
{
	*fault = (struct db_fault){ .what = prepared->statement->name };
	snprintf(fault->message, sizeof fault->message, "column %zu: %s",
	    column, problem);
	return -1;
}

static int
read_long(struct db *db, struct prepared *prepared, size_t index,
    struct arena *arena, struct db_cell *cell, struct db_fault *fault)
{
	struct column *column = &prepared->columns[index];
	char *bytes = arena_alloc(arena, column->len + 1);
	unsigned long len = 0;
	MYSQL_BIND bind = { .buffer_type = MYSQL_TYPE_BLOB,
		.buffer = bytes,
		.buffer_length = column->len,
		.length = &len };

	if (mysql_stmt_fetch_column(
		prepared->handle, &bind, (unsigned)index, 0) != 0) {
		db__fault_of_statement(db, prepared, fault);
		return -1;
	}
	cell->bytes = bytes;
	return 0;
}

static int
read_time(const struct column *column, struct db_cell *cell)
{
	const MYSQL_TIME *time = &column->time;
	struct clock_fields fields = { .year = (int)time->year,
		.month = (int)time->month,
		.day = (int)time->day,
		.hour = (int)time->hour,
		.minute = (int)time->minute,
		.second = (int)time->second,
		.millisecond = (int)(time->second_part / 1000) };

	if (fields.month == 0 || fields.day == 0)
		return -1;
	cell->integer = clock_join(&fields);
	return 0;
}

static int
read_cell(struct db *db, struct prepared *prepared, size_t index,
    struct arena *arena, struct db_cell *cell, struct db_fault *fault)
{
	struct column *column = &prepared->columns[index];

	*cell = (struct db_cell){ .type = DB_NULL };
	if (column->is_null)
		return 0;
	cell->type = column->type;
	if (column->type == DB_INT) {
		cell->integer = column->integer;
		if (column->truncated)
			return not_readable(
			    prepared, index, "integer over 63 bits", fault);
		return 0;
	}
	if (column->type == DB_TIME) {
		if (read_time(column, cell) != 0)
			return not_readable(
			    prepared, index, "not a day", fault);
		return 0;
	}
	cell->len = column->len;
	if (column->len > column->capacity)
		return read_long(db, prepared, index, arena, cell, fault);
	cell->bytes = arena_copy(arena, column->bytes, column->len);
	return 0;
}

static struct db_cell *
grow(struct arena *arena, struct db_cell *cells, size_t columns, size_t *rows)
{
	size_t row_bytes = columns * sizeof *cells;
	size_t wanted = 2 * *rows;

	if (*rows == 0) {
		*rows = FIRST_ROWS;
		return arena_array(arena, FIRST_ROWS, row_bytes);
	}
	cells = arena_grow(arena, cells, *rows * row_bytes, wanted * row_bytes);
	*rows = wanted;
	return cells;
}

int
db__fetch(struct db *db, struct prepared *prepared, struct arena *arena,
    struct db_rows *rows, struct db_fault *fault)
{
	size_t columns = prepared->column_count;
	struct db_cell *cells = NULL;
	size_t count = 0;
	size_t capacity = 0;
	int rc;

	while ((rc = mysql_stmt_fetch(prepared->handle)) == 0 ||
	       rc == MYSQL_DATA_TRUNCATED) {
		if (count == capacity)
			cells = grow(arena, cells, columns, &capacity);
		struct db_cell *row = cells + count * columns;
		for (size_t i = 0; i < columns; i++) {
			if (read_cell(db, prepared, i, arena, &row[i], fault) !=
			    0)
				return -1;
		}
		count++;
	}
	if (rc != MYSQL_NO_DATA) {
		db__fault_of_statement(db, prepared, fault);
		return -1;
	}
	*rows = (struct db_rows){
		.count = count, .columns = columns, .cells = cells
	};
	return 0;
}
