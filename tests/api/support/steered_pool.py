"""A worker pool of a test's own, beside the one of the stack: on the same
database, broker and services, started with other settings, steered by signals
and by its master's own socket."""

import contextlib
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import time
import types

from stack.ports import Port
from stack.sockets import SocketDirectory
from stack.stack import basic_environment

from .client import Client

# What sanitizers and asserts leave behind.
DEFECT = re.compile("ERROR: \\w+Sanitizer|runtime error:|Assertion .* failed")
CHECKOUT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__)))))

class SteeredPool:
    """`settings` are the lines of its .env file; `write_settings` changes
    them. `environment` is added to its environment; `socket`: a path of its
    own; `handed_over`: listening sockets by name, as systemd gives them;
    `status`: host and port of the master's socket instead of a unix socket.
    The master may hand over to another process: `pid` asks who it is."""

    def __init__(self, stack, directory, workers=None, environment=None,
                 socket=None, handed_over=None, status=None, **settings):
        self.directory = str(directory)
        self.workers = workers
        self._sockets = SocketDirectory(self.directory)
        self.socket = socket or os.path.join(self._sockets.path, "p.sock")
        self._environment = environment or {}
        self._handed_over = handed_over or {}
        self._status = status
        self.log = os.path.join(self.directory, "pool.log")
        self.program = stack.service.program("booking.fcgi")
        self._settings = settings
        self._env_file = os.path.join(self.directory, "pool.env")
        self._base = os.path.join(self.directory, "base.env")
        stack.service.write_settings(self._base)
        self._first = None

    # --- life ------------------------------------------------------------------

    def start(self):
        self.write_settings()
        command = [self.program, "--env-file", self._env_file]
        if self.workers:
            command += ["--workers", str(self.workers)]
        if self._handed_over:
            command = self._give_sockets(command)
        else:
            command += ["--listen", f"unix:{self.socket}"]
        with open(self.log, "ab") as log:
            self._first = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env={**basic_environment(), **self._environment},
                cwd=self.directory, start_new_session=True,
                pass_fds=[s.fileno() for s in self._handed_over.values()])
        if self._settings.get("POOL_STATUS_LISTEN") == "none":
            self.wait("it to serve", lambda: self.lines("pool_ready"))
        else:
            self.wait("it to serve", lambda: self.status()["serving"])
        return self

    def _give_sockets(self, command):
        """A shell moves them to where they are expected, and knows the
        process id, which stays when it becomes the pool."""
        fds = [s.fileno() for s in self._handed_over.values()]
        names = ":".join(self._handed_over)
        moves = " ".join(f"{9 - n}<&{fd}" for n, fd in enumerate(fds)) + \
            " " + " ".join(f"{3 + n}<&{9 - n}" for n in range(len(fds)))
        script = (f"exec {moves}; LISTEN_PID=$$ LISTEN_FDS={len(fds)} "
                  f'LISTEN_FDNAMES={names} exec "$@"')
        return ["bash", "-c", script, "bash", *command]

    def write_settings(self, **settings):
        self._settings.update(settings)
        with open(self._base, encoding="utf-8") as base:
            lines = [line for line in base
                     if line.split("=")[0] not in self._settings]
        with open(self._env_file, "w", encoding="utf-8") as out:
            out.writelines(lines)
            out.writelines(f"{name}={value}\n"
                           for name, value in self._settings.items())

    def stop(self):
        """Ends whichever process is the master now."""
        if self._first is None:
            return
        try:
            pid = self.pid()
        except (OSError, http.client.HTTPException):
            pid = self._first.pid
        self._end(pid)
        if self._first.poll() is None:
            self._first.kill()
        self._first.wait()
        self._sockets.remove()
        with open(self.log, encoding="utf-8", errors="replace") as log:
            defects = [line for line in log if DEFECT.search(line)]
        assert not defects, defects

    def _end(self, pid):
        if pid == self._first.pid:
            self._first.terminate()
            try:
                self._first.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(pid, signal.SIGKILL)
            return
        os.kill(pid, signal.SIGTERM)
        self.wait("it to end", lambda: not alive(pid), 20)

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    # --- what it says ------------------------------------------------------------

    def ask(self, method, path, headers=None):
        """(status, body) of the master's own socket."""
        connection = http.client.HTTPConnection(*self._status, timeout=10) \
            if self._status else UnixConnection(self.socket + ".status")
        try:
            connection.request(method, path, headers=headers or {})
            response = connection.getresponse()
            return response.status, response.read().decode()
        finally:
            connection.close()

    def status(self):
        code, body = self.ask("GET", "/status.json")
        assert code == 200, body
        return json.loads(body)

    def order(self, path):
        code, body = self.ask("POST", path)
        assert code == 200, body
        return body

    def pid(self):
        return self.status()["pid"]

    def worker_pids(self):
        return {slot["pid"] for slot in self.status()["slots"]}

    def signal(self, number):
        os.kill(self.pid(), number)

    def lines(self, event=None):
        """The log, or of it the lines of one event."""
        with open(self.log, encoding="utf-8") as log:
            lines = [json.loads(line) for line in log
                     if line.startswith("{")]
        return [line for line in lines
                if event is None or line["event"] == event]

    # --- waiting -----------------------------------------------------------------

    def wait(self, what, ready, seconds=30):
        """Until `ready` says so; the master may be between two processes."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                value = ready()
            except (OSError, http.client.HTTPException):
                value = None
            if value:
                return value
            if time.monotonic() > deadline:
                raise AssertionError(f"waited {seconds} s for {what}: "
                                     f"{self.tail()}")
            time.sleep(0.05)

    def wait_generation(self, number):
        """Until workers of this generation alone serve."""
        self.wait(f"generation {number}", lambda: (
            lambda s: s["generation"] == number and s["serving"]
            and not s["workers"]["leaving"]
            and {w["generation"] for w in s["slots"]} == {number}
        )(self.status()))

    def wait_successor(self, old):
        """Until another process is the master, alone, and serves."""
        self.wait("a new master", lambda: (
            lambda s: s["pid"] != old and s["serving"])(self.status()))
        self.wait("the old master to go", lambda: not alive(old))
        return self.pid()

    def wait_workers(self, count):
        self.wait(f"{count} workers", lambda: (
            lambda w: w["alive"] == w["ready"] == count
        )(self.status()["workers"]))

    def tail(self):
        with open(self.log, encoding="utf-8", errors="replace") as log:
            return "".join(log.readlines()[-15:])


@contextlib.contextmanager
def web_server_of(stack, pool):
    """The URL of a web server of the stack's kind in front of the pool."""
    directory = os.path.join(pool.directory, "web")
    os.makedirs(directory)
    port = Port()
    web = type(stack.web)(
        stack.processes, CHECKOUT, directory, port,
        types.SimpleNamespace(socket=pool.socket, workers=pool.workers),
        stack.docs)
    web.start()
    try:
        pool.wait("the web server", lambda: Client(web.url()).get(
            "/health").status_code == 200)
        yield web.url()
    finally:
        web.stop()


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("pool", timeout=10)
        self._path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def alive(pid):
    """Whether a process runs; one that waits to be taken leave of does not."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
