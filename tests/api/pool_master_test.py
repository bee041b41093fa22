"""The master of the pool: how it scales, what it says, whom it tells."""

import json
import os
import pty
import re
import select
import signal
import socket
import struct
import subprocess
import time

import pytest

from conftest import eventually
from stack.ports import Port
from stack.stack import basic_environment
from support.fastcgi import request
from support.steered_pool import SteeredPool

MINIMUM = 2
MAXIMUM = 6
SPARE = 2


@pytest.fixture
def pool_of(stack, tmp_path):
    """pool_of(workers=2, NAME="value"): a pool, serving."""
    pools = []

    def start(workers=2, **options):
        directory = tmp_path / f"p{len(pools)}"
        directory.mkdir()
        pools.append(SteeredPool(stack, directory, workers, **options))
        return pools[-1].start()
    yield start
    for pool in pools:
        pool.stop()


@pytest.fixture
def control(stack):
    """control(pool, "scale", "3"): a finished `bookingctl pool`; with no
    pool, of where it looks by itself."""
    def run(pool, *arguments):
        where = ["--at", f"unix:{pool.socket}.status"] if pool else []
        return subprocess.run(
            [stack.service.program("bookingctl"), "--env-file", "/dev/null",
             "pool", *where, *arguments],
            env=basic_environment(), capture_output=True, text=True,
            timeout=90)
    return run


def test_the_settings_of_make_run_find_its_pool(stack):
    status = subprocess.run(
        [stack.service.program("bookingctl"), "--env-file",
         os.path.join(stack.directory, "booking.env"), "pool", "status",
         "--json"], env=basic_environment(), capture_output=True, text=True,
        timeout=90, check=True)
    assert json.loads(status.stdout)["pid"] == stack.service.pool.pid


# --- scaling ----------------------------------------------------------------------

@pytest.fixture
def dynamic(pool_of):
    return pool_of(None, POOL_MODE="dynamic", POOL_MIN_WORKERS=MINIMUM,
                   POOL_MAX_WORKERS=MAXIMUM, POOL_SPARE_MIN=SPARE,
                   POOL_SPARE_MAX=SPARE + 1)


def occupy(pool, count):
    """Connections that each hold a worker: requests too long to be waited
    for, whose end does not come. One after the other: of two that come before
    their bytes do, one worker may take both, and serve one."""
    held = []
    for _ in range(count):
        before = at_work(pool)
        is_free = before < pool.status()["workers"]["alive"]
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(pool.socket)
        connection.sendall(request("/health", body=b"x" * 65536)[:60000])
        held.append(connection)
        if is_free:
            pool.wait("a worker to be held",
                      lambda before=before: at_work(pool) > before)
    return held


def at_work(pool):
    states = pool.status()["workers"]["by_state"]
    return states["reading"] + states["busy"]


def test_dynamic_pool_keeps_some_idle(dynamic):
    limits = dynamic.status()["workers"]
    assert (limits["mode"], limits["min"], limits["max"], limits["spare_min"],
            limits["spare_max"]) == ("dynamic", MINIMUM, MAXIMUM, SPARE,
                                     SPARE + 1)
    assert limits["alive"] == MINIMUM
    most = 0
    for busy in range(1, MAXIMUM + 2):
        held = occupy(dynamic, busy)
        wanted = min(busy + SPARE, MAXIMUM)
        # They are let go of after two seconds, so look at the same moment.
        dynamic.wait(f"{wanted} workers for {busy}", lambda w=wanted:
                     dynamic.status()["workers"]["alive"] >= w)
        most = max(most, dynamic.status()["workers"]["alive"])
        for connection in held:
            connection.close()
        dynamic.wait("all to be idle", lambda: not at_work(dynamic))
    assert most == MAXIMUM
    dynamic.wait("it to shrink", lambda: (
        lambda w: w["alive"] == w["ready"] == SPARE + 1)(
            dynamic.status()["workers"]), 60)
    assert dynamic.status()["workers"]["ended"]["scaled"] >= \
        MAXIMUM - SPARE - 1


