"""A running stack for each worker of the test run, and ways to look at it."""

import os
import re
import shutil
import tempfile
import time
import uuid

import pytest

from stack.ports import Port
from stack.stack import Stack, basic_environment
from stack.progress import Silence
from stack.webserver import web_server
from support import token as tokens
from support.client import Client
from support.events import Subscription
from support.pool import Pool
from support.sandbox import SandboxControl
from support.store import Store

CHECKOUT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
BUILD = os.environ.get("BUILD") or "build"
WORKERS = 4
# Which of conf/ stands in front (stack.webserver).
WEBSERVER = os.environ.get("WEBSERVER") or "lighttpd"
# Tests of what the workers of a pool share, or of many requests at once.
NEEDS_A_POOL = {"test_metrics_count_requests", "test_still_running",
                "concurrency_test.py", "event_order_test.py"}
# What sanitizers and asserts leave behind.
DEFECTS = re.compile(r"^.*(?:ERROR: \w+Sanitizer|runtime error:|"
                     r"Assertion .* failed).*$", re.MULTILINE)
# The tests decide for themselves when a repeated call is news, and when a
# service has failed often enough.
SETTINGS = {"AUTH_CACHE_SECONDS": "0", "FLIGHT_CACHE_SECONDS": "0",
            "BREAKER_FAILURES": "1000"}


def pytest_collection_modifyitems(items):
    """Behind web servers that start the workers nothing is asked about the
    pool's processes; behind those whose workers share nothing, nothing about
    what a pool shares, nor for speed."""
    web = web_server(WEBSERVER)
    if web.starts_workers:
        items[:] = [item for item in items if not
                    {"pool_with", "log_of", "workers"} & set(item.fixturenames)
                    and not (web.alone and NEEDS_A_POOL & {
                        item.path.name, item.name.partition("[")[0]})]


def make_stack(directory, **settings):
    """A stack that is not started yet; `settings` as in the environment."""
    return Stack(CHECKOUT, directory, {**basic_environment(), **SETTINGS,
                                       "WEBSERVER": WEBSERVER, **settings},
                 Port(), programs=os.path.join(BUILD, "bin"),
                 workers=WORKERS)


@pytest.fixture(scope="session")
def stack_directory():
    """Kept by the run when a test failed; removed when nobody asked for
    it."""
    given = os.environ.get("BOOKING_TEST_DIR")
    if given:
        yield tempfile.mkdtemp(prefix="api-", dir=given)
        return
    directory = tempfile.mkdtemp(prefix="booking-")
    yield directory
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(scope="session")
def stack(stack_directory):
    """The whole service, running. Ends with a look for defects that the
    programs reported about themselves."""
    whole = make_stack(stack_directory)
    try:
        whole.start(Silence())
        yield whole
    finally:
        whole.stop()
    defects = [line for name in sorted(os.listdir(whole.log_dir))
               for line in DEFECTS.findall(log_text(whole, name))]
    assert not defects, defects


def log_text(stack, name):
    with open(os.path.join(stack.log_dir, name), encoding="utf-8",
              errors="replace") as log:
        return log.read()


@pytest.fixture(scope="session")
def url(stack):
    return f"http://127.0.0.1:{stack.port.number}"


@pytest.fixture(scope="session")
def secret(stack):
    return stack.settings["JWT_SECRET"]


@pytest.fixture
def client_of(url, secret):
    """client_of(user, role): a client of that user."""
    def make(user, role="customer"):
        return Client(url, tokens.make(user, secret, role))
    return make


@pytest.fixture
def user():
    """A user that no other test knows."""
    return f"user-{uuid.uuid4().hex[:12]}"


@pytest.fixture
def api(client_of, user):
    """A customer of this test alone."""
    return client_of(user)


@pytest.fixture
def admin(client_of):
    return client_of("admin-1", "admin")


@pytest.fixture
def anonymous(url):
    return Client(url)


@pytest.fixture
def sandbox(stack):
    """The sandbox, reset before and after."""
    control = SandboxControl(stack.sandbox.url)
    control.reset()
    yield control
    control.reset()


@pytest.fixture(scope="session")
def store(stack):
    return Store(stack.database.socket, stack.settings["DB_NAME"])


@pytest.fixture
def events(stack):
    """All booking events from now on."""
    subscription = Subscription(stack.settings["RABBITMQ_URL"])
    yield subscription
    subscription.close()


@pytest.fixture
def log_of(stack):
    """log_of(name): what a part (booking, events, sandbox, lighttpd) logged
    since the test began."""
    begun = {name: os.path.getsize(os.path.join(stack.log_dir, name))
             for name in os.listdir(stack.log_dir)}

    def read(name):
        path = os.path.join(stack.log_dir, name + ".log")
        with open(path, "rb") as log:
            log.seek(begun.get(name + ".log", 0))
            return log.read().decode("utf-8", "replace")
    return read


@pytest.fixture
def pool_with(stack, tmp_path):
    """pool_with(workers=2, NAME="value"): a further pool with these settings,
    ready to answer."""
    pools = []

    def start(workers=2, **settings):
        environment = {
            **basic_environment(), **SETTINGS, **stack.settings, **settings}
        pool = Pool(stack, CHECKOUT, os.path.join(CHECKOUT, BUILD, "bin"),
                    str(tmp_path / f"pool-{len(pools)}"), environment,
                    workers)
        pools.append(pool)
        pool.start()
        return pool
    yield start
    for pool in pools:
        pool.stop()


def eventually(condition, seconds=15):
    """The first true value of `condition`, which is asked until then."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, \
            f"{condition} not true within {seconds} s"
        time.sleep(0.05)
