"""The project's own programs: the pool, its companion, the operator's hand."""

import http.client
import json
import os
import re
import shlex
import socket

from .ports import ADDRESS


class Service:
    """booking.fcgi, booking-events and bookingctl on one configuration.
    `under`: a command line that the pool is run by, as of a profiler."""

    def __init__(self, processes, programs, env, cwd, socket_dir, workers,
                 under=()):
        self._processes = processes
        self._programs = programs
        self._env = env
        self._cwd = cwd
        self.workers = workers
        self._under = under
        self.socket = os.path.join(socket_dir, "pool.sock")
        self.pool = None
        self.events = None

    def start_pool(self):
        """Returns once the pool's socket takes connections."""
        workers = ["--workers", str(self.workers)] if self.workers else []
        self.pool = self._start(
            "booking", [*self._under, self.program("booking.fcgi"),
                        "--listen", f"unix:{self.socket}", *workers])
        self._processes.wait("the pool's socket",
                             lambda: accepts(self.socket), 20, self.pool)

    def start_events(self):
        self.events = self._start("events", [self.program("booking-events")])

    def stop_pool(self):
        self._processes.stop(self.pool)

    def stop_events(self):
        self._processes.stop(self.events)

    def stop(self):
        self._processes.stop(self.pool, self.events)

    def control(self, *arguments, seconds=120):
        """Runs bookingctl; returns its standard output."""
        return self._processes.run(
            f"bookingctl-{arguments[0]}",
            [self.program("bookingctl"), *arguments], seconds,
            env=self._env, cwd=self._cwd)

    def write_settings(self, path, **more):
        """What the service is configured with, as a .env file."""
        settings = {**self._env, **more}
        names = re.findall(r"(?m)^#?\s?([A-Z_]+)=",
                           self.control("settings", "--example"))
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600),
                  "w", encoding="utf-8") as out:
            out.writelines(f"{name}={shlex.quote(settings[name])}\n"
                           for name in names if name in settings)
        return path

    def token(self, user, role=None):
        arguments = ["token", "--user", user]
        if role:
            arguments += ["--role", role]
        return self.control(*arguments, seconds=20).strip()

    def _start(self, name, argv):
        # Draining takes as long as the slowest request may.
        return self._processes.start(name, argv, env=self._env,
                                     cwd=self._cwd, grace=12)

    def program(self, name):
        return os.path.join(self._programs, name)


class Sandbox:
    """The little Auth and Flight services."""

    def __init__(self, processes, programs, env, socket_dir, port):
        self._processes = processes
        self._program = os.path.join(programs, "sandbox.fcgi")
        self._env = env
        self.port = port
        self.socket = os.path.join(socket_dir, "sandbox.sock")
        self.url = f"http://{ADDRESS}:{port.number}"
        self.process = None

    def start(self):
        self.process = self._processes.start(
            "sandbox", [self._program, "--listen", f"unix:{self.socket}",
                        "--workers", "4"], env=self._env, grace=3)

    def stop(self):
        self._processes.stop(self.process)


def accepts(path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        return client.connect_ex(path) == 0


def readiness(port):
    """The checks of /health/ready once it answers 200, else None."""
    connection = http.client.HTTPConnection(ADDRESS, port, timeout=10)
    try:
        connection.request("GET", "/health/ready")
        response = connection.getresponse()
        body = response.read()
        return json.loads(body) if response.status == 200 else None
    except (OSError, http.client.HTTPException, ValueError):
        return None
    finally:
        connection.close()