def test_operator_lowers_the_most(dynamic):
    assert dynamic.order("/scale?workers=3") == "at most 3 workers\n"
    held = occupy(dynamic, 5)
    dynamic.wait("three workers", lambda: at_work(dynamic) == 3)
    assert dynamic.status()["workers"]["alive"] == 3
    for connection in held:
        connection.close()


@pytest.mark.parametrize("query", [
    "", "?workers=", "?workers=0", "?workers=-1", "?workers=x", "?workers=1x"])
def test_wrong_number_is_refused(pool_of, query):
    pool = pool_of()
    assert pool.ask("POST", "/scale" + query)[0] == 400
    assert pool.ask("POST", "/scale?workers=100000")[0] == 400
    assert pool.ask("POST", "/scale?workers=1000")[0] == 409
    assert pool.status()["workers"]["wanted"] == 2


def test_ends_are_counted_by_cause(pool_of):
    pool = pool_of()
    for victim in sorted(pool.worker_pids()):
        os.kill(victim, signal.SIGKILL)
    pool.wait("both to be counted", lambda: pool.status()["workers"]["ended"][
        "crashed"] == 2)
    pool.wait_workers(2)
    assert pool.status()["workers"]["started"] == 4
    metrics = pool.ask("GET", "/metrics")[1]
    assert 'pool_worker_ends_total{cause="crashed"} 2\n' in metrics
    assert 'pool_worker_ends_total{cause="overdue"} 0\n' in metrics


# --- what it says -----------------------------------------------------------------

def test_places_and_methods(pool_of):
    pool = pool_of()
    assert pool.ask("GET", "/ping") == (200, "pong\n")
    assert pool.ask("GET", "/nothing")[0] == 404
    assert pool.ask("POST", "/status")[0] == 405
    for order in ("/scale", "/reload", "/restart", "/reopen", "/drain"):
        assert pool.ask("GET", order)[0] == 405


def test_metrics_in_both_forms(pool_of):
    pool = pool_of()
    code, plain = pool.ask("GET", "/metrics")
    assert code == 200
    code, text = pool.ask("GET", "/metrics", {
        "Accept": "application/openmetrics-text"})
    assert code == 200 and text.endswith("\n# EOF\n")
    families = dict(re.findall(r"(?m)^# TYPE (\S+) (\S+)$", text))
    for name in ("booking_requests", "booking_errors", "booking_db_retries",
                 "booking_events_confirmed", "booking_events_deferred",
                 "booking_cache_lookups", "booking_breaker_opened",
                 "pool_requests", "pool_shed", "pool_worker_ends"):
        assert families[name] == "counter", name
        assert f"# TYPE {name}_total counter\n" in plain
    for name in ("booking_breaker_state", "pool_workers", "pool_workers_max",
                 "pool_listen_queue", "pool_listen_queue_max"):
        assert families[name] == "gauge", name
    assert families["booking_request_seconds"] == "histogram"
    for line in text.splitlines():
        if not line.startswith("#"):
            name = re.match(r"[a-z0-9_]+", line).group()
            assert any(name.startswith(family) for family in families), line


def test_workers_metrics_tell_of_the_pool(pool_of):
    pool = pool_of()
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(pool.socket)
        connection.sendall(request("/metrics"))
        text = b"".join(iter(lambda: connection.recv(65536), b"")).decode(
            errors="replace")
    assert "pool_workers_max 2\n" in text
    assert 'booking_breaker_state{service="auth"} 0\n' in text


def test_silent_peers_do_not_stop_the_master(pool_of):
    pool = pool_of()
    peers = []
    for _ in range(64):
        peer = socket.socket(socket.AF_UNIX)
        peer.connect_ex(pool.socket + ".status")
        peers.append(peer)
    os.kill(next(iter(pool_workers(pool))), signal.SIGKILL)
    eventually(lambda: len(pool.lines("worker_start")) == 3)
    for peer in peers:
        peer.close()
    assert pool.ask("GET", "/ping") == (200, "pong\n")


