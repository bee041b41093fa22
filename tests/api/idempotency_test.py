"""The same request again: Idempotency-Key, under load and under fire."""

import concurrent.futures
import json
import os
import signal
import uuid

import pytest
import requests

from conftest import eventually
from support import token as tokens
from support.client import BOOKINGS, Client, assert_error, new_flight, \
    passenger
from support.pool import workers_of


def key_header(key=None):
    return {"Idempotency-Key": key or uuid.uuid4().hex}


def replayed(response):
    return response.headers.get("Idempotent-Replayed") == "true"


def identity(response):
    assert response.status_code == 201, response.text
    return response.json()["data"]["booking_id"]


def test_same_answer_again(api, user, store):
    flight, key = new_flight(), key_header()
    first = api.book(flight, passengers=2, headers=key)
    again = api.book(flight, passengers=2, headers=key)
    assert not replayed(first) and replayed(again)
    assert again.status_code == 201 and again.json() == first.json()
    for name in ("Location", "ETag"):
        assert again.headers[name] == first.headers[name]
    assert store.count("bookings", "user_id = %s", user) == 1


def test_bodies_are_compared_as_json(api):
    body = {"flight_id": new_flight(), "special_requests": "ü",
            "passengers": [passenger(0)]}
    key = {**key_header(), "Content-Type": "application/json"}
    texts = (json.dumps(body), json.dumps(body, indent=3, sort_keys=True),
             json.dumps(dict(reversed(body.items())), ensure_ascii=False))
    first, *others = [api.post(BOOKINGS, data=text.encode(), headers=key)
                      for text in texts]
    for other in others:
        assert replayed(other) and identity(other) == identity(first)


def test_another_body_is_refused(api, user, store):
    flight, key = new_flight(), key_header()
    identity(api.book(flight, headers=key))
    assert_error(api.book(flight, headers=key, special_requests="x"),
                 422, "IDEMPOTENCY_KEY_REUSED")
    assert_error(api.book(new_flight(), headers=key),
                 422, "IDEMPOTENCY_KEY_REUSED")
    assert store.count("bookings", "user_id = %s", user) == 1


def test_another_key_is_another_booking(api):
    flight = new_flight()
    ids = {identity(api.book(flight, headers=key_header())) for _ in range(3)}
    ids.add(identity(api.book(flight)))
    assert len(ids) == 4


def test_keys_belong_to_their_user(api, client_of, user):
    flight, key = new_flight(), key_header()
    assert identity(api.book(flight, headers=key)) != \
        identity(client_of(user + "-other").book(flight, headers=key))


def test_failed_request_is_not_remembered(api, client_of, user):
    flight, key = new_flight(), key_header()
    other = client_of(user + "-other")
    taken = identity(other.book(flight, seat_preferences=["1A"]))
    for _ in range(2):
        assert_error(api.book(flight, headers=key, seat_preferences=["1A"]),
                     409, "SEAT_UNAVAILABLE")
    other.request("DELETE", f"{BOOKINGS}/{taken}")
    booked = api.book(flight, headers=key, seat_preferences=["1A"])
    assert not replayed(booked) and identity(booked)


@pytest.mark.parametrize("change", ["cancel", "confirm", "edit"])
def test_replay_stays_the_same_after_a_change(api, admin, change):
    flight, key = new_flight(), key_header()
    first = api.book(flight, headers=key)
    path = f"{BOOKINGS}/{identity(first)}"
    if change == "cancel":
        api.request("DELETE", path)
    elif change == "confirm":
        admin.post(path + "/confirm")
    else:
        person = api.get(path).json()["data"]["passengers"][0]["passenger_id"]
        api.request("PATCH", f"{path}/passengers/{person}",
                    json={"first_name": "J"})
    again = api.book(flight, headers=key)
    assert replayed(again) and again.json() == first.json()


def test_replay_of_a_flight_that_cannot_be_booked_any_more(api, sandbox):
    flight, key = new_flight(2), key_header()
    first = api.book(flight, passengers=2, headers=key)
    assert identity(api.book(flight, passengers=2, headers=key)) == \
        identity(first)
    sandbox.put_flight(flight, status="CANCELLED")
    assert identity(api.book(flight, passengers=2, headers=key)) == \
        identity(first)


def test_key_is_kept_a_day(api, store):
    flight, key = new_flight(), key_header()
    first = api.book(flight, headers=key)

    def age(interval):
        store.query(f"UPDATE bookings SET created_at = UTC_TIMESTAMP(3)"
                    f" - INTERVAL {interval} WHERE booking_reference = %s",
                    first.json()["data"]["booking_reference"])

    age("1439 MINUTE")
    assert replayed(api.book(flight, headers=key))
    age("1441 MINUTE")
    assert_different = api.book(flight, headers=key)
    assert not replayed(assert_different)
    assert identity(assert_different) != identity(first)
    assert identity(api.book(flight, headers=key)) == \
        identity(assert_different)


@pytest.mark.parametrize("key", [
    "k" * 256, "a b", " a", "a\tb", "\x7f", "ü", "a, b"])
