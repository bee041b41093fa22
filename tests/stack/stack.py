"""The whole: every part that is not configured from outside, in order."""

import concurrent.futures
import contextlib
import json
import os
import secrets
import time

from .broker import Broker
from .build import build, build_page
from .database import Database
from .ports import Port
from .process import Failure, Processes
from .service import Sandbox, Service, readiness
from .sockets import SocketDirectory
from .webserver import web_server

# What the parts that are not ours get to see of the environment.
BASIC = ("PATH", "HOME", "USER", "LANG", "LC_ALL", "TZ", "TMPDIR",
         "DB_SERVER", "ASAN_OPTIONS", "LSAN_OPTIONS", "UBSAN_OPTIONS")


def basic_environment():
    env = {name: os.environ[name] for name in BASIC if name in os.environ}
    env["PATH"] = env.get("PATH", "/usr/bin:/bin") + ":/usr/sbin:/sbin"
    return env


class Stack:
    """Everything under one directory. `checkout` and `places` are short
    names, without blanks, of the checkout and of that directory.

    `environment` is what the user configured: DB_HOST (or DB_SOCKET),
    RABBITMQ_URL, AUTH_SERVICE_URL and FLIGHT_SERVICE_URL name services that
    are used instead of started; the rest passes through. `workers`: processes
    of the pool, instead of what the settings say; `cwd`: where the service
    looks for .env; `keep`: descriptors that live as long as the data is used.
    """

    def __init__(self, checkout, directory, environment, port,
                 programs="build/bin", workers=None, cwd=None, keep=()):
        self.directory = directory
        self.port = port
        self.log_dir = os.path.join(directory, "log")
        self._outside = environment
        self._keep = keep
        os.makedirs(self.log_dir, mode=0o700, exist_ok=True)
        # Configurations, too, split names at blanks.
        self._names = SocketDirectory(checkout), SocketDirectory(directory)
        self.checkout, self.places = (name.path for name in self._names)
        self._secrets = self._load_secrets()
        self.processes = Processes(self.log_dir, basic_environment())
        self.settings = {"PORT": str(port.number)}
        programs = os.path.join(self.checkout, programs)
        self.database = self._compose_database()
        self.broker = self._compose_broker()
        self.sandbox = self._compose_sandbox(programs)
        env = {**environment, **self.settings, "BOOKING_MIGRATIONS":
               os.path.join(self.checkout, "sql", "migrations")}
        self.service = Service(self.processes, programs, env,
                               cwd or directory, self.places, workers)
        self.docs = os.path.join(os.path.dirname(programs), "docs")
        self.web = web_server(environment.get("WEBSERVER") or "lighttpd")(
            self.processes, self.checkout, self.places, port, self.service,
            self.docs)
        if self.sandbox:
            self.web.add_sandbox(self.sandbox.port, self.sandbox.socket)
        self._write_settings()

    # --- composition ---------------------------------------------------------

    def _compose_database(self):
        if self._outside.get("DB_HOST") or self._outside.get("DB_SOCKET"):
            return None
        account = {
            "DB_USERNAME": self._outside.get("DB_USERNAME") or "booking_user",
            "DB_PASSWORD": (self._outside.get("DB_PASSWORD")
                            or self._secrets["database"]),
            "DB_NAME": self._outside.get("DB_NAME") or "booking_db"}
        database = Database(
            self.processes, os.path.join(self.places, "database"),
            self.places, account)
        self.settings.update(database.settings())
        return database

    def _compose_broker(self):
        if self._outside.get("RABBITMQ_URL"):
            return None
        broker = Broker(self.processes,
                        os.path.join(self.places, "rabbitmq"),
                        ("booking", self._secrets["broker"]))
        self.settings.update(broker.settings())
        return broker

    def _compose_sandbox(self, programs):
        """Stands in for whichever of the two services is not given. The
        secret of tokens is ours only when the Auth service is."""
        missing = [name for name in ("AUTH_SERVICE_URL", "FLIGHT_SERVICE_URL")
                   if not self._outside.get(name)]
        if not missing:
            return None
        secret = self._outside.get("JWT_SECRET")
        if secret is None and "AUTH_SERVICE_URL" in missing:
            secret = self._secrets["tokens"]
            self.settings["JWT_SECRET"] = secret
        sandbox = Sandbox(self.processes, programs,
                          {"JWT_SECRET": secret} if secret else {},
                          self.places, Port())
        for name in missing:
            self.settings[name] = sandbox.url + "/api/v1"
        return sandbox

    def can_sign(self):
        """Whether tokens can be made that the service will accept."""
        return bool(self.settings.get("JWT_SECRET")
                    or self._outside.get("JWT_SECRET"))

    def _load_secrets(self):
        """Made once, so that a token outlives a restart."""
        path = os.path.join(self.directory, "secrets.json")
        if not os.path.exists(path):
            names = ("database", "broker", "tokens")
            write_private(path, json.dumps(
                {name: secrets.token_hex(24) for name in names}))
        with open(path, encoding="utf-8") as stored:
            return json.load(stored)

    def _write_settings(self):
        """For a developer's own bookingctl --env-file."""
        settings = dict(self.settings)
        if not self.web.starts_workers:
            settings["POOL_LISTEN"] = f"unix:{self.service.socket}"
        write_private(os.path.join(self.directory, "booking.env"), "".join(
            f"{name}={value}\n" for name, value in settings.items()))

    # --- starting and stopping -------------------------------------------------

    def start(self, progress, build_with=None):
        """Ready when /health/ready is. `build_with`: settings of make."""
        with Together(self.processes) as together:
            built = together.run(self._step, progress, "build", lambda: build(
                self.processes, build_with)) if build_with else None
            if build_with:
                together.run(self._build_page, progress, build_with)
            database = self.database and together.run(
                self._step, progress, "database",
                lambda: self.database.start(self._keep))
            broker = self.broker and together.run(
                self._step, progress, "broker",
                lambda: self.broker.start(self._keep))
            together.join(built, database)
            self._step(progress, "migrations", self._migrate)
            together.join(broker)
        with progress.step("service"):
            if self.sandbox:
                self.sandbox.start()
            if not self.web.starts_workers:
                self.service.start_pool()
            self.service.start_events()
            self.web.start()
            return self.wait_ready()

    def _build_page(self, progress, settings):
        """The service runs without; the page then says what it lacks."""
        try:
            build_page(self.processes, settings["checkout"],
                       settings["BUILD"])
        except Failure:
            progress.line("  Without npm, /docs says how to get its viewer.")

    def _migrate(self):
        try:
            self.service.control("migrate", "up")
        except Failure as failure:
            if not self.database:
                raise
            raise Failure(f"{failure}\nmake clean-data forgets this private"
                          " database.") from failure

    @staticmethod
    def _step(progress, name, action):
        with progress.step(name):
            action()

    def wait_ready(self, seconds=30, whole_within=10):
        """Polls /health/ready until it answers 200, and a while longer until
        the parts that are ours are up as well; returns what it said."""
        ours = [name for name, part in (
            ("database", self.database), ("rabbitmq", self.broker))
            if part] + [
            name for name, setting in (
                ("auth_service", "AUTH_SERVICE_URL"),
                ("flight_service", "FLIGHT_SERVICE_URL"))
            if setting in self.settings]
        whole_by = time.monotonic() + whole_within
        answers = []

        def ready():
            answers[:] = [readiness(self.port.number)]
            if not answers[0]:
                return False
            checks = answers[0].get("checks", {})
            return time.monotonic() > whole_by or all(
                checks.get(name, {}).get("status") == "up" for name in ours)

        parts = [part for part in (
            self.service.pool, self.service.events, self.web.process,
            self.sandbox and self.sandbox.process) if part]
        self.processes.wait("/health/ready to say so", ready, seconds, *parts)
        return answers[0]

    def stop(self):
        """In the order in which nobody is left without what it needs."""
        self.processes.cancel()
        self.service.stop()
        self.web.stop()
        self.processes.stop(self.sandbox and self.sandbox.process)
        self.processes.stop(self.broker and self.broker.process,
                            self.database and self.database.process)
        self.processes.stop_all()
        for name in self._names:
            name.remove()


class Together:
    """Steps that run side by side; the first that fails ends the others."""

    def __init__(self, processes):
        self._processes = processes
        self._pool = concurrent.futures.ThreadPoolExecutor()
        self._futures = []

    def run(self, step, *arguments):
        self._futures.append(self._pool.submit(step, *arguments))
        return self._futures[-1]

    def join(self, *futures):
        """Waits for these; fails as soon as any step has failed."""
        waiting = {f for f in futures if f}
        while waiting:
            done, _ = concurrent.futures.wait(self._futures, timeout=0.1)
            for future in done:
                future.result()
            waiting -= done

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind is not None:
            self._processes.cancel()
        with contextlib.suppress(Failure):
            self._pool.shutdown()
        return False


def write_private(path, content):
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600),
              "w", encoding="utf-8") as out:
        out.write(content)
