/*
 * From no connection to a session that the rest of lib/db can rely on.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "db/db_private.h"

/* The server gives up a statement before we give up the server, so that none
 * goes on after its caller has left. */
enum { STATEMENT_LIMIT_PERCENT = 90 };

static bool
uses_socket(const struct db_settings *settings)
{
	return settings->socket[0] != '\0' &&
	       (settings->host[0] == '\0' ||
		   strcmp(settings->host, "localhost") == 0);
}

/* Where distributions keep the authorities they trust; NULL when unknown. */
static const char *
authorities(const struct db_settings *settings)
{
	static const char *const BUNDLES[] = {
		"/etc/ssl/certs/ca-certificates.crt",
		"/etc/pki/tls/certs/ca-bundle.crt",
		"/etc/ssl/cert.pem",
	};

	if (settings->tls_ca[0] != '\0')
		return settings->tls_ca;
	for (size_t i = 0; i < ARRAY_LEN(BUNDLES); i++) {
		if (access(BUNDLES[i], R_OK) == 0)
			return BUNDLES[i];
	}
	return NULL;
}

#if MYSQL_API_MARIADB

static void
set_library_options(MYSQL *link, const struct db_settings *settings)
{
	mysql_flag off = 0;
	mysql_flag enforce = settings->tls != DB_TLS_OFF;
	mysql_flag verify = settings->tls == DB_TLS_VERIFY;

	mysql_options(link, MYSQL_OPT_RECONNECT, &off);
	mysql_options(link, MYSQL_OPT_SSL_ENFORCE, &enforce);
	mysql_options(link, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &verify);
}

#else

/* This library never reconnects unless it is told to. */
static void
set_library_options(MYSQL *link, const struct db_settings *settings)
{
	static const unsigned MODES[] = {
		[DB_TLS_OFF] = SSL_MODE_DISABLED,
		[DB_TLS_REQUIRED] = SSL_MODE_REQUIRED,
		[DB_TLS_VERIFY] = SSL_MODE_VERIFY_IDENTITY,
	};
	unsigned mode = MODES[settings->tls];
	/* Without TLS caching_sha2_password encrypts by the server's key. */
	mysql_flag ask_for_key = settings->tls == DB_TLS_OFF;

	mysql_options(link, MYSQL_OPT_SSL_MODE, &mode);
	mysql_options(link, MYSQL_OPT_GET_SERVER_PUBLIC_KEY, &ask_for_key);
}

#endif

static void
set_options(MYSQL *link, const struct db_settings *settings)
{
	unsigned local_infile = 0;
	unsigned protocol =
	    uses_socket(settings) ? MYSQL_PROTOCOL_SOCKET : MYSQL_PROTOCOL_TCP;

	mysql_options(link, MYSQL_OPT_CONNECT_TIMEOUT, &settings->timeout_s);
	mysql_options(link, MYSQL_OPT_READ_TIMEOUT, &settings->timeout_s);
	mysql_options(link, MYSQL_OPT_WRITE_TIMEOUT, &settings->timeout_s);
	mysql_options(link, MYSQL_OPT_PROTOCOL, &protocol);
	mysql_options(link, MYSQL_SET_CHARSET_NAME, "utf8mb4");
	/* A hostile server could ask for any file of ours. */
	mysql_options(link, MYSQL_OPT_LOCAL_INFILE, &local_infile);
	if (settings->tls == DB_TLS_VERIFY) {
		const char *ca = authorities(settings);
		if (ca != NULL)
			mysql_options(link, MYSQL_OPT_SSL_CA, ca);
	}
	set_library_options(link, settings);
}

static bool
open_link(MYSQL *link, const struct db_settings *settings)
{
	bool socket = uses_socket(settings);
	const char *host =
	    settings->host[0] == '\0' ? "localhost" : settings->host;
	const char *database =
	    settings->database[0] == '\0' ? NULL : settings->database;

	return mysql_real_connect(link, socket ? "localhost" : host,
		   settings->user, settings->password, database,
		   socket ? 0 : settings->port,
		   socket ? settings->socket : NULL, CLIENT_FOUND_ROWS) != NULL;
}

