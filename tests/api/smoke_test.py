"""The shortest way through the whole: alive, ready, booked, found."""

from support.client import BOOKINGS, assert_error, new_flight


def test_health_is_ok(anonymous):
    for path in ("/health", "/health/live"):
        response = anonymous.get(path)
        assert response.status_code == 200
        assert response.json()["status"] == "ok"


def test_ready_when_every_part_is_up(anonymous):
    response = anonymous.get("/health/ready")
    assert response.status_code == 200
    body = response.json()
    assert body["status"] == "ok"
    assert {name: check["status"] for name, check in body["checks"].items()} \
        == dict.fromkeys(("database", "rabbitmq", "auth_service",
                          "flight_service"), "up")


def test_booking_is_created_found_and_announced(api, user, events):
    flight = new_flight()
    created = api.book(flight, passengers=2)
    assert created.status_code == 201
    data = created.json()["data"]
    assert created.headers["Location"] == f"{BOOKINGS}/{data['booking_id']}"
    assert data["status"] == "CREATED"
    assert data["user_id"] == user
    assert len(set(data["allocated_seats"])) == 2

    for name in (data["booking_id"], data["booking_reference"]):
        found = api.booking(name).json()["data"]
        assert found["booking_id"] == data["booking_id"]
        assert found["flight_id"] == flight
        assert [p["seat"] for p in found["passengers"]] == \
            data["allocated_seats"]

    key, properties, payload = events.of_booking(data["booking_id"])
    assert key == "booking.created"
    assert payload["booking_reference"] == data["booking_reference"]
    assert properties.message_id == payload["event_id"]


def test_nothing_without_a_token(anonymous):
    response = anonymous.book(new_flight())
    assert_error(response, 401, "UNAUTHORIZED")
    assert response.headers["WWW-Authenticate"].startswith("Bearer")


def test_web_server_answers_json_too(anonymous):
    response = anonymous.request("BREW", BOOKINGS)
    assert response.status_code in (405, 501)
