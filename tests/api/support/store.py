"""The service's database, seen as an administrator."""

import pymysql


class Store:
    def __init__(self, socket, name):
        self._socket = socket
        self._name = name

    def query(self, sql, *parameters):
        """The rows of a statement, as dictionaries; commits."""
        with pymysql.connect(
                unix_socket=self._socket, user="root", database=self._name,
                charset="utf8mb4", autocommit=True, read_timeout=30,
                cursorclass=pymysql.cursors.DictCursor) as connection:
            with connection.cursor() as cursor:
                cursor.execute(sql, parameters)
                return list(cursor.fetchall())

    @property
    def processes(self):
        """The schema whose processlist shows any statement: MySQL's older
        one fails on bytes that are no text, MariaDB's newer one is off."""
        mariadb = "MariaDB" in self.value("SELECT VERSION()")
        return "information_schema" if mariadb else "performance_schema"

    def value(self, sql, *parameters):
        """The first column of the first row."""
        return next(iter(self.query(sql, *parameters)[0].values()))

    def count(self, table, where="1 = 1", *parameters):
        return self.value(f"SELECT COUNT(*) FROM `{table}` WHERE {where}",
                          *parameters)
