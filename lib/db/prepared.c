/*
 * The statements of one connection: prepared at their first use, found by the
 * address of their declaration, gone with the connection.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db/db_private.h"

enum { FIRST_SLOTS = 64 };
/* A text up to this long is fetched with its row, a longer one on its own. */
enum { INLINE_BYTES = 512 };

static size_t
slot_of(const struct db *db, const struct db_statement *statement)
{
	uint64_t key = (uint64_t)(uintptr_t)statement >> 3;
	size_t at = (size_t)((key * UINT64_C(0x9e3779b97f4a7c15)) >> 32);

	at &= db->slot_count - 1;
	while (db->slots[at] != NULL && db->slots[at]->statement != statement)
		at = (at + 1) & (db->slot_count - 1);
	return at;
}

/* Keeps the table at most half full. */
static int
make_room(struct db *db)
{
	struct prepared **old = db->slots;
	size_t old_count = db->slot_count;

	if (2 * (db->prepared_count + 1) <= old_count)
		return 0;
	size_t count = old_count == 0 ? FIRST_SLOTS : 2 * old_count;
	struct prepared **slots = calloc(count, sizeof *slots);
	if (slots == NULL)
		return -1;
	db->slots = slots;
	db->slot_count = count;
	for (size_t i = 0; i < old_count; i++) {
		if (old[i] != NULL)
			db->slots[slot_of(db, old[i]->statement)] = old[i];
	}
	free(old);
	return 0;
}

static void
free_prepared(struct prepared *prepared)
{
	if (prepared == NULL)
		return;
	if (prepared->handle != NULL)
		mysql_stmt_close(prepared->handle);
	for (size_t i = 0;
	     prepared->columns != NULL && i < prepared->column_count; i++)
		free(prepared->columns[i].bytes);
	free(prepared->columns);
	free(prepared->param_times);
	free(prepared->params);
	free(prepared);
}

void
db__prepared_clear(struct db *db)
{
	for (size_t i = 0; i < db->slot_count; i++) {
		free_prepared(db->slots[i]);
		db->slots[i] = NULL;
	}
	db->prepared_count = 0;
}

/* Rebuilds the table without it; rare, and simpler than tombstones. */
void
db__prepared_forget(struct db *db, struct prepared *prepared)
{
	size_t mask = db->slot_count - 1;
	size_t at = slot_of(db, prepared->statement);

	db->slots[at] = NULL;
	db->prepared_count--;
	free_prepared(prepared);
	for (at = (at + 1) & mask; db->slots[at] != NULL;
	     at = (at + 1) & mask) {
		struct prepared *moved = db->slots[at];
		db->slots[at] = NULL;
		db->slots[slot_of(db, moved->statement)] = moved;
	}
}

/* MariaDB's library leaves an error that ends a row stream on the connection
 * alone. A failure without any number is not to be trusted with more calls. */
void
db__fault_of_statement(
    struct db *db, const struct prepared *prepared, struct db_fault *fault)
{
	fault->what = prepared->statement->name;
	fault->number = mysql_stmt_errno(prepared->handle);
	snprintf(fault->message, sizeof fault->message, "%s",
	    mysql_stmt_error(prepared->handle));
	if (fault->number == 0)
		db__fault_of_link(db->link, prepared->statement->name, fault);
	if (fault->number == 0)
		fault->number = CR_SERVER_LOST;
}

static enum db_type
type_of(const MYSQL_FIELD *field)
{
	enum { BINARY_CHARSET = 63 };

	switch ((int)field->type) {
	case MYSQL_TYPE_TINY:
	case MYSQL_TYPE_SHORT:
	case MYSQL_TYPE_INT24:
	case MYSQL_TYPE_LONG:
	case MYSQL_TYPE_LONGLONG:
	case MYSQL_TYPE_YEAR:
		return DB_INT;
	case MYSQL_TYPE_DATE:
	case MYSQL_TYPE_DATETIME:
	case MYSQL_TYPE_TIMESTAMP:
		return DB_TIME;
	case MYSQL_TYPE_STRING:
	case MYSQL_TYPE_VAR_STRING:
	case MYSQL_TYPE_TINY_BLOB:
	case MYSQL_TYPE_BLOB:
	case MYSQL_TYPE_MEDIUM_BLOB:
	case MYSQL_TYPE_LONG_BLOB:
		return field->charsetnr == BINARY_CHARSET ? DB_BYTES : DB_TEXT;
	default: /* the server's own enum grows; numbers come as text */
		return DB_TEXT;
	}
}