def pool_workers(pool):
    """Without asking the master."""
    return [line["worker_pid"] for line in pool.lines("worker_start")]


def test_orders_are_for_our_own_user(pool_of):
    """Over TCP nobody can be known; there is only the status."""
    port = Port().number
    pool = pool_of(POOL_STATUS_LISTEN=f"127.0.0.1:{port}",
                   status=("127.0.0.1", port))
    assert pool.ask("GET", "/status")[0] == 200
    for order in ("/scale?workers=1", "/reload", "/restart", "/reopen",
                  "/drain"):
        assert pool.ask("POST", order)[0] == 403
    assert pool.status()["workers"]["wanted"] == 2


def test_no_status_when_it_is_not_wanted(pool_of, tmp_path):
    pool = pool_of(POOL_STATUS_LISTEN="none")
    assert not os.path.exists(pool.socket + ".status")


# --- the log ----------------------------------------------------------------------

def test_log_is_opened_anew(pool_of, tmp_path):
    log = tmp_path / "booking.log"
    pool = pool_of(POOL_LOG_FILE=log)
    moved = tmp_path / "booking.log.1"
    assert log.stat().st_mode & 0o777 == 0o640
    log.rename(moved)
    pool.signal(signal.SIGUSR1)
    everyone = [pool.pid(), *pool.worker_pids()]
    pool.wait("all to have the new one", lambda: all(
        str(log) in open_files(pid) and str(moved) not in open_files(pid)
        for pid in everyone))
    os.kill(everyone[1], signal.SIGKILL)
    pool.wait("a line", lambda: "worker_exit" in log.read_text())
    assert "worker_exit" not in moved.read_text()


def open_files(pid):
    return {os.readlink(f"/proc/{pid}/fd/{fd}")
            for fd in os.listdir(f"/proc/{pid}/fd")}


# --- systemd ----------------------------------------------------------------------

class Ear:
    """What the pool tells systemd, which listens to its main process alone."""

    def __init__(self, path):
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        self._socket.settimeout(20)
        self.path = str(path)
        self.main = None

    def await_word(self, word):
        """The first message that has such a line, as a dictionary."""
        while True:
            text, control, _, _ = self._socket.recvmsg(4096, 64)
            sender = struct.unpack("iII", control[0][2])[0]
            message = dict(line.split("=", 1)
                           for line in text.decode().split("\n"))
            self.main = self.main or sender
            assert sender == self.main, message
            self.main = int(message.get("MAINPID", sender))
            if word in message:
                return message

    def close(self):
        self._socket.close()


@pytest.fixture
def ear(tmp_path):
    ear = Ear(tmp_path / "n")
    yield ear
    ear.close()


def test_systemd_is_told(pool_of, ear):
    pool = pool_of(environment={"NOTIFY_SOCKET": ear.path,
                                "WATCHDOG_USEC": "15000000"})
    assert ear.await_word("READY")["READY"] == "1"
    assert ear.await_word("WATCHDOG")["STATUS"].startswith("2 of 2 ")
    pool.signal(signal.SIGHUP)
    assert int(ear.await_word("RELOADING")["MONOTONIC_USEC"]) > 0
    ear.await_word("READY")
    pool.write_settings(POOL_DRAIN_MS="soon")
    pool.signal(signal.SIGHUP)
    assert "reload failed" in ear.await_word("READY")["STATUS"]
    assert "reload failed" in ear.await_word("WATCHDOG")["STATUS"]
    pool.write_settings(POOL_DRAIN_MS="5000")
    pool.signal(signal.SIGHUP)
    ear.await_word("READY")
    assert "failed" not in ear.await_word("WATCHDOG")["STATUS"]
    old = pool.pid()
    pool.signal(signal.SIGUSR2)
    assert int(ear.await_word("MAINPID")["MAINPID"]) == \
        pool.wait_successor(old)
    ear.await_word("WATCHDOG")
    pool.order("/drain")
    ear.await_word("STOPPING")


