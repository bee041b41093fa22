"""Parts that die, stand still or are away: nothing is lost, nothing doubled,
every reply comes in time."""

import contextlib
import os
import signal
import threading
import time

import pytest
import requests

from conftest import eventually
from support import token as tokens
from support.client import BOOKINGS, Client, assert_error, new_flight
from support.pool import workers_of

REQUEST_TIMEOUT_S = 8
WILL_FOLLOW = "Booking created successfully. Confirmation email will follow."


@contextlib.contextmanager
def frozen(process):
    process.signal(signal.SIGSTOP)
    try:
        eventually(lambda: has_stopped(process.pid))
        yield
    finally:
        process.signal(signal.SIGCONT)


def has_stopped(pid):
    """Every thread has met the signal."""
    states = []
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/stat", encoding="utf-8") as stat:
            states.append(stat.read().rpartition(")")[2].split()[0])
    return set(states) == {"T"}


@pytest.fixture
def whole(stack):
    """The stack, whole again afterwards."""
    yield stack
    stack.wait_ready()


def in_time(call):
    """The answer, which the client would not have waited for longer."""
    started = time.monotonic()
    answer = call(timeout=REQUEST_TIMEOUT_S + 2)
    assert time.monotonic() - started < REQUEST_TIMEOUT_S + 1
    return answer


# --- workers -------------------------------------------------------------------

def test_workers_killed_in_mid_load(pool_with, secret, user, store):
    """Each client repeats until it has its booking; there is one of each."""
    pool = pool_with(workers=4)
    flight, per_client = new_flight(200), 12
    booked, stop = {}, threading.Event()

    def buy(number):
        client = Client(pool.url, tokens.make(f"{user}-{number}", secret))
        for turn in range(per_client):
            key = {"Idempotency-Key": f"{number}-{turn}"}
            while True:
                with contextlib.suppress(requests.ConnectionError):
                    answer = client.book(flight, headers=key)
                    if answer.status_code == 201:
                        break
                    assert answer.status_code in (409, 500, 502, 503), \
                        answer.text
            booked[number, turn] = answer.json()["data"]["booking_id"]

    buyers = [threading.Thread(target=buy, args=(n,)) for n in range(6)]
    for buyer in buyers:
        buyer.start()
    killed = 0
    for share in range(1, 6):
        eventually(lambda: len(booked) >= share * 10, 60)
        for pid in workers_of(pool.service.pool)[:2]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
                killed += 1
    for buyer in buyers:
        buyer.join(60)
    stop.set()
    assert killed >= 5 and len(booked) == 6 * per_client
    stored = {row["id"].lower() for row in store.query(
        "SELECT HEX(id) AS id FROM bookings WHERE flight_id = %s", flight)}
    assert stored == {i.replace("-", "") for i in booked.values()}
    assert store.count("seats", "flight_id = %s AND NOT is_available",
                       flight) == 6 * per_client
    assert store.count(
        "booking_events", "event_type = 'booking.created' AND booking_id IN"
        " (SELECT id FROM bookings WHERE flight_id = %s)", flight) == \
        6 * per_client


# --- the database ---------------------------------------------------------------

def test_frozen_database(whole, api, anonymous, user):
    flight = new_flight()
    booking = api.book(flight).json()["data"]["booking_id"]
    with frozen(whole.database.process):
        for call in (
                lambda **o: api.get(f"{BOOKINGS}/{booking}", **o),
                lambda **o: api.post(BOOKINGS, json={
                    "flight_id": flight, "special_requests": "x",
                    "passengers": [{"first_name": "A", "last_name": "B",
                                    "email": "a@b.c"}]}, **o),
                lambda **o: api.request("DELETE", f"{BOOKINGS}/{booking}",
                                        **o),
                lambda **o: api.get(f"{BOOKINGS}/user/{user}", **o)):
            answer = in_time(call)
            assert_error(answer, 503, "DATABASE_UNAVAILABLE")
            assert int(answer.headers["Retry-After"]) >= 1
        assert anonymous.get("/health").status_code == 200
        ready = in_time(lambda **o: anonymous.get("/health/ready", **o))
        assert ready.status_code == 503
        assert ready.json()["checks"]["database"]["status"] == "down"
    eventually(lambda: api.booking(booking).status_code == 200)


