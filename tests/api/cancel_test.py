"""DELETE /api/v1/bookings/{id}."""

import uuid

import pytest

from support.client import BOOKINGS, assert_error, new_flight


def cancel(client, booking_id, body=None, headers=None):
    return client.request("DELETE", f"{BOOKINGS}/{booking_id}", json=body,
                          headers=headers)


@pytest.fixture
def booking(api):
    return api.book(new_flight(6), passengers=6).json()["data"]


def test_answer_is_the_contract_s(api, booking, events):
    response = cancel(api, booking["booking_id"], {
        "cancellation_reason": "schedule_change",
        "comments": "Flight time doesn't work with my schedule"})
    assert response.status_code == 200
    body = response.json()
    assert body["message"] == "Booking cancelled successfully." \
        " Refund will be processed shortly."
    data = body["data"]
    cancelled_at = data.pop("cancelled_at")
    assert data == {
        "booking_id": booking["booking_id"],
        "booking_reference": booking["booking_reference"],
        "status": "CANCELLED", "refund_status": "INITIATED",
        "estimated_refund_amount": booking["total_price"],
        "refund_processing_time": "5-7 business days"}
    assert response.headers["ETag"] == '"2"'
    found = api.booking(booking["booking_id"]).json()["data"]
    assert (found["status"], found["cancelled_at"]) == \
        ("CANCELLED", cancelled_at)
    assert found["cancellation_reason"] == "schedule_change"
    assert found["expires_at"] is None
    _, _, payload = events.of_booking(booking["booking_id"],
                                      key="booking.cancelled")
    assert payload["sequence"] == 2
    assert payload["cancellation_reason"] == "schedule_change"
    assert payload["refund_amount"] == booking["total_price"]
    assert payload["seats"] == booking["allocated_seats"]
    assert payload["cancelled_at"] == cancelled_at


def test_seats_are_free_at_once(api, booking, store):
    assert_error(api.book(booking["flight_id"], special_requests="1"),
                 400, "FLIGHT_UNAVAILABLE")
    cancel(api, booking["booking_id"])
    again = api.book(booking["flight_id"], passengers=6,
                     special_requests="2").json()["data"]
    assert again["allocated_seats"] == booking["allocated_seats"]
    assert store.count("seats", "flight_id = %s AND is_available",
                       booking["flight_id"]) == 0


def test_reason_without_a_body(api, booking):
    cancel(api, booking["booking_id"])
    found = api.booking(booking["booking_id"]).json()["data"]
    assert found["cancellation_reason"] == "user_requested"


def test_by_reference(api, booking):
    assert cancel(api, booking["booking_reference"]).status_code == 200


@pytest.mark.parametrize("body, fields", [
    ({"cancellation_reason": "Bad Reason"}, ["cancellation_reason"]),
    ({"cancellation_reason": ""}, ["cancellation_reason"]),
    ({"cancellation_reason": "a" * 65}, ["cancellation_reason"]),
    ({"cancellation_reason": 1, "comments": ["x"]},
     ["cancellation_reason", "comments"]),
    ({"comments": "ü" * 1001}, ["comments"])])
def test_wrong_fields(api, booking, body, fields):
    error = assert_error(cancel(api, booking["booking_id"], body),
                         400, "VALIDATION_ERROR")
    assert [f["field"] for f in error["fields"]] == fields
    assert api.booking(booking["booking_id"]).json()["data"]["status"] == \
        "CREATED"


@pytest.mark.parametrize("body", [
    {}, {"comments": "ü" * 1000}, {"cancellation_reason": None},
    {"cancellation_reason": "a" * 64}, {"other": 1}])
def test_right_bodies(api, booking, body):
    assert cancel(api, booking["booking_id"], body).status_code == 200


def test_body_that_is_not_json(api, booking):
    path = f"{BOOKINGS}/{booking['booking_id']}"
    assert_error(api.request("DELETE", path, data="reason=x", headers={
        "Content-Type": "application/x-www-form-urlencoded"}),
        415, "UNSUPPORTED_MEDIA_TYPE")
    assert_error(api.request("DELETE", path, data="{", headers={
        "Content-Type": "application/json"}), 400, "INVALID_JSON")


def test_twice(api, admin, booking, store):
    assert cancel(api, booking["booking_id"]).status_code == 200
    for client in (api, admin):
        error = assert_error(cancel(client, booking["booking_id"]),
                             409, "CANNOT_CANCEL_BOOKING")
        assert error["message"].startswith("Cannot cancel booking.")
    assert store.count("booking_events", "booking_id = UNHEX(%s)",
                       booking["booking_id"].replace("-", "")) == 2


@pytest.mark.parametrize("role, status", [
    ("customer", 403), ("service", 403), ("admin", 200)])
def test_others_by_role(client_of, booking, role, status):
    response = cancel(client_of("other-1", role), booking["booking_id"])
    assert response.status_code == status


def test_cutoff_binds_all_but_admins(api, admin, sandbox):
    booking = api.book(new_flight(ending="-soon")).json()["data"]
    error = assert_error(cancel(api, booking["booking_id"]),
                         409, "CANNOT_CANCEL_BOOKING")
    assert error["message"] == "Cannot cancel booking." \
        " Departure time is within 24 hours"
    assert cancel(admin, booking["booking_id"]).status_code == 200


def test_departed_flight_binds_admins_too(api, admin, store):
    booking = api.book(new_flight()).json()["data"]
    store.query("UPDATE bookings SET departure = UTC_TIMESTAMP()"
                " - INTERVAL 1 MINUTE WHERE booking_reference = %s",
                booking["booking_reference"])
    for client in (api, admin):
        error = assert_error(cancel(client, booking["booking_id"]),
                             409, "CANNOT_CANCEL_BOOKING")
        assert "departed" in error["message"]


def test_unknown(api):
    for name in (str(uuid.uuid4()), "BK-20200101-001", "x"):
        assert_error(cancel(api, name), 404, "BOOKING_NOT_FOUND")


def test_confirmed_booking_can_be_cancelled(api, admin, booking):
    admin.post(f"{BOOKINGS}/{booking['booking_id']}/confirm")
    assert cancel(api, booking["booking_id"]).status_code == 200


def test_if_match(api, booking):
    response = cancel(api, booking["booking_id"], headers={"If-Match": '"2"'})
    assert_error(response, 412, "PRECONDITION_FAILED")
    assert cancel(api, booking["booking_id"],
                  headers={"If-Match": '"1"'}).status_code == 200
