"""What a pool costs: memory of its own, and time when nobody asks for anything.

Built without sanitizers: theirs is another kind of memory."""

import concurrent.futures
import contextlib
import os
import subprocess
import time

import pytest

from conftest import BUILD, CHECKOUT
from support.client import BOOKINGS, Client, new_flight
from support.steered_pool import SteeredPool, web_server_of
from support import token as tokens

MANY = 64
PRIVATE_KIB = 3 * 1024
RESIDENT_KIB = 12 * 1024
# Oracle's client library comes with the one of C++.
ORACLE_KIB = 2 * 1024
# Of 9,000 requests more. What the caches share is counted in it.
GROWTH_KIB = 128


@pytest.fixture(scope="module")
def resident_kib():
    program = os.path.join(CHECKOUT, BUILD, "bin", "booking.fcgi")
    linked = subprocess.run(["ldd", program], check=True, capture_output=True,
                            text=True).stdout
    return RESIDENT_KIB + ("libmysqlclient" in linked and ORACLE_KIB)


@pytest.fixture
def pool_behind(stack, tmp_path):
    """pool_behind(workers): a pool, and the URL of a web server before it."""
    with contextlib.ExitStack() as parts:
        def start(workers):
            directory = tmp_path / "p"
            directory.mkdir()
            pool = parts.enter_context(SteeredPool(stack, directory, workers))
            return pool, parts.enter_context(web_server_of(stack, pool))
        yield start


class TestMemory:
    __test__ = "asan" not in BUILD

    @pytest.fixture
    def crowd(self, pool_behind, user, secret, sandbox):
        """A pool of many workers, each of which has made a booking."""
        pool, url = pool_behind(MANY)
        token = tokens.make(user, secret)
        flight = new_flight(seats=20000)
        # Slow enough that no worker does the work of another.
        sandbox.fault("auth", "slow", delay_ms=50)
        numbers = iter(range(1, 10000))

        def book(_):
            answer = Client(url, token).book(flight, passengers=1,
                                             special_requests=str(
                                                 next(numbers)))
            assert answer.status_code == 201, answer.text

        with concurrent.futures.ThreadPoolExecutor(MANY) as clients:
            while min(slot["requests"]
                      for slot in pool.status()["slots"]) == 0:
                list(clients.map(book, range(MANY)))
        sandbox.clear_faults()
        return pool

    def test_many_workers_share_their_pages(self, crowd, resident_kib):
        slots = crowd.status()["slots"]
        assert len(slots) == MANY
        for slot in slots:
            assert 0 < slot["private_kib"] < PRIVATE_KIB, slot
            assert slot["resident_kib"] < resident_kib, slot

    def test_idle_workers_are_never_woken(self, crowd):
        crowd.wait_workers(MANY)
        master = crowd.pid()
        workers = crowd.worker_pids()
        # What follows the last reply takes a moment.
        eventually_still(lambda: [switches(pid) for pid in workers])
        before = {pid: switches(pid) for pid in workers}
        looked, began = switches(master), time.monotonic()
        while switches(master) < looked + 3:
            time.sleep(0.05)
        assert {pid: switches(pid) for pid in workers} == before
        # Once a second is what the master looks around.
        assert switches(master) - looked <= time.monotonic() - began + 2

    def test_memory_does_not_grow_with_requests(self, pool_behind, user,
                                                secret, resident_kib):
        pool, url = pool_behind(1)
        api = Client(url, tokens.make(user, secret))
        path = BOOKINGS + "/" + api.book(
            new_flight()).json()["data"]["booking_id"]
        requests = 0

        def run(total):
            nonlocal requests
            while requests < total:
                requests += 1
                assert api.get(path).status_code == 200
            return pool.status()["slots"][0]["resident_kib"]

        young = run(1000)
        old = run(10000)
        assert pool.status()["workers"]["started"] == 1
        assert old < resident_kib
        assert old - young <= GROWTH_KIB


def switches(pid):
    """How often a process has gone to sleep."""
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return int(next(line for line in status if line.startswith(
            "voluntary_ctxt_switches")).split()[1])


def eventually_still(look):
    """Until the same is seen twice."""
    deadline = time.monotonic() + 20
    seen = look()
    while True:
        time.sleep(0.5)
        now = look()
        if now == seen:
            return
        assert time.monotonic() < deadline
        seen = now
