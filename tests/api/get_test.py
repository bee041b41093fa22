"""GET /api/v1/bookings/{id}: who sees what, and when it is news."""

import pytest

from support import token as tokens
from support.client import (BOOKINGS, Client, assert_error, new_flight,
                            passenger)


@pytest.fixture
def booking(api):
    response = api.book(new_flight(), special_requests="Window", passengers=[
        passenger(passport_number="AB123456", date_of_birth="1990-05-15",
                  phone_number="+1234567890"), passenger(1)])
    assert response.status_code == 201
    return response.json()["data"]


def test_answer_is_the_contract_s(api, booking):
    response = api.booking(booking["booking_id"])
    assert response.status_code == 200
    data = response.json()["data"]
    for name in ("booking_id", "booking_reference", "user_id", "flight_id",
                 "status", "total_price", "currency", "created_at",
                 "expires_at"):
        assert data[name] == booking[name]
    assert data["flight_details"] == {
        "flight_number": "AA100", "airline": "American Airlines",
        "departure": "2030-02-15T08:00:00Z",
        "arrival": "2030-02-15T11:30:00Z", "origin": "JFK",
        "destination": "LAX"}
    first, second = data["passengers"]
    assert (first["passport_number"], second["passport_number"]) == \
        ("*****456", None)
    assert first["date_of_birth"] == "1990-05-15"
    assert first["phone_number"] == "+1234567890"
    assert [first["seat"], second["seat"]] == booking["allocated_seats"]
    assert data["special_requests"] == "Window"
    assert data["updated_at"] == data["created_at"]
    for name in ("confirmed_at", "cancelled_at", "cancellation_reason"):
        assert data[name] is None


def test_found_by_id_in_either_case_and_by_reference(api, booking):
    for name in (booking["booking_id"], booking["booking_id"].upper(),
                 booking["booking_reference"]):
        found = api.booking(name)
        assert found.status_code == 200
        assert found.json()["data"]["booking_id"] == booking["booking_id"]


@pytest.mark.parametrize("name", [
    "01890000-0000-7000-8000-000000000000", "BK-20250101-999999", "1",
    "not-a-uuid", "BK-2025-1", "%7B01890000-0000-7000-8000-000000000000%7D",
    "0" * 400, "%C3%BC", "a%20b", "user", "seats", "..%2Fx",
    "01890000-0000-7000-8000-000000000000%20"])
def test_unknown_and_malformed_ids_are_not_found(api, name):
    error = assert_error(api.booking(name), 404, "BOOKING_NOT_FOUND")
    assert error["message"].startswith("Booking with ID ")
    assert error["message"].endswith(" not found")


@pytest.mark.parametrize("role, status", [
    ("customer", 403), ("guest", 403), ("admin", 200), ("service", 200)])
def test_others_by_role(client_of, booking, role, status):
    other = client_of("other-1", role)
    for name in (booking["booking_id"], booking["booking_reference"]):
        response = other.booking(name)
        if status == 403:
            assert_error(response, 403, "FORBIDDEN")
            assert "ETag" not in response.headers
        else:
            assert response.status_code == status


def test_works_without_the_flight_service(api, booking, sandbox):
    sandbox.fault("flight", "error503")
    assert api.booking(booking["booking_id"]).status_code == 200
    assert sandbox.calls()["flight"]["calls"] == 0


@pytest.mark.parametrize("field, status", [
    ('"1"', 304), ('W/"1"', 304), ("*", 304), ('"7", "1"', 304),
    ('W/"2" , W/"1"', 304), (',, "1"', 304),
    ('"2"', 200), ('"11"', 200), ('"x1x"', 200), ('""', 200), ("1", 200),
    ("", 200), ('"1', 200), ('x"1"', 200)])
def test_if_none_match(api, booking, field, status):
    response = api.get(f"{BOOKINGS}/{booking['booking_id']}",
                       headers={"If-None-Match": field})
    assert response.status_code == status
    assert response.headers["ETag"] == '"1"'