def test_wrong_keys(api, user, store, key):
    try:
        response = api.book(new_flight(),
                            headers={"Idempotency-Key": key.encode()})
    except requests.exceptions.InvalidHeader:
        return
    if key == " a":  # blanks around a value are not part of it
        assert identity(response)
        return
    error = assert_error(response, 400, "VALIDATION_ERROR") \
        if response.json()["error"]["code"] != "BAD_REQUEST" else {}
    if error:
        assert [f["field"] for f in error["fields"]] == ["Idempotency-Key"]
    assert store.count("bookings", "user_id = %s", user) == 0


@pytest.mark.parametrize("key", ["k", "k" * 255, '"quoted"', "!~", "a,b"])
def test_right_keys(api, key):
    flight = new_flight()
    first = api.book(flight, headers=key_header(key))
    assert replayed(api.book(flight, headers=key_header(key)))
    assert identity(first)


# --- at the same time -----------------------------------------------------------

def at_once(count, call):
    with concurrent.futures.ThreadPoolExecutor(count) as threads:
        return list(threads.map(lambda _: call(), range(count)))


def test_fifty_with_one_key(url, secret, user, store):
    flight, key = new_flight(), key_header()
    token = tokens.make(user, secret)
    answers = at_once(50, lambda: Client(url, token).book(
        flight, passengers=2, headers=key))
    assert {a.status_code for a in answers} <= {201, 409}
    for answer in answers:
        if answer.status_code == 409:
            assert_error(answer, 409, "REQUEST_IN_PROGRESS")
            assert int(answer.headers["Retry-After"]) >= 1
    booked = [a for a in answers if a.status_code == 201]
    assert len({identity(a) for a in booked}) == 1
    assert sum(not replayed(a) for a in booked) == 1
    assert store.count("bookings", "user_id = %s", user) == 1
    assert store.count("seats", "flight_id = %s AND NOT is_available",
                       flight) == 2


def test_fifty_double_clicks(url, secret, user, store):
    flight, token = new_flight(), tokens.make(user, secret)
    answers = at_once(50, lambda: Client(url, token).book(flight))
    assert len({identity(a) for a in answers}) == 1
    assert sum(not replayed(a) for a in answers) == 1
    assert store.count("bookings", "user_id = %s", user) == 1


def test_two_pools_and_one_key(url, pool_with, secret, user, store):
    """Hosts do not see each other's claims: the database decides."""
    flight, key = new_flight(), key_header()
    token, turns = tokens.make(user, secret), iter(range(40))
    urls = (url, pool_with(workers=4).url)
    answers = at_once(20, lambda: Client(urls[next(turns) % 2], token).book(
        flight, headers=key))
    assert {a.status_code for a in answers} <= {201, 409}
    assert len({identity(a) for a in answers if a.status_code == 201}) == 1
    assert store.count("bookings", "user_id = %s", user) == 1


def test_still_running(api, url, user, sandbox):
    flight, key = new_flight(), key_header()
    sandbox.fault("flight", "slow", delay_ms=1000, count=1)
    with concurrent.futures.ThreadPoolExecutor(1) as thread:
        first = thread.submit(api.book, flight, headers=key)
        eventually(lambda: sandbox.calls()["flight"]["calls"] == 1)
        error = Client(url, api.token).book(flight, headers=key)
        assert_error(error, 409, "REQUEST_IN_PROGRESS")
        assert int(error.headers["Retry-After"]) >= 1
        # Only the key is held, not the user.
        assert identity(Client(url, api.token).book(
            flight, headers=key_header()))
        assert identity(first.result())
    assert replayed(api.book(flight, headers=key))


# --- workers that die --------------------------------------------------------------

@pytest.mark.parametrize("keyed", [True, False])
def test_killed_between_commit_and_reply(stack, pool_with, secret, user,
                                         store, keyed):
    """The broker stands still, so the worker waits for its confirm with the
    booking committed; there it is killed."""
    pool = pool_with(workers=2, PUBLISH_TIMEOUT_MS="8000")
    api = Client(pool.url, tokens.make(user, secret))
    flight, key = new_flight(), key_header() if keyed else None
    # Connected to the broker, with the flight's inventory in place.
    for number in range(4):
        identity(api.book(flight, special_requests=str(number)))
    stack.broker.process.signal(signal.SIGSTOP)
    try:
        with concurrent.futures.ThreadPoolExecutor(1) as thread:
            lost = thread.submit(api.book, flight, headers=key)
            eventually(lambda: store.count(
                "bookings", "user_id = %s", user) == 5)
            for pid in workers_of(pool.service.pool):
                os.kill(pid, signal.SIGKILL)
            answer = lost.result()
    finally:
        stack.broker.process.signal(signal.SIGCONT)
    assert answer.status_code in (500, 502, 503) or replayed(answer)
    again = eventually(lambda: kept(api.book(flight, headers=key)))
    assert replayed(again)
    stored = store.query("SELECT HEX(id) AS id FROM bookings"
                         " WHERE user_id = %s ORDER BY id DESC", user)
    assert len(stored) == 5
    assert stored[0]["id"].lower() == identity(again).replace("-", "")


def kept(response):
    return response if response.status_code == 201 else None
