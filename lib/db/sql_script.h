/*
 * Private to lib/db: cuts a text of SQL into its statements.
 *
 * A statement ends at a `;` outside of quotes and comments; comments are `-- `
 * and `#` to the end of the line and slash-star; there is no DELIMITER. What
 * holds nothing but comments is no statement.
 */
#ifndef DB_SQL_SCRIPT_H
#define DB_SQL_SCRIPT_H

#include "core/base.h"

struct sql_script {
	const char *at;
	const char *end;
};

/* The next statement without its `;`. False at the end. */
bool sql_script_next(
    struct sql_script *script, const char **statement, size_t *len);

#endif
