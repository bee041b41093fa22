"""bookingctl doctor: each thing that can be wrong is broken once, and named
with its fix."""

import json
import os
import shutil
import socket
import subprocess
import types

import pytest

from conftest import BUILD, CHECKOUT, SETTINGS, eventually
from stack.ports import Port
from stack.stack import basic_environment
from stack.webserver import ApacheProxy

MIGRATIONS = os.path.join(CHECKOUT, "sql", "migrations")
DEAD = "amqp://guest:guest@127.0.0.1:1"


@pytest.fixture
def findings(stack):
    """findings(*arguments, NAME="value"): the exit status and the lines."""
    def run(*arguments, **settings):
        environment = {**basic_environment(), **SETTINGS, **stack.settings,
                       "BOOKING_MIGRATIONS": MIGRATIONS, **settings}
        ran = subprocess.run([
            os.path.join(CHECKOUT, BUILD, "bin", "bookingctl"), "doctor",
            "--socket", stack.service.socket, *arguments],
            env=environment, cwd=stack.directory, capture_output=True,
            text=True, timeout=60, check=False)
        assert "runtime error" not in ran.stderr, ran.stderr
        return ran.returncode, ran.stdout.splitlines()
    return run


def wrong(lines):
    """What is not as it should be; each line has its fix."""
    said = [line for line in lines if not line.startswith("ok    ")]
    for line in said:
        assert line.startswith(("warn  ", "FAIL  ")) and " — " in line
    return said


def only(result, level, *words):
    """The one line that is not ok, and the exit status that goes with it."""
    status, lines = result
    said = wrong(lines)
    assert len(said) == 1, said
    assert said[0].startswith(level)
    assert status == (1 if level == "FAIL" else 0)
    for word in words:
        assert word in said[0]
    return said[0]


@pytest.fixture(autouse=True)
def declared(findings):
    """The exchanges and queues are there."""
    eventually(lambda: not any("missing" in line for line in findings()[1]))


# --- nothing is wrong -----------------------------------------------------------

def test_a_good_installation(findings, url):
    status, lines = findings("--url", url)
    assert status == 0 and wrong(lines) == []
    for said in ("configuration is good", "JWT_SECRET", "socket takes",
                 "can wait for a worker", "database booking_db is",
                 "on disk", "READ COMMITTED", "connections are needed",
                 "clocks of this machine", "migrations are applied",
                 "broker answers", "queues are as configured",
                 "Auth service answers", "Flight service answers",
                 "web server and the pool answer", "Authorization reaches",
                 "errors arrive"):
        assert any(said in line for line in lines), said


def test_for_machines(findings):
    status, lines = findings("--json", JWT_SECRET="short")
    report = json.loads("".join(lines))
    assert status == 1 and report["worst"] == "FAIL"
    weak = [f for f in report["findings"] if f["level"] == "FAIL"]
    assert [f["check"] for f in weak] == ["secrets"]
    assert weak[0]["fix"]
    assert all(f["fix"] is None for f in report["findings"]
               if f["level"] == "ok")


def test_settings_that_are_wrong(findings):
    """Nothing can be checked with those; they are named as ever."""
    status, lines = findings(DB_PORT="none")
    assert (status, lines) == (78, [])


# --- this machine ---------------------------------------------------------------

def test_secrets(findings):
    only(findings(JWT_SECRET="short"), "FAIL", "JWT_SECRET", "32")
    only(findings(JWT_SECRET=""), "warn", "JWT_SECRET is empty")


def test_sample_passwords(findings, stack):
    """A habit in development, an open door in production."""
    for level, kind in (("warn", "development"), ("FAIL", "production")):
        status, lines = findings(NODE_ENV=kind, RABBITMQ_URL=DEAD,
                                 DB_PASSWORD="secure_password")
        assert status == 1
        for setting in ("DB_PASSWORD", "RABBITMQ_URL"):
            assert any(line.startswith(level) and setting in line
                       and "sample" in line for line in lines), setting


def test_pool_that_is_not_there(findings, tmp_path):
    only(findings("--socket", str(tmp_path / "pool.sock")), "FAIL",
         "not there", "start the pool")


def test_socket_that_nobody_listens_on(findings, tmp_path):
    path = str(tmp_path / "s")
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(path)
    os.chmod(path, 0o660)
    only(findings("--socket", path), "FAIL", "nobody listens")


@pytest.mark.parametrize("mode, words", (
    (0o600, "web server's group"), (0o666, "everybody")))
def test_who_may_connect(findings, tmp_path, mode, words):
    path = str(tmp_path / "s")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        os.chmod(path, mode)
        listener.listen()
        only(findings("--socket", path), "warn", words, "0660")


def test_full_queue(findings, tmp_path):
    path = str(tmp_path / "s")
    with socket.socket(socket.AF_UNIX) as listener, \
            socket.socket(socket.AF_UNIX) as client:
        listener.bind(path)
        os.chmod(path, 0o660)
        listener.listen(0)
        client.connect(path)
        only(findings("--socket", path), "FAIL", "queue is full")


def test_backlog_that_the_kernel_cuts(findings):
    with open("/proc/sys/net/core/somaxconn", encoding="ascii") as file:
        limit = int(file.read())
    result = findings(POOL_BACKLOG="65535")
    if limit < 65535:
        only(result, "warn", "somaxconn", str(limit))
    else:
        assert wrong(result[1]) == []


# --- the database ---------------------------------------------------------------

