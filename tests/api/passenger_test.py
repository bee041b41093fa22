"""PATCH /api/v1/bookings/{id}/passengers/{passengerId}."""

import uuid

import pytest

from support.client import BOOKINGS, assert_error, new_flight, passenger


@pytest.fixture
def booking(api):
    created = api.book(new_flight(), passengers=[
        passenger(0, passport_number="AB123456"), passenger(1)])
    return api.booking(created.json()["data"]["booking_id"]).json()["data"]


def path_of(booking, number=0):
    return (f"{BOOKINGS}/{booking['booking_id']}/passengers/"
            f"{booking['passengers'][number]['passenger_id']}")


def patch(client, path, body, **headers):
    return client.request("PATCH", path, json=body, headers=headers)


CHANGES = {"first_name": "Jane", "last_name": "Smith-Zoë",
           "email": "jane.smith@example.com", "phone_number": "+4930123456",
           "date_of_birth": "1992-03-22", "passport_number": "xy98765"}


def test_all_fields(api, booking, events):
    response = patch(api, path_of(booking), CHANGES)
    assert response.status_code == 200
    assert response.headers["ETag"] == '"2"'
    data = response.json()["data"]
    expected = {**CHANGES, "passport_number": "****765"}
    assert {name: data[name] for name in CHANGES} == expected
    assert data["passenger_id"] == booking["passengers"][0]["passenger_id"]
    found = api.booking(booking["booking_id"])
    assert found.headers["ETag"] == '"2"'
    after = found.json()["data"]
    assert {name: after["passengers"][0][name] for name in CHANGES} == expected
    assert after["passengers"][1] == booking["passengers"][1]
    assert after["updated_at"] == data["updated_at"]
    _, _, payload = events.of_booking(booking["booking_id"],
                                      key="booking.updated")
    assert payload["sequence"] == 2
    assert payload["passengers"][0]["first_name"] == "Jane"


@pytest.mark.parametrize("name", CHANGES)
def test_one_field_leaves_the_others(api, booking, name):
    before = booking["passengers"][0]
    data = patch(api, path_of(booking), {name: CHANGES[name]}).json()["data"]
    for other in set(CHANGES) - {name}:
        assert data[other] == before[other]
    assert data[name] != before[name]


def test_null_is_as_if_absent(api, booking):
    data = patch(api, path_of(booking),
                 {"first_name": "Jane", "email": None}).json()["data"]
    assert (data["first_name"], data["email"]) == \
        ("Jane", booking["passengers"][0]["email"])


@pytest.mark.parametrize("body", [
    {}, {"first_name": None}, {"nickname": "J"}, {"seat": "1A"},
    {"is_primary": True}])
def test_at_least_one_field(api, booking, body):
    assert_error(patch(api, path_of(booking), body), 400, "VALIDATION_ERROR")


def test_wrong_fields_are_all_named(api, booking):
    error = assert_error(patch(api, path_of(booking), {
        "first_name": "", "last_name": 7, "email": "nobody",
        "phone_number": "123", "date_of_birth": "1992-02-30",
        "passport_number": "!"}), 400, "VALIDATION_ERROR")
    assert {f["field"] for f in error["fields"]} == set(CHANGES)
    assert api.booking(booking["booking_id"]).headers["ETag"] == '"1"'


def test_by_reference(api, booking):
    path = path_of(booking).replace(booking["booking_id"],
                                    booking["booking_reference"])
    assert patch(api, path, {"first_name": "Jane"}).status_code == 200


@pytest.mark.parametrize("role, status", [
    ("customer", 403), ("service", 403), ("admin", 200)])
def test_others_by_role(client_of, booking, role, status):
    response = patch(client_of("other-1", role), path_of(booking),
                     {"first_name": "Jane"})
    assert response.status_code == status


def test_unknown_passengers(api, booking):
    other = api.book(new_flight()).json()["data"]
    foreign = api.booking(other["booking_id"]).json()["data"]
    for name in (str(uuid.uuid4()), "1", "%20", path_of(foreign)[-36:]):
        path = f"{BOOKINGS}/{booking['booking_id']}/passengers/{name}"
        assert_error(patch(api, path, {"first_name": "Jane"}),
                     404, "PASSENGER_NOT_FOUND")


def test_unknown_booking(api, booking):
    path = path_of({**booking, "booking_id": str(uuid.uuid4())})
    assert_error(patch(api, path, {"first_name": "J"}),
                 404, "BOOKING_NOT_FOUND")


@pytest.mark.parametrize("change", ["confirm", "cancel"])
def test_only_while_created(api, admin, booking, change):
    path = f"{BOOKINGS}/{booking['booking_id']}"
    if change == "confirm":
        admin.post(path + "/confirm")
    else:
        api.request("DELETE", path)
    assert_error(patch(api, path_of(booking), {"first_name": "J"}),
                 409, "BOOKING_NOT_MODIFIABLE")


IF_MATCH = [
    ('"1"', 200), ("*", 200), ('"9", "1"', 200), ('"abc",,"1"', 200),
    ('"2"', 412), ('W/"1"', 412), ('"01"', 412), ('"abc"', 412), ('""', 412),
    ('"4294967297"', 412), ('"2", "3"', 412),
    ("1", 400), ('"1', 400), ('"1" "2"', 400), (",", 400),
    ('*, "1"', 400), (", ".join(['"1"'] * 17), 400)]


@pytest.mark.parametrize("field, status", IF_MATCH)
def test_if_match(api, booking, field, status):
    response = patch(api, path_of(booking), {"first_name": "Jane"},
                     **{"If-Match": field})
    assert response.status_code == status
    if status == 412:
        assert_error(response, 412, "PRECONDITION_FAILED")
    elif status == 400:
        error = assert_error(response, 400, "VALIDATION_ERROR")
        assert [f["field"] for f in error["fields"]] == ["If-Match"]
    changed = api.booking(booking["booking_id"]).headers["ETag"] == '"2"'
    assert changed == (status == 200)


@pytest.mark.parametrize("kind", [
    "text/plain", "application/merge-patch+json", "application/jsonx"])
def test_media_types(api, booking, kind):
    assert_error(api.request(
        "PATCH", path_of(booking), data='{"first_name":"J"}',
        headers={"Content-Type": kind}), 415, "UNSUPPORTED_MEDIA_TYPE")