def test_stopped_database(whole, api, anonymous):
    flight = new_flight()
    booking = api.book(flight).json()["data"]["booking_id"]
    whole.database.stop()
    try:
        for call in (lambda **o: api.get(f"{BOOKINGS}/{booking}", **o),
                     lambda **o: api.book(flight, special_requests="x")):
            assert_error(in_time(call), 503, "DATABASE_UNAVAILABLE")
        ready = anonymous.get("/health/ready")
        assert ready.status_code == 503
        assert ready.json()["status"] not in ("ok", "degraded")
    finally:
        whole.database.resume()
    # Connections that were lost are replaced without a failed request.
    answer = api.booking(booking)
    assert answer.status_code == 200, answer.text


def test_change_that_the_database_refused_has_no_effect(whole, api):
    """A transaction that was cut off leaves nothing behind."""
    booking = api.book(new_flight()).json()["data"]["booking_id"]
    with frozen(whole.database.process):
        assert_error(in_time(lambda **o: api.request(
            "DELETE", f"{BOOKINGS}/{booking}", **o)),
            503, "DATABASE_UNAVAILABLE")
    eventually(lambda: api.booking(booking).status_code == 200)
    data = api.booking(booking).json()["data"]
    history = api.get(f"{BOOKINGS}/{booking}/history").json()["data"][
        "history"]
    # Either all of it happened or nothing.
    assert (data["status"], len(history)) in (("CREATED", 1),
                                              ("CANCELLED", 2))


# --- the broker -----------------------------------------------------------------

def waiting(store, booking):
    return store.count("booking_events", "booking_id = UNHEX(%s)"
                       " AND outbox_shard IS NOT NULL",
                       booking.replace("-", ""))


def book_without_broker(api, store):
    key = {"Idempotency-Key": "without-broker"}
    flight = new_flight()
    answer = in_time(lambda timeout: api.book(flight, headers=key))
    assert answer.status_code == 201
    assert answer.json()["message"] == WILL_FOLLOW
    booking = answer.json()["data"]["booking_id"]
    assert waiting(store, booking) == 1
    again = api.book(flight, headers=key)
    assert again.json() == answer.json()
    return booking


def test_frozen_broker(whole, api, store):
    with frozen(whole.broker.process):
        booking = book_without_broker(api, store)
    eventually(lambda: waiting(store, booking) == 0, 30)


def test_stopped_broker(whole, api, admin, anonymous, store):
    whole.broker.stop()
    try:
        booking = book_without_broker(api, store)
        assert admin.post(f"{BOOKINGS}/{booking}/confirm").status_code == 200
        assert api.request("DELETE", f"{BOOKINGS}/{booking}") \
            .status_code == 200
        assert waiting(store, booking) == 3
        ready = anonymous.get("/health/ready")
        assert ready.status_code == 200
        assert ready.json()["status"] == "degraded"
        assert ready.json()["checks"]["rabbitmq"]["status"] == "down"
    finally:
        whole.broker.resume()
    eventually(lambda: waiting(store, booking) == 0, 60)


# --- the other services -----------------------------------------------------------

def test_services_away(whole, pool_with, secret, user):
    """Connections are refused."""
    pool = pool_with(AUTH_SERVICE_URL="http://127.0.0.1:1",
                     FLIGHT_SERVICE_URL="http://127.0.0.1:1")
    api = Client(pool.url, tokens.make(user, secret))
    assert_error(in_time(lambda **o: api.get(BOOKINGS, **o)),
                 503, "AUTH_SERVICE_UNAVAILABLE")
    pool = pool_with(FLIGHT_SERVICE_URL="http://127.0.0.1:1")
    api = Client(pool.url, tokens.make(user, secret))
    assert_error(in_time(lambda timeout: api.book(new_flight())),
                 503, "FLIGHT_SERVICE_UNAVAILABLE")
    ready = Client(pool.url).get("/health/ready")
    assert ready.status_code == 200 and ready.json()["status"] == "degraded"
    assert ready.json()["checks"]["flight_service"]["status"] == "down"


def test_any_answer_means_up(anonymous, sandbox):
    sandbox.fault("auth", "error503")
    sandbox.fault("flight", "not_found")
    assert anonymous.get("/health/ready").json()["status"] == "ok"


def test_frozen_worker(pool_with, secret, user):
    """The web server gives it up, the master replaces it."""
    pool = pool_with(workers=1, REQUEST_TIMEOUT_MS="500")
    api = Client(pool.url, tokens.make(user, secret))
    assert api.get(f"{BOOKINGS}/user/{user}").status_code == 200
    pid = workers_of(pool.service.pool)[0]
    os.kill(pid, signal.SIGSTOP)
    try:
        answer = api.get(f"{BOOKINGS}/user/{user}", timeout=30)
        assert answer.status_code in (500, 502, 503, 504)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)
    eventually(lambda: api.get(f"{BOOKINGS}/user/{user}").status_code == 200)