def test_sockets_are_handed_over(pool_of, tmp_path):
    """As systemd does it: the status first, and the pool by its own name."""
    with socket.socket(socket.AF_UNIX) as listener, \
            socket.socket(socket.AF_UNIX) as status:
        listener.bind(str(tmp_path / "given.sock"))
        listener.listen(64)
        status.bind(str(tmp_path / "given.sock.status"))
        status.listen(64)
        pool = pool_of(handed_over={"status": status,
                                    "booking.socket": listener},
                       socket=str(tmp_path / "given.sock"), POOL_BACKLOG=100)
        assert pool.status()["listen_queue"]["max"] == 100
        old = pool.pid()
        pool.order("/restart")
        pool.wait_successor(old)


# --- bookingctl -------------------------------------------------------------------

def test_bookingctl_knows_the_units_socket(control):
    """Without settings; a pool may be installed on this machine."""
    done = control(None, "ping")
    assert done.stdout == "pong\n" or \
        "/run/booking/pool.sock.status" in done.stderr


def test_bookingctl_steers(pool_of, control):
    pool = pool_of()
    assert control(pool, "ping").stdout == "pong\n"
    assert control(pool, "scale", "5").stdout == "5 workers\n"
    pool.wait_workers(5)
    text = control(pool, "status").stdout
    assert "5 static: 5 idle" in text and "\033" not in text
    assert json.loads(control(pool, "status", "--json").stdout)[
        "workers"]["alive"] == 5
    assert "pool_workers_max 5\n" in control(
        pool, "status", "--metrics").stdout
    assert control(pool, "reload").stdout == "generation 2 starts\n"
    pool.wait_generation(2)
    old = pool.pid()
    done = control(pool, "restart")
    assert done.returncode == 0, done.stderr
    assert f"took over from {old}\n" in done.stdout
    pool.write_settings(POOL_DRAIN_MS="soon")
    refused = control(pool, "reload")
    assert refused.returncode == 1 and "POOL_DRAIN_MS" in refused.stderr
    refused = control(pool, "restart")
    assert refused.returncode == 1 and "serves on" in refused.stderr
    assert control(pool, "drain").returncode == 0
    eventually(lambda: control(pool, "ping").returncode == 1)


@pytest.mark.parametrize("arguments", [
    (), ("scale",), ("scale", "0"), ("scale", "x"), ("status", "--all"),
    ("explode",)])
def test_bookingctl_explains(pool_of, control, arguments):
    told = control(pool_of(), *arguments)
    assert told.returncode == 64
    assert "usage: bookingctl pool" in told.stderr


def test_live_status(stack, pool_of):
    """On a terminal it goes on until q, and leaves the screen as it was."""
    pool = pool_of()
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve(stack.service.program("bookingctl"), [
            "bookingctl", "--env-file", "/dev/null", "pool", "--at",
            f"unix:{pool.socket}.status", "status"],
            {**basic_environment(), "TERM": "xterm"})
    shown = read_until(terminal, b"", b"2 static: 2 idle")
    assert b"\033[?1049h" in shown
    pool.order("/scale?workers=3")
    read_until(terminal, b"", b"3 static: 3 idle")
    os.write(terminal, b"q")
    read_until(terminal, b"", b"\033[?1049l")
    assert os.waitpid(pid, 0)[1] == 0
    os.close(terminal)


def read_until(terminal, read, text):
    deadline = time.monotonic() + 20
    while text not in read:
        assert time.monotonic() < deadline, read
        if select.select([terminal], [], [], 0.5)[0]:
            read += os.read(terminal, 65536)
    return read