/* MariaDB 10 hides behind an old version's number from older replicas; its own
 * client library takes it away, Oracle's does not. */
static void
note_server(struct db *db)
{
	static const char DISGUISE[] = "5.5.5-";
	const char *version = mysql_get_server_info(db->link);

	db->is_mariadb = strstr(version, "MariaDB") != NULL;
	if (db->is_mariadb &&
	    strncmp(version, DISGUISE, sizeof DISGUISE - 1) == 0)
		version += sizeof DISGUISE - 1;
	snprintf(db->version, sizeof db->version, "%s", version);
}

/* MariaDB took over MySQL's name for it in 11.1. */
static const char *
isolation_variable(struct db *db)
{
	if (db->is_mariadb && mysql_get_server_version(db->link) < 110100)
		return "tx_isolation";
	return "transaction_isolation";
}

/* One statement for everything: it is sent at every connect. */
static int
set_session(struct db *db, struct db_fault *fault)
{
	char sql[640];
	unsigned lock_s = db->settings->lock_wait_s;
	unsigned limit_ms =
	    db->settings->timeout_s * 10 * STATEMENT_LIMIT_PERCENT;
	int len = snprintf(sql, sizeof sql,
	    "SET SESSION autocommit = 1, sql_mode = 'STRICT_ALL_TABLES,"
	    "NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO,"
	    "NO_ENGINE_SUBSTITUTION', time_zone = '+00:00', "
	    "%s = 'READ-COMMITTED', innodb_lock_wait_timeout = %u, "
	    "lock_wait_timeout = %u, ",
	    isolation_variable(db), lock_s == 0 ? 1 : lock_s,
	    lock_s == 0 ? 1 : lock_s);

	if (db->is_mariadb)
		len += snprintf(sql + len, sizeof sql - (size_t)len,
		    "max_statement_time = %u.%03u, "
		    "idle_transaction_timeout = %u",
		    limit_ms / 1000, limit_ms % 1000, db->settings->timeout_s);
	else
		len += snprintf(sql + len, sizeof sql - (size_t)len,
		    "max_execution_time = %u", limit_ms);
	return db__command(db, sql, (size_t)len, "session", fault);
}

/* What a proxy between us and the server may have swallowed. */
static int
check_isolation(struct db *db, struct db_fault *fault)
{
	char sql[64];
	MYSQL_RES *rows = NULL;
	int len = snprintf(
	    sql, sizeof sql, "SELECT @@SESSION.%s", isolation_variable(db));

	if (mysql_real_query(db->link, sql, (unsigned long)len) == 0)
		rows = mysql_store_result(db->link);
	if (rows == NULL) {
		db__fault_of_link(db->link, "isolation", fault);
		return -1;
	}
	MYSQL_ROW row = mysql_fetch_row(rows);
	bool right = row != NULL && row[0] != NULL &&
		     strcmp(row[0], "READ-COMMITTED") == 0;
	mysql_free_result(rows);
	if (right)
		return 0;
	*fault = (struct db_fault){ .what = "isolation",
		.message = "the session is not READ COMMITTED" };
	return -1;
}

/* The libraries fall back to plain text more readily than we do. */
static int
check_tls(struct db *db, struct db_fault *fault)
{
	if (db->settings->tls == DB_TLS_OFF ||
	    mysql_get_ssl_cipher(db->link) != NULL)
		return 0;
	*fault = (struct db_fault){ .what = "connect",
		.message = "TLS is required and the server has none" };
	return -1;
}

int
db__connect(struct db *db, struct err *err)
{
	struct db_fault fault;

	db->link = mysql_init(NULL);
	if (db->link == NULL)
		return err_set(err, &ERR_INTERNAL, "mysql_init: no memory");
	db->last_used_ms = clock_monotonic_ms();
	set_options(db->link, db->settings);
	if (!open_link(db->link, db->settings)) {
		db__fault_of_link(db->link, "connect", &fault);
		goto failed;
	}
	note_server(db);
	if (check_tls(db, &fault) == 0 && set_session(db, &fault) == 0 &&
	    check_isolation(db, &fault) == 0)
		return 0;
failed:
	db__close(db);
	return db__fault_report(&fault, &ERR_UNAVAILABLE, err);
}
