"""A private MariaDB or MySQL: own data directory, socket and port."""

import os
import shutil
import socket

from .ports import ADDRESS, Port
from .process import Failure
from .server import NO_DEFAULTS, chosen


class Database:
    def __init__(self, processes, directory, socket_dir, account):
        """`account`: DB_USERNAME, DB_PASSWORD and DB_NAME."""
        self._processes = processes
        self._kind = chosen()
        self._directory = directory
        self._data = os.path.join(directory, self._kind.name)
        self._account = account
        self._port = Port()
        self.socket = os.path.join(socket_dir, "db.sock")
        self.process = None

    def settings(self):
        return {"DB_HOST": "localhost", "DB_PORT": str(self._port.number),
                "DB_SOCKET": self.socket, **self._account}

    def install(self):
        """Makes the data directory, once."""
        if os.path.isdir(self._data):
            return
        os.makedirs(self._directory, exist_ok=True)
        new = self._data + ".new"
        shutil.rmtree(new, ignore_errors=True)
        self._processes.run(f"{self._kind.name}-install",
                            self._kind.install(new), seconds=120)
        os.rename(new, self._data)

    def start(self, keep=()):
        self.install()
        self.resume(keep)
        self._make_account()

    def resume(self, keep=()):
        """Starts the server on the data that is there."""
        as_root = ["--user=root"] if os.geteuid() == 0 else []
        self.process = self._processes.start(self._kind.name, [
            self._kind.program, NO_DEFAULTS, f"--datadir={self._data}",
            f"--tmpdir={self._directory}", f"--socket={self.socket}",
            f"--pid-file={self._directory}/pid",
            f"--port={self._port.number}", f"--bind-address={ADDRESS}",
            "--skip-name-resolve", "--innodb-flush-log-at-trx-commit=1",
            "--innodb-buffer-pool-size=1G",
            "--character-set-server=utf8mb4", "--max-connections=300",
            *self._kind.options, *as_root], keep=keep, grace=20)
        self._processes.wait("the database", self._greets, 60, self.process)

    def stop(self):
        self._processes.stop(self.process)

    def _greets(self):
        """The server says hello (protocol 10) once it takes clients."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
            client.settimeout(1)
            try:
                client.connect(self.socket)
                return client.recv(5)[4:5] == b"\x0a"
            except OSError:
                return False

    def _make_account(self):
        user, password, name = (
            self._account[key]
            for key in ("DB_USERNAME", "DB_PASSWORD", "DB_NAME"))
        quoted = name.replace("`", "``")
        grants = "".join(
            f"DROP USER IF EXISTS {text(user)}@{text(host)};"
            f"CREATE USER {text(user)}@{text(host)}"
            f" IDENTIFIED BY {text(password)};"
            f"GRANT ALL ON `{quoted}`.* TO {text(user)}@{text(host)};"
            for host in ("localhost", ADDRESS))
        self.execute(f"{self._kind.secure}"
                     f"CREATE DATABASE IF NOT EXISTS `{quoted}`"
                     " CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;"
                     + grants)

    def execute(self, sql):
        """Runs statements as root; returns the client's output."""
        script = os.path.join(self._directory, "statements.sql")
        with open(os.open(script, os.O_WRONLY | os.O_CREAT | os.O_TRUNC,
                          0o600), "w", encoding="utf-8") as out:
            out.write(sql)
        try:
            with open(script, "rb") as statements:
                return self._processes.run(f"{self._kind.name}-client", [
                    self._kind.client, NO_DEFAULTS, "--user=root", "--batch",
                    "--skip-column-names", f"--socket={self.socket}"],
                    seconds=60, stdin=statements)
        except Failure as failure:
            raise Failure(f"the database refused its set-up: {failure}") \
                from failure
        finally:
            os.unlink(script)


def text(value):
    """A string literal of SQL."""
    escaped = value.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"
