"""Whatever an operator does to the pool, no request is lost or refused: under a
constant load all of them are answered as if nothing had happened."""

import os
import signal

import pytest

from support.client import Client, new_flight
from support.load import Load
from support.steered_pool import SteeredPool, web_server_of
from support import token as tokens

WORKERS = 4
# So many requests pass before, during and after each deed.
PASS = 150


@pytest.fixture
def pool(stack, tmp_path):
    directory = tmp_path / "p"
    directory.mkdir()
    with SteeredPool(stack, directory, WORKERS) as pool:
        yield pool


@pytest.fixture
def url(stack, pool):
    with web_server_of(stack, pool) as url:
        yield url


@pytest.fixture
def load(url, user, secret, store):
    """Runs during the test; afterwards every request must have been answered
    well, and every booking that was answered be there."""
    token = tokens.make(user, secret)
    booking = Client(url, token).book(
        new_flight()).json()["data"]["booking_id"]
    with Load(url, token, booking) as load:
        load.wait(PASS)
        yield load
        load.wait(PASS)
    assert load.failed == {}, load.answers
    assert len(set(load.created)) == load.answers[201] > 0
    assert store.count("bookings", "user_id = %s", user) == \
        1 + len(load.created)


def test_reload(pool, load):
    for generation in (2, 3, 4):
        before = pool.worker_pids()
        pool.signal(signal.SIGHUP)
        pool.wait_generation(generation)
        load.wait(PASS)
        assert not before & pool.worker_pids()
    assert pool.status()["reloads"] == {"done": 3, "refused": 0}
    assert pool.status()["workers"]["ended"]["reloaded"] == 3 * WORKERS


def test_upgrade(pool, load):
    for _ in range(3):
        old = pool.pid()
        pool.signal(signal.SIGUSR2)
        pool.wait_successor(old)
        load.wait(PASS)
        assert pool.status()["workers"]["alive"] == WORKERS


def test_scaling_by_signals(pool, load):
    for number, workers in ((signal.SIGTTIN, WORKERS + 1),
                            (signal.SIGTTIN, WORKERS + 2),
                            (signal.SIGTTOU, WORKERS + 1),
                            (signal.SIGTTOU, WORKERS),
                            (signal.SIGTTOU, WORKERS - 1)):
        pool.signal(number)
        pool.wait(f"{workers} workers", lambda w=workers:
                  pool.status()["workers"]["alive"] == w)
        load.wait(PASS // 3)


def test_scaling_by_order(pool, load):
    for workers in (12, 2, 6, 1, 4):
        assert pool.order(f"/scale?workers={workers}") == \
            f"{workers} workers\n"
        pool.wait(f"{workers} workers", lambda w=workers:
                  pool.status()["workers"]["alive"] == w)
        load.wait(PASS // 3)


def test_workers_retire(stack, pool, load):
    pool.write_settings(POOL_MAX_REQUESTS=20)
    pool.order("/reload")
    pool.wait_generation(2)
    load.wait(4 * PASS)
    assert pool.status()["workers"]["ended"]["retired"] >= 8


def test_all_at_once(pool, load):
    """Signals on top of each other."""
    old = pool.pid()
    for number in (signal.SIGHUP, signal.SIGTTIN, signal.SIGUSR1,
                   signal.SIGUSR2, signal.SIGHUP, signal.SIGTTOU):
        os.kill(old, number)
    pool.wait_successor(old)


def test_failed_reload_names_each_problem(pool, load):
    workers = pool.worker_pids()
    pool.write_settings(POOL_DRAIN_MS="soon", PUBLISH_TIMEOUT_MS="-1")
    code, body = pool.ask("POST", "/reload")
    assert code == 409
    assert "POOL_DRAIN_MS" in body and "PUBLISH_TIMEOUT_MS" in body
    pool.signal(signal.SIGHUP)
    pool.wait("both to be refused", lambda:
              pool.status()["reloads"] == {"done": 0, "refused": 2})
    named = [line["problem"] for line in pool.lines("pool_reload_problem")]
    assert len(named) == 4
    assert sum("POOL_DRAIN_MS" in problem for problem in named) == 2
    assert pool.worker_pids() == workers
    pool.write_settings(POOL_DRAIN_MS="5000", PUBLISH_TIMEOUT_MS="400")
    pool.order("/reload")
    pool.wait_generation(2)


def test_failed_upgrade_leaves_the_old_one(pool, load):
    """The new process finds settings that are wrong."""
    old, workers = pool.pid(), pool.worker_pids()
    pool.write_settings(POOL_DRAIN_MS="soon")
    pool.order("/restart")
    pool.wait("it to fail", lambda: pool.lines("upgrade_failed")
              and not pool.status()["upgrading"])
    assert (pool.pid(), pool.worker_pids()) == (old, workers)
    pool.write_settings(POOL_DRAIN_MS="5000")
    pool.order("/restart")
    pool.wait_successor(old)
