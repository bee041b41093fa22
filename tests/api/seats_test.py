"""GET /api/v1/bookings/seats/{flightId}."""

import pytest

from support.client import BOOKINGS, assert_error, new_flight


def seat_map(client, flight):
    response = client.get(f"{BOOKINGS}/seats/{flight}")
    assert response.status_code == 200, response.text
    return response.json()["data"]


def free(data):
    return [s["seat_number"] for s in data["seats"] if s["is_available"]]


def test_flight_that_nobody_booked(api, store):
    flight = new_flight(8)
    data = seat_map(api, flight)
    assert data == {
        "flight_id": flight, "flight_number": "AA100", "total": 8,
        "available": 8, "seats": [
            {"seat_number": n, "is_available": True} for n in (
                "1A", "1B", "1C", "1D", "1E", "1F", "2A", "2B")]}
    assert store.count("flights", "flight_id = %s", flight) == 0


def test_seats_with_names(api, sandbox):
    flight = new_flight()
    sandbox.put_flight(flight, seats=["7A", "7C"])
    assert free(seat_map(api, flight)) == ["7A", "7C"]


def test_booked_and_freed(api, client_of):
    flight = new_flight(8)
    booking = api.book(flight, passengers=2).json()["data"]
    data = seat_map(client_of("other-1"), flight)
    assert (data["total"], data["available"]) == (8, 6)
    assert free(data) == ["1C", "1D", "1E", "1F", "2A", "2B"]
    api.request("DELETE", f"{BOOKINGS}/{booking['booking_id']}")
    data = seat_map(api, flight)
    assert data["available"] == len(free(data)) == 8


def test_the_fewer_of_both_counts(api, sandbox):
    flight = new_flight(8)
    assert seat_map(api, new_flight(8, "-last"))["available"] == 1
    api.book(flight)
    sandbox.put_flight(flight, total_seats=8, available_seats=3)
    data = seat_map(api, flight)
    assert (data["available"], len(free(data))) == (3, 7)


def test_inventory_answers_without_the_flight_service(api, sandbox):
    flight, unknown = new_flight(8), new_flight(8)
    api.book(flight)
    sandbox.fault("flight", "error503")
    data = seat_map(api, flight)
    assert data["available"] == len(free(data)) == 7
    assert_error(api.get(f"{BOOKINGS}/seats/{unknown}"),
                 503, "FLIGHT_SERVICE_UNAVAILABLE")


@pytest.mark.parametrize("flight", ["no-such-flight", "a%20b", "%C3%BC",
                                    "f" * 65, "..%2F..%2Fadmin"])
def test_unknown_flight(api, sandbox, flight):
    assert_error(api.get(f"{BOOKINGS}/seats/{flight}"),
                 400, "FLIGHT_UNAVAILABLE")


def test_needs_a_token(anonymous):
    assert_error(anonymous.get(f"{BOOKINGS}/seats/{new_flight()}"),
                 401, "UNAUTHORIZED")


def test_largest_flight(api):
    data = seat_map(api, new_flight(60000))
    assert data["total"] == len(data["seats"]) == 60000
