"""Changes that follow each other at once are published at once, and once."""

from support.client import BOOKINGS, new_flight


def test_quick_changes_are_announced_once_in_order(api, admin, events):
    data = api.book(new_flight()).json()["data"]
    booking = f"{BOOKINGS}/{data['booking_id']}"
    assert admin.post(f"{booking}/confirm", json={}).status_code == 200
    assert api.request("DELETE", booking).status_code == 200
    assert [events.of_booking(data["booking_id"])[2]["sequence"]
            for _ in range(3)] == [1, 2, 3]