def test_etag_changes_with_each_change(api, admin, booking):
    path = f"{BOOKINGS}/{booking['booking_id']}"
    old = api.get(path).headers["ETag"]
    admin.post(path + "/confirm")
    response = api.get(path, headers={"If-None-Match": old})
    assert response.status_code == 200
    assert response.headers["ETag"] == '"2"' != old


@pytest.mark.parametrize("name, value", [
    ("departure", "2030-02-15T07:00:00Z"),
    ("arrival", "2030-02-15T23:00:00Z"),
    ("flight_number", "AA101"),
    ("airline", "AMERICAN AIRLINES"),
    ("origin", "EWR"),
    ("destination", "SNA"),
])
def test_etag_changes_with_the_flight(api, client_of, sandbox, booking, name,
                                      value):
    path = f"{BOOKINGS}/{booking['booking_id']}"
    shown = api.get(path).json()["data"]["flight_details"]
    sandbox.put_flight(booking["flight_id"], **{name: value})
    assert client_of("other-1").book(
        booking["flight_id"]).status_code == 201
    response = api.get(path, headers={"If-None-Match": '"1"'})
    assert response.status_code == 200
    assert response.json()["data"]["flight_details"] == {**shown, name: value}
    tag = response.headers["ETag"]
    assert tag != '"1"'
    assert api.get(path, headers={"If-None-Match": tag}).status_code == 304
    # A change is of the booking: its version is what counts.
    assert api.request("DELETE", path,
                       headers={"If-Match": tag}).status_code == 200
    again = api.get(path, headers={"If-None-Match": tag})
    assert again.status_code == 200 and again.headers["ETag"] != tag


def airline(store, booking):
    return store.value("SELECT airline FROM flights WHERE flight_id = %s",
                       booking["flight_id"])


def test_what_was_told_before_does_not_replace_what_was_told_later(
        pool_with, secret, client_of, sandbox, store, booking):
    """A pool that remembers the flight from before its change."""
    pool = pool_with(FLIGHT_CACHE_SECONDS="600")
    there = Client(pool.url, tokens.make("other-1", secret))
    sandbox.put_flight(booking["flight_id"], airline="Earlier Airlines")
    assert there.get(f"{BOOKINGS}/seats/{booking['flight_id']}") \
        .status_code == 200
    sandbox.put_flight(booking["flight_id"], airline="Later Airlines")
    assert client_of("other-2").book(
        booking["flight_id"]).status_code == 201
    calls = sandbox.calls()["flight"]["calls"]
    assert there.book(booking["flight_id"]).status_code == 201
    assert sandbox.calls()["flight"]["calls"] == calls
    assert airline(store, booking) == "Later Airlines"


def test_a_clock_that_was_ahead_keeps_no_change_away(client_of, sandbox, store,
                                                     booking):
    store.query("UPDATE flights SET updated_at = UTC_TIMESTAMP()"
                " + INTERVAL 1 HOUR WHERE flight_id = %s",
                booking["flight_id"])
    sandbox.put_flight(booking["flight_id"], airline="Later Airlines")
    assert client_of("other-1").book(
        booking["flight_id"]).status_code == 201
    assert airline(store, booking) == "Later Airlines"


def test_etag_stays_when_nothing_shown_changes(api, client_of, sandbox,
                                               booking):
    sandbox.put_flight(booking["flight_id"], price=1.5)
    assert client_of("other-1").book(booking["flight_id"]).json()["data"][
        "total_price"] == 1.5
    assert api.get(f"{BOOKINGS}/{booking['booking_id']}").headers["ETag"] == \
        '"1"'


def test_head_is_get_without_a_body(api, booking):
    path = f"{BOOKINGS}/{booking['booking_id']}"
    got, head = api.get(path), api.request("HEAD", path)
    assert head.status_code == 200 and head.content == b""
    for name in ("ETag", "Content-Type", "Cache-Control"):
        assert head.headers[name] == got.headers[name]
    # httpd leaves it out.
    assert head.headers.get("Content-Length") in (
        None, got.headers.get("Content-Length"))


def test_nothing_is_cached_on_the_way(api, booking):
    response = api.booking(booking["booking_id"])
    assert response.headers["Cache-Control"] == "no-store"