def test_database_that_refuses(findings):
    only(findings(DB_PASSWORD="wrong"), "FAIL", "database does not answer",
         "DB_PASSWORD")


@pytest.fixture
def variable(store):
    """variable(name, value): sets one of the server's, until the test
    ends."""
    old = []

    def change(name, value):
        old.append((name, store.value(f"SELECT @@GLOBAL.{name}")))
        store.query(f"SET GLOBAL {name} = %s", value)
    yield change
    for name, value in reversed(old):
        store.query(f"SET GLOBAL {name} = %s", value)


@pytest.mark.parametrize("name, value, level, words", (
    ("innodb_flush_log_at_trx_commit", 2, "warn", "loses bookings"),
    ("wait_timeout", 10, "warn", "wait_timeout is 10 s"),
    ("max_connections", 15, "FAIL", "max_connections="),
    ("read_only", 1, "FAIL", "read only"),
    # The database lives in 1970 for whoever is no administrator.
    ("init_connect", "SET timestamp = 1", "FAIL", "ms apart")))
def test_settings_of_the_database(findings, variable, name, value, level,
                                  words):
    variable(name, value)
    only(findings(), level, words)


def more_migrations(tmp_path):
    """The migrations, and one that nobody has applied."""
    folder = str(tmp_path / "migrations")
    shutil.copytree(MIGRATIONS, folder)
    last = max(int(name[:4]) for name in os.listdir(folder))
    for direction in ("up", "down"):
        with open(os.path.join(folder, f"{last + 1:04}_more.{direction}.sql"),
                  "w", encoding="utf-8") as file:
            file.write("SELECT 1;\n")
    return folder


def test_migrations(findings, tmp_path):
    folder = more_migrations(tmp_path)
    only(findings(BOOKING_MIGRATIONS=folder), "FAIL", "are pending",
         "bookingctl migrate up")
    shutil.rmtree(folder)
    shutil.copytree(MIGRATIONS, folder)
    with open(os.path.join(folder, sorted(
            name for name in os.listdir(folder) if ".up." in name)[0]), "a",
            encoding="utf-8") as file:
        file.write("-- changed\n")
    only(findings(BOOKING_MIGRATIONS=folder), "FAIL", "have changed")
    only(findings(BOOKING_MIGRATIONS=str(tmp_path / "none")), "FAIL",
         "BOOKING_MIGRATIONS")


# --- the broker and the services ------------------------------------------------

def test_broker_that_is_away(findings):
    only(findings(RABBITMQ_URL="amqp://u:p@127.0.0.1:1"), "FAIL",
         "broker does not answer", "RABBITMQ_URL")


def test_exchanges_and_queues(findings):
    only(findings(RABBITMQ_EXCHANGE="nowhere"), "FAIL", "are missing",
         "nowhere", "booking-events")
    status, lines = findings(RABBITMQ_QUEUE_TYPE="quorum")
    assert status == 1
    assert all("not as configured" in line and "RABBITMQ_QUEUE_TYPE" in line
               for line in wrong(lines)) and wrong(lines)
    # Looking has made nothing.
    only(findings(RABBITMQ_EXCHANGE="nowhere"), "FAIL", "are missing")


def test_services_that_are_away(findings):
    only(findings(AUTH_SERVICE_URL="http://127.0.0.1:1"), "FAIL",
         "Auth service does not answer", "AUTH_SERVICE_URL")
    only(findings(FLIGHT_SERVICE_URL="http://127.0.0.1:1"), "FAIL",
         "Flight service does not answer", "FLIGHT_SERVICE_URL")
    assert findings(AUTH_MODE="local",
                    AUTH_SERVICE_URL="http://127.0.0.1:1")[0] == 0


# --- the web server -------------------------------------------------------------

def test_web_server_that_is_away(findings):
    only(findings("--url", "http://127.0.0.1:1"), "FAIL", "/health/live",
         "start the web server")


@pytest.mark.parametrize("good, bad, words", (
    ("CGIPassAuth On", "CGIPassAuth Off", "Authorization is not passed on"),
    ("ProxyErrorOverride Off", "ProxyErrorOverride On",
     "replaces the service's errors")))
def test_web_server_that_is_set_wrong(findings, stack, tmp_path, good, bad,
                                      words):
    class Wrong(ApacheProxy):
        def _template(self, name):
            return super()._template(name).replace(good, bad)

    # A short path for what httpd puts beside its settings.
    service = types.SimpleNamespace(socket=stack.service.socket)
    web = Wrong(stack.processes, CHECKOUT, str(tmp_path), Port(), service,
                stack.docs)
    web.start()
    try:
        eventually(lambda: "web server and the pool answer" in "".join(
            findings("--url", web.url())[1]))
        status, lines = findings("--url", web.url())
        assert status == 1
        assert any(words in line for line in wrong(lines))
    finally:
        web.stop()


# --- at the start of a pool -----------------------------------------------------

def test_pool_says_it_in_its_log(pool_with, log_of, tmp_path):
    pool_with(BOOKING_MIGRATIONS=more_migrations(tmp_path))

    def logged():
        lines = [json.loads(line) for line in log_of("booking").splitlines()
                 if '"self_check' in line]
        ended = [line for line in lines if line["event"] == "self_check_end"
                 and line["result"] == "failures"]
        return ended and lines
    said = [line for line in eventually(logged)
            if line["event"] == "self_check"]
    assert [(line["level"], line["check"]) for line in said] == \
        [("error", "migrations")]
    assert said[0]["fix"] == "bookingctl migrate up"
