"""Flights as the Flight service tells them: dialects, nonsense, absence."""

import pytest

from support import token as tokens
from support.client import (BOOKINGS, Client, assert_error, new_flight,
                            passenger)


def booked(api, flight, **fields):
    response = api.book(flight, **fields)
    assert response.status_code == 201, response.text
    return api.booking(response.json()["data"]["booking_id"]).json()["data"]


# --- dialects ------------------------------------------------------------------

@pytest.mark.parametrize("prices", ["number", "string"])
@pytest.mark.parametrize("dialect", ["snake_case", "snake_case_time",
                                     "camelCase"])
def test_every_dialect(api, sandbox, dialect, prices):
    sandbox.dialect("flight", dialect=dialect, prices=prices)
    data = booked(api, new_flight(8), passengers=2)
    assert data["flight_details"] == {
        "flight_number": "AA100", "airline": "American Airlines",
        "departure": "2030-02-15T08:00:00Z",
        "arrival": "2030-02-15T11:30:00Z", "origin": "JFK",
        "destination": "LAX"}
    assert (data["total_price"], data["currency"]) == (599.98, "USD")
    seats = api.get(f"{BOOKINGS}/seats/{data['flight_id']}").json()["data"]
    assert seats["total"] == 8


@pytest.mark.parametrize("dialect", ["snake_case", "snake_case_time",
                                     "camelCase"])
def test_seat_names_in_every_dialect(api, sandbox, dialect):
    flight = new_flight()
    sandbox.dialect("flight", dialect=dialect)
    sandbox.put_flight(flight, seats=["4F", "9C"])
    data = booked(api, flight, passengers=2)
    assert sorted(p["seat"] for p in data["passengers"]) == ["4F", "9C"]


@pytest.mark.parametrize("ids, flight, status", [
    ("exact", "12", 201), ("cast", "12", 201), ("cast", "12x", 400)])
def test_numeric_ids(api, sandbox, ids, flight, status):
    """A service that casts 12x to 12 speaks of another flight."""
    sandbox.dialect("flight", ids=ids)
    response = api.book(flight)
    assert response.status_code == status
    if status == 201:
        assert response.json()["data"]["flight_id"] == flight
    else:
        assert_error(response, 400, "FLIGHT_UNAVAILABLE")


@pytest.mark.parametrize("unknown", ["404", "data_null"])
def test_both_ways_to_say_unknown(api, sandbox, unknown):
    sandbox.dialect("flight", unknown=unknown)
    error = assert_error(api.book("nope"), 400, "FLIGHT_UNAVAILABLE")
    assert error["details"] == "Flight nope does not exist"


@pytest.mark.parametrize("fields, shown", [
    ({"omit": ["airline", "flight_number"]},
     {"airline": None, "flight_number": None}),
    ({"omit": ["arrival"]}, {"arrival": None}),
    ({"origin": 7, "destination": "12"}, {"origin": "7", "destination": "12"}),
    ({"flight_number": "ÄÖ 1"}, {"flight_number": "ÄÖ 1"}),
    ({"departure": "2030-02-15T10:00:00+02:00"},
     {"departure": "2030-02-15T08:00:00Z"}),
    ({"departure": "2030-02-15T08:00:00.999Z"},
     {"departure": "2030-02-15T08:00:00Z"})])
def test_what_may_differ(api, sandbox, fields, shown):
    flight = new_flight()
    sandbox.put_flight(flight, **fields)
    details = booked(api, flight)["flight_details"]
    assert {name: details[name] for name in shown} == shown


@pytest.mark.parametrize("price", ["299.99", "300", "0.5", 299.9, 0,
                                   "99999999.99"])
def test_good_prices(api, sandbox, price):
    flight = new_flight()
    sandbox.put_flight(flight, price=price)
    assert booked(api, flight)["total_price"] == float(price)


@pytest.mark.parametrize("fields", [
    {"price": "1.999"}, {"price": "-1"}, {"price": "1e3"}, {"price": ""},
    {"price": "12,50"}, {"price": True}, {"price": "99999999999.99"},
    {"currency": "EURO"}, {"currency": 9}, {"currency": "E1R"},
    {"departure": "tomorrow"}, {"departure": 1893456000},
    {"departure": "2030-02-30T00:00:00Z"}, {"arrival": "later"},
    {"available_seats": "many"}, {"available_seats": -1},
    {"total_seats": 1.5}, {"total_seats": 1000000},
    {"flight_number": "A\u0007B"},
    {"seats": ["1A", "not a seat"]}, {"seats": [1]}])
def test_what_makes_no_sense(api, user, store, sandbox, fields):
    flight = new_flight()
    sandbox.put_flight(flight, **fields)
    assert_error(api.book(flight), 503, "FLIGHT_SERVICE_UNAVAILABLE")
    assert store.count("bookings", "user_id = %s", user) == 0


def test_price_times_passengers_out_of_range(api, sandbox):
    flight = new_flight()
    sandbox.put_flight(flight, price="9999999999.99")
    assert_error(api.book(flight, passengers=2),
                 503, "FLIGHT_SERVICE_UNAVAILABLE")


# --- faults --------------------------------------------------------------------

@pytest.mark.parametrize("mode", [
    "close", "error500", "error503", "error500_json", "bad_request",
    "html200", "empty", "garbage", "huge", "deep", "duplicate_key",
    "redirect", "wrong_type", "not_object", "success_false", "success_text",
    "no_success", "no_price", "null_price", "negative_price", "nan_price",
    "infinite_price", "text_price", "many_decimals", "no_departure",
    "bad_departure", "bad_seats", "negative_seats"])
