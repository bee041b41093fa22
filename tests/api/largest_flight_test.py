"""The largest flight that is taken: whatever reads all of its seats stays within
the memory and the time of a request. What is larger is refused."""

import concurrent.futures

import pytest

from support import token as tokens
from support.client import BOOKINGS, Client, assert_error, new_flight
from support.flight_service import flight_service

SEATS = 60000
LAST = "10000F"
OVER = ("request_memory_over_cap", "memory_exhausted", "response_too_large")


def numbers(count):
    return [f"{n // 6 + 1}{'ABCDEF'[n % 6]}" for n in range(count)]


def free(api, flight):
    response = api.get(f"{BOOKINGS}/seats/{flight}")
    assert response.status_code == 200, response.text
    data = response.json()["data"]
    seats = [s["seat_number"] for s in data["seats"] if s["is_available"]]
    assert (data["total"], data["available"]) == (len(data["seats"]),
                                                  len(seats))
    return seats


@pytest.fixture(autouse=True)
def within_the_cap(request):
    """No request of these tests used more memory than one may."""
    if "log_of" not in request.fixturenames:
        yield
        return
    log_of = request.getfixturevalue("log_of")
    yield
    assert not [line for line in log_of("booking").splitlines()
                if any(event in line for event in OVER)]


# --- one that has only a number of seats ---------------------------------------

def test_first_booking_names_a_seat(api, user, store, log_of):
    """Makes the inventory and looks at all of it in one request."""
    flight = new_flight(SEATS)
    response = api.book(flight, passengers=3, seat_preferences=[LAST])
    assert response.status_code == 201, response.text
    assert response.json()["data"]["allocated_seats"] == [LAST, "1A", "1B"]
    assert store.count("seats", "flight_id = %s", flight) == SEATS
    assert store.count("bookings", "user_id = %s", user) == 1


def test_map_before_and_after_a_booking(api, log_of):
    flight = new_flight(SEATS)
    assert free(api, flight) == numbers(SEATS)
    assert api.book(flight, passengers=2).status_code == 201
    assert free(api, flight) == numbers(SEATS)[2:]


def test_growth(api, sandbox, log_of):
    flight = new_flight(8)
    assert api.book(flight).status_code == 201
    sandbox.put_flight(flight, total_seats=SEATS)
    response = api.book(flight, passengers=2, seat_preferences=[LAST])
    assert response.status_code == 201, response.text
    assert free(api, flight) == numbers(SEATS)[2:-1]


def test_looks_that_meet(url, secret, user, api, store, log_of):
    """Each look finds the same seats, and all but one has to look again."""
    flight = new_flight(SEATS)
    assert api.book(flight).status_code == 201
    preferences = numbers(SEATS)[-8:]

    def book(number):
        client = Client(url, tokens.make(f"{user}-{number}", secret))
        return client.book(flight, passengers=9,
                           seat_preferences=[preferences[number]])

    with concurrent.futures.ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(book, range(8)))
    assert {a.status_code for a in answers} <= {201, 503}
    taken = [s for a in answers if a.status_code == 201
             for s in a.json()["data"]["allocated_seats"]]
    assert len(taken) == len(set(taken)) > 0
    assert store.count("seats", "flight_id = %s AND NOT is_available",
                       flight) == 1 + len(taken)


def test_one_seat_more_is_refused(api, user, store, log_of):
    flight = new_flight(SEATS + 1)
    for response in (api.book(flight), api.get(f"{BOOKINGS}/seats/{flight}")):
        assert_error(response, 503, "FLIGHT_SERVICE_UNAVAILABLE")
    assert log_of("booking").count("`total_seats` is missing or makes no"
                                   " sense") == 2
    assert store.count("flights", "flight_id = %s", flight) == 0


# --- one that names its seats --------------------------------------------------

@pytest.fixture
def api_on(pool_with, secret, user):
    """api_on(fields): a customer of a pool whose flights have these."""
    services = []

    def start(**fields):
        service = flight_service(**fields)
        services.append(service)
        pool = pool_with(workers=1, FLIGHT_SERVICE_URL=service.__enter__(),
                         FLIGHT_TIMEOUT_MS="5000")
        return Client(pool.url, tokens.make(user, secret))
    yield start
    for service in services:
        service.__exit__(None, None, None)


@pytest.mark.parametrize("as_told", [
    str, lambda name: {"seat_number": name, "cabin": "ECONOMY",
                       "is_available": True}], ids=["text", "object"])
def test_named_seats(api_on, as_told, log_of):
    names = numbers(SEATS)[::-1]
    api = api_on(seats=[as_told(name) for name in names])
    flight = new_flight()
    assert free(api, flight) == names
    response = api.book(flight, passengers=2, seat_preferences=["1A"])
    assert response.status_code == 201, response.text
    assert response.json()["data"]["allocated_seats"] == ["1A", LAST]
    assert free(api, flight) == names[1:-1]


@pytest.mark.parametrize("fields, cause", [
    ({"seats": numbers(SEATS + 1)}, "`seats` is missing or makes no sense"),
    ({"total_seats": 8, "extras": [{}] * 200000}, "too many values"),
    ({"total_seats": 8, "extras": [1] * 1500000}, "too many values")])
def test_more_than_is_taken(api_on, fields, cause, log_of):
    api = api_on(**fields)
    assert_error(api.book(new_flight()), 503, "FLIGHT_SERVICE_UNAVAILABLE")
    assert cause in log_of("booking")
