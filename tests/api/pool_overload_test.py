"""What cannot be served in time is refused at once by the pool itself."""

import asyncio
import concurrent.futures
import json
import resource
import urllib.parse

import pytest

from support.client import Client, assert_error, new_flight
from support.steered_pool import SteeredPool, web_server_of
from support import token as tokens

WORKERS = 2
LIMIT_MS = 200
STALL_MS = 1000
CLIENTS = 16
# More than lighttpd's and the kernel's defaults have room for.
CROWD = 1500


@pytest.fixture
def pool(stack, tmp_path):
    directory = tmp_path / "p"
    directory.mkdir()
    with SteeredPool(stack, directory, WORKERS, POOL_QUEUE_LIMIT_MS=LIMIT_MS,
              AUTH_TIMEOUT_MS=5000, POOL_SLOW_REQUEST_MS=500) as pool:
        yield pool


@pytest.fixture
def url(stack, pool):
    with web_server_of(stack, pool) as url:
        yield url


@pytest.fixture
def crowd(url, user, secret, sandbox):
    """crowd(): what as many clients as there are get, all at once."""
    token = tokens.make(user, secret)
    booking = Client(url, token).book(
        new_flight()).json()["data"]["booking_id"]

    def ask(_):
        return Client(url, token).booking(booking)

    with concurrent.futures.ThreadPoolExecutor(CLIENTS) as clients:
        yield lambda: clients.map(ask, range(CLIENTS))


def test_a_stalled_pool_sheds_and_recovers(pool, crowd, sandbox):
    assert {answer.status_code for answer in crowd()} == {200}
    assert pool.status()["requests"]["shed"] == 0

    sandbox.fault("auth", "slow", delay_ms=STALL_MS)
    answers = list(crowd())
    refused = [a for a in answers if a.status_code != 200]
    # Each worker had the time for at most a few of them.
    assert len(refused) >= CLIENTS // 2
    for answer in refused:
        assert_error(answer, 503, "OVERLOADED")
        assert answer.headers["Retry-After"] == "1"
    assert pool.status()["requests"]["shed"] == len(refused)
    assert len(refused) < CLIENTS

    sandbox.clear_faults()
    assert {answer.status_code for answer in crowd()} == {200}
    assert pool.status()["requests"]["shed"] == len(refused)


def test_what_is_refused_has_cost_nothing(pool, crowd, sandbox):
    sandbox.fault("auth", "slow", delay_ms=STALL_MS)
    sandbox.forget_calls()
    served = [a for a in crowd() if a.status_code == 200]
    assert sandbox.calls()["auth"]["calls"] == len(served)


@pytest.fixture
def many_files():
    """This process may have as many connections as the crowd is."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (before[1], before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


async def ask_once(url, path, token):
    """Status, headers and body, on a connection that serves nothing else."""
    host = urllib.parse.urlsplit(url)
    reader, writer = await asyncio.open_connection(host.hostname, host.port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: {host.netloc}\r\n"
                 f"Authorization: Bearer {token}\r\n"
                 "Connection: close\r\n\r\n".encode())
    head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    writer.close()
    status, *lines = head.decode().split("\r\n")
    return (int(status.split()[1]),
            dict(line.lower().split(": ", 1) for line in lines), body)


def test_a_crowd_gets_no_page_of_the_web_server(
        pool, url, user, secret, sandbox, many_files):
    token = tokens.make(user, secret)
    booking = Client(url, token).book(
        new_flight()).json()["data"]["booking_id"]
    sandbox.fault("auth", "slow", delay_ms=STALL_MS)

    async def crowd():
        return await asyncio.gather(*(
            ask_once(url, f"/api/v1/bookings/{booking}", token)
            for _ in range(CROWD)))
    answers = asyncio.run(crowd())
    refused = [answer for answer in answers if answer[0] != 200]
    assert len(refused) >= CROWD // 2
    for status, headers, body in refused:
        assert status == 503
        assert headers["retry-after"] == "1"
        assert "x-request-id" in headers
        assert json.loads(body)["error"]["code"] == "OVERLOADED"
    assert pool.status()["requests"]["shed"] == len(refused)


@pytest.mark.parametrize("path", ["/health", "/health/live", "/health/ready"])
def test_health_is_never_refused(pool, crowd, url, sandbox, path):
    sandbox.fault("auth", "slow", delay_ms=STALL_MS)
    answers = crowd()
    pool.wait("all to be busy", lambda: pool.status()["listen_queue"][
        "waiting"] > 0)
    assert Client(url).get(path).status_code == 200
    list(answers)


def test_the_master_tells_while_all_are_busy(pool, crowd, sandbox):
    sandbox.fault("auth", "slow", delay_ms=3 * STALL_MS)
    answers = crowd()
    status = pool.wait("all to be busy", lambda: (
        lambda s: s if s["workers"]["ready"] == 0
        and s["listen_queue"]["waiting"] == CLIENTS - WORKERS else None
    )(pool.status()))
    assert status["workers"]["by_state"]["busy"] == WORKERS
    with open("/proc/sys/net/core/somaxconn", encoding="ascii") as file:
        assert status["listen_queue"]["max"] == min(4096, int(file.read()))
    for slot in status["slots"]:
        assert slot["state"] == "busy"
        assert slot["request"]["route"] == "booking.get"
        assert slot["request"]["phase"] == "auth"
        assert slot["request"]["id"]
    code, text = pool.ask("GET", "/status")
    assert code == 200 and "booking.get" in text
    code, metrics = pool.ask("GET", "/metrics")
    assert code == 200
    assert f"pool_listen_queue {CLIENTS - WORKERS}\n" in metrics
    assert f'pool_workers{{state="busy"}} {WORKERS}\n' in metrics
    list(answers)
    assert pool.status()["listen_queue"]["deepest"] >= CLIENTS - WORKERS


def test_slow_requests_tell_where_they_were(pool, crowd, sandbox):
    sandbox.fault("auth", "slow", delay_ms=STALL_MS)
    served = [a for a in crowd() if a.status_code == 200]
    lines = pool.lines("request_slow")
    assert len(lines) == len(served)
    for line in lines:
        assert line["route"] == "booking.get" and line["status"] == 200
        assert line["ms"] >= line["auth_ms"] >= STALL_MS
        assert line["db_ms"] < STALL_MS