def test_faults(api, user, store, sandbox, mode):
    sandbox.fault("flight", mode)
    response = api.book(new_flight())
    assert_error(response, 503, "FLIGHT_SERVICE_UNAVAILABLE")
    assert int(response.headers["Retry-After"]) >= 1
    assert store.count("bookings", "user_id = %s", user) == 0
    sandbox.clear_faults()
    assert api.book(new_flight()).status_code == 201


@pytest.mark.parametrize("mode", ["data_null", "not_found", "wrong_id"])
def test_faults_that_mean_unknown(api, sandbox, mode):
    sandbox.fault("flight", mode)
    assert_error(api.book(new_flight()), 400, "FLIGHT_UNAVAILABLE")


def test_slow_service_is_given_up(api, sandbox):
    sandbox.fault("flight", "slow", delay_ms=4000, count=1)
    assert_error(api.book(new_flight()), 503, "FLIGHT_SERVICE_UNAVAILABLE")


# --- the call ------------------------------------------------------------------

@pytest.mark.parametrize("flight, path", [
    ("F8-a.b_c:d", "F8-a.b_c%3Ad"), ("..", "%2E%2E"), (".", "%2E"),
    ("~", None)])
def test_id_is_one_encoded_segment(api, sandbox, flight, path):
    api.book(flight)
    calls = sandbox.calls()["flight"]
    assert calls["calls"] == (0 if path is None else 1)
    if path:
        assert calls["last"]["path"].upper() == \
            f"/api/v1/flights/{path}".upper()


def test_call_carries_the_marks(api, sandbox):
    api.book(new_flight(), headers={
        "X-Request-Id": "flight-call-1",
        "traceparent": "00-" + "ab" * 16 + "-" + "cd" * 8 + "-01"})
    last = sandbox.calls()["flight"]["last"]
    assert last["request_id"] == "flight-call-1"
    assert last["traceparent"][3:35] == "ab" * 16


# --- memory --------------------------------------------------------------------

def test_metadata_is_remembered_by_all_workers(pool_with, secret, user,
                                               sandbox):
    pool = pool_with(workers=4, FLIGHT_CACHE_SECONDS="30")
    api, flight = Client(pool.url, tokens.make(user, secret)), new_flight()
    for number in range(8):
        assert api.book(flight, special_requests=str(number)) \
            .status_code == 201
    assert sandbox.calls()["flight"]["calls"] == 1


def test_cancelled_flight_is_refused_without_memory(api, sandbox):
    flight = new_flight()
    assert api.book(flight).status_code == 201
    sandbox.put_flight(flight, status="CANCELLED")
    assert_error(api.book(flight, special_requests="again"),
                 400, "FLIGHT_UNAVAILABLE")


def test_nonsense_is_not_remembered(pool_with, secret, user, sandbox):
    pool = pool_with(FLIGHT_CACHE_SECONDS="30")
    api, flight = Client(pool.url, tokens.make(user, secret)), new_flight()
    for mode in ("no_price", "not_found", "error503"):
        sandbox.fault("flight", mode, count=1)
        assert api.book(flight).status_code in (400, 503)
    assert api.book(flight).status_code == 201


def test_names_of_seats_are_fetched_for_the_first_booking(pool_with, secret,
                                                          user, sandbox):
    """The memory holds no seat names: the inventory is made from a fresh
    answer."""
    pool = pool_with(workers=1, FLIGHT_CACHE_SECONDS="30")
    api, flight = Client(pool.url, tokens.make(user, secret)), new_flight()
    sandbox.put_flight(flight, seats=["4F", "9C"])
    assert api.get(f"{BOOKINGS}/seats/{flight}").status_code == 200
    seats = api.book(flight, passengers=2).json()["data"]["allocated_seats"]
    assert sorted(seats) == ["4F", "9C"]


def test_breaker_spares_a_service_that_fails(pool_with, secret, user,
                                             sandbox):
    pool = pool_with(BREAKER_FAILURES="3", BREAKER_OPEN_MS="60000")
    api = Client(pool.url, tokens.make(user, secret))
    sandbox.fault("flight", "error503")
    for number in range(8):
        assert_error(api.book(new_flight(), passengers=[passenger(number)]),
                     503, "FLIGHT_SERVICE_UNAVAILABLE")
    assert sandbox.calls()["flight"]["calls"] == 3


def test_moved_departure_reaches_bookings(api, sandbox):
    flight = new_flight()
    first = booked(api, flight)
    sandbox.put_flight(flight, departure="2031-05-05T05:00:00Z")
    booked(api, flight, special_requests="again")
    again = api.booking(first["booking_id"]).json()["data"]
    assert again["flight_details"]["departure"] == "2031-05-05T05:00:00Z"


@pytest.mark.parametrize("number", ["aa100", "AA200"])
def test_moved_flight_reaches_lists(api, sandbox, user, number):
    flight = new_flight()
    booked(api, flight)
    sandbox.put_flight(flight, departure="2031-05-05T05:00:00Z",
                       flight_number=number)
    booked(api, flight, special_requests="again")
    for parameters in ({}, {"sort": "departure"}, {"status": "CREATED"}):
        listed = api.get(f"{BOOKINGS}/user/{user}", params=parameters).json()
        assert [(b["flight_number"], b["departure"])
                for b in listed["data"]["bookings"]] == \
            [(number, "2031-05-05T05:00:00Z")] * 2