static int
bind_column(struct column *column, const MYSQL_FIELD *field, MYSQL_BIND *bind)
{
	*column = (struct column){ .type = type_of(field) };
	*bind = (MYSQL_BIND){ .is_null = &column->is_null,
		.error = &column->truncated,
		.length = &column->len };
	if (column->type == DB_INT) {
		bind->buffer_type = MYSQL_TYPE_LONGLONG;
		bind->buffer = &column->integer;
		return 0;
	}
	if (column->type == DB_TIME) {
		bind->buffer_type = MYSQL_TYPE_DATETIME;
		bind->buffer = &column->time;
		return 0;
	}
	column->capacity =
	    field->length < INLINE_BYTES ? field->length + 1 : INLINE_BYTES;
	column->bytes = malloc(column->capacity);
	bind->buffer_type =
	    column->type == DB_TEXT ? MYSQL_TYPE_STRING : MYSQL_TYPE_BLOB;
	bind->buffer = column->bytes;
	bind->buffer_length = column->capacity;
	return column->bytes == NULL ? -1 : 0;
}

/* Both libraries copy the binds, so that they hold for every execution. */
static int
bind_columns(struct prepared *prepared, MYSQL_RES *metadata)
{
	const MYSQL_FIELD *fields = mysql_fetch_fields(metadata);
	size_t count = mysql_num_fields(metadata);
	MYSQL_BIND *binds = calloc(count, sizeof *binds);
	int rc = -1;

	prepared->columns = calloc(count, sizeof *prepared->columns);
	if (binds == NULL || prepared->columns == NULL)
		goto out;
	prepared->column_count = count;
	for (size_t i = 0; i < count; i++) {
		if (bind_column(&prepared->columns[i], &fields[i], &binds[i]) !=
		    0)
			goto out;
	}
	rc = mysql_stmt_bind_result(prepared->handle, binds) ? -1 : 0;
out:
	free(binds);
	return rc;
}

static int
make_binds(struct prepared *prepared)
{
	MYSQL_RES *metadata;
	int rc;

	prepared->param_count = mysql_stmt_param_count(prepared->handle);
	prepared->params =
	    calloc(prepared->param_count + 1, sizeof *prepared->params);
	prepared->param_times =
	    calloc(prepared->param_count + 1, sizeof *prepared->param_times);
	if (prepared->params == NULL || prepared->param_times == NULL)
		return -1;
	if (mysql_stmt_field_count(prepared->handle) == 0)
		return 0;
	metadata = mysql_stmt_result_metadata(prepared->handle);
	if (metadata == NULL)
		return -1;
	rc = bind_columns(prepared, metadata);
	mysql_free_result(metadata);
	return rc;
}

static struct prepared *
prepare(
    struct db *db, const struct db_statement *statement, struct db_fault *fault)
{
	struct prepared *prepared = calloc(1, sizeof *prepared);

	*fault = (struct db_fault){ .what = statement->name,
		.number = CR_OUT_OF_MEMORY,
		.message = "out of memory" };
	if (prepared == NULL)
		return NULL;
	prepared->statement = statement;
	prepared->handle = mysql_stmt_init(db->link);
	if (prepared->handle == NULL)
		goto failed;
	if (mysql_stmt_prepare(prepared->handle, statement->sql,
		(unsigned long)strlen(statement->sql)) != 0) {
		db__fault_of_statement(db, prepared, fault);
		goto failed;
	}
	if (make_binds(prepared) == 0 && make_room(db) == 0)
		return prepared;
failed:
	free_prepared(prepared);
	return NULL;
}

struct prepared *
db__prepared(
    struct db *db, const struct db_statement *statement, struct db_fault *fault)
{
	struct prepared *prepared;

	if (db->slot_count != 0) {
		prepared = db->slots[slot_of(db, statement)];
		if (prepared != NULL)
			return prepared;
	}
	prepared = prepare(db, statement, fault);
	if (prepared == NULL)
		return NULL;
	db->slots[slot_of(db, statement)] = prepared;
	db->prepared_count++;
	return prepared;
}
