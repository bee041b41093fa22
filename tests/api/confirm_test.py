"""POST /api/v1/bookings/{id}/confirm."""

import uuid

import pytest

from support.client import BOOKINGS, assert_error, new_flight


def confirm(client, name, **options):
    return client.post(f"{BOOKINGS}/{name}/confirm", **options)


@pytest.fixture
def booking(api):
    return api.book(new_flight()).json()["data"]


@pytest.mark.parametrize("role", ["admin", "service"])
def test_answer_is_the_contract_s(api, client_of, booking, events, role):
    response = confirm(client_of("payments-1", role), booking["booking_id"])
    assert response.status_code == 200
    data = response.json()["data"]
    found = api.booking(booking["booking_id"]).json()["data"]
    assert data == {name: found[name] for name in (
        "booking_id", "booking_reference", "status", "confirmed_at")}
    assert (data["status"], found["expires_at"]) == ("CONFIRMED", None)
    assert response.headers["ETag"] == '"2"'
    _, _, payload = events.of_booking(booking["booking_id"],
                                      key="booking.confirmed")
    assert payload["sequence"] == 2
    assert payload["confirmation_timestamp"] == data["confirmed_at"]


def test_again_is_the_same(admin, booking, store):
    first = confirm(admin, booking["booking_id"])
    again = confirm(admin, booking["booking_reference"])
    assert again.status_code == 200 and again.json() == first.json()
    assert again.headers["ETag"] == first.headers["ETag"]
    assert store.count("booking_events", "booking_id = UNHEX(%s)",
                       booking["booking_id"].replace("-", "")) == 2


def test_cancelled(api, admin, booking):
    api.request("DELETE", f"{BOOKINGS}/{booking['booking_id']}")
    error = assert_error(confirm(admin, booking["booking_id"]),
                         409, "CANNOT_CONFIRM_BOOKING")
    assert error["message"].startswith("Cannot confirm booking.")


def test_role_comes_before_existence(api, admin, booking):
    for name in (booking["booking_id"], str(uuid.uuid4()), "x"):
        assert_error(confirm(api, name), 403, "FORBIDDEN")
    assert_error(confirm(admin, str(uuid.uuid4())), 404, "BOOKING_NOT_FOUND")


def test_if_match(admin, booking):
    name = booking["booking_id"]
    assert_error(confirm(admin, name, headers={"If-Match": '"7"'}),
                 412, "PRECONDITION_FAILED")
    assert confirm(admin, name, headers={"If-Match": '"1"'}).status_code == 200
    # The condition is about the version, also when nothing would change.
    assert_error(confirm(admin, name, headers={"If-Match": '"1"'}),
                 412, "PRECONDITION_FAILED")


def test_body_is_taken_but_must_be_json(admin, booking):
    name = booking["booking_id"]
    assert_error(confirm(admin, name, data="x", headers={
        "Content-Type": "text/plain"}), 415, "UNSUPPORTED_MEDIA_TYPE")
    assert_error(confirm(admin, name, data="[1]", headers={
        "Content-Type": "application/json"}), 400, "INVALID_JSON")
    assert confirm(admin, name, json={"payment_id": "p-1"}).status_code == 200
