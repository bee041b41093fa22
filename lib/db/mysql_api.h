/*
 * The client library, Oracle's or MariaDB's: the only place that includes its
 * headers and the only one that knows which of the two it is.
 */
#ifndef DB_MYSQL_API_H
#define DB_MYSQL_API_H

#include <errmsg.h>
#include <mysql.h>
#include <stdbool.h>

#ifdef MARIADB_PACKAGE_VERSION_ID
#define MYSQL_API_MARIADB 1
typedef my_bool mysql_flag;
#else
#define MYSQL_API_MARIADB 0
typedef bool mysql_flag;
#endif

#endif
