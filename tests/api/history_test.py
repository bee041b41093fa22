"""GET /api/v1/bookings/{id}/history."""

import uuid

import pytest

from support.client import BOOKINGS, assert_error, new_flight


@pytest.fixture
def booking(api):
    return api.book(new_flight()).json()["data"]


def history(client, name):
    response = client.get(f"{BOOKINGS}/{name}/history")
    assert response.status_code == 200, response.text
    return response.json()["data"]


def test_every_change_oldest_first(api, admin, user, booking):
    path = f"{BOOKINGS}/{booking['booking_id']}"
    person = api.get(path).json()["data"]["passengers"][0]["passenger_id"]
    api.request("PATCH", f"{path}/passengers/{person}",
                json={"first_name": "J"})
    admin.post(path + "/confirm")
    admin.post(path + "/confirm")
    api.request("DELETE", path, json={"cancellation_reason": "ill"})
    data = history(api, booking["booking_id"])
    assert data["booking_id"] == booking["booking_id"]
    columns = ("sequence", "event_type", "from_status", "to_status", "actor",
               "reason")
    assert [tuple(e[c] for c in columns) for e in data["history"]] == [
        (1, "booking.created", None, "CREATED", user, None),
        (2, "booking.updated", "CREATED", "CREATED", user, None),
        (3, "booking.confirmed", "CREATED", "CONFIRMED", "admin-1", None),
        (4, "booking.cancelled", "CONFIRMED", "CANCELLED", user, "ill")]
    times = [e["occurred_at"] for e in data["history"]]
    assert times == sorted(times) and times[0] == booking["created_at"]


def test_by_reference(api, booking):
    assert history(api, booking["booking_reference"]) == \
        history(api, booking["booking_id"])


@pytest.mark.parametrize("role, status", [
    ("customer", 403), ("service", 403), ("admin", 200)])
def test_others_by_role(client_of, booking, role, status):
    response = client_of("other-1", role).get(
        f"{BOOKINGS}/{booking['booking_id']}/history")
    assert response.status_code == status


def test_unknown(api):
    for name in (str(uuid.uuid4()), "x"):
        assert_error(api.get(f"{BOOKINGS}/{name}/history"),
                     404, "BOOKING_NOT_FOUND")
