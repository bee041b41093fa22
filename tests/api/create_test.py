"""POST /api/v1/bookings: what is made, and what is refused."""

import datetime
import re
import uuid

import pytest

from support.client import BOOKINGS, assert_error, new_flight, passenger

FIELDS = {"booking_id", "booking_reference", "user_id", "flight_id", "status",
          "total_price", "currency", "passengers_count", "allocated_seats",
          "created_at", "expires_at", "confirmation_url"}


def made(response):
    assert response.status_code == 201, response.text
    return response.json()["data"]


def seats(response):
    return made(response)["allocated_seats"]


def time_of(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def nothing_booked(store, user):
    return store.count("bookings", "user_id = %s", user) == 0


def test_answer_is_the_contract_s(api, user, events):
    """`events`: with a queue that takes them, the broker confirms."""
    flight = new_flight()
    response = api.book(flight, passengers=3)
    data = made(response)
    assert set(data) == FIELDS
    assert response.json()["message"] == \
        "Booking created successfully. Confirmation email sent."
    assert response.headers["Location"] == f"{BOOKINGS}/{data['booking_id']}"
    assert response.headers["ETag"] == '"1"'
    assert "Idempotent-Replayed" not in response.headers
    identity = uuid.UUID(data["booking_id"])
    assert identity.version == 7 and str(identity) == data["booking_id"]
    day = data["created_at"][:10].replace("-", "")
    assert re.fullmatch(rf"BK-{day}-\d{{3,}}", data["booking_reference"])
    assert (data["user_id"], data["flight_id"]) == (user, flight)
    assert (data["status"], data["passengers_count"]) == ("CREATED", 3)
    assert '"total_price":899.97,' in response.text
    assert data["currency"] == "USD"
    assert len(set(data["allocated_seats"])) == 3
    assert time_of(data["expires_at"]) - time_of(data["created_at"]) == \
        datetime.timedelta(days=1)
    assert data["confirmation_url"] == f"/bookings/{data['booking_id']}"


def test_references_are_unique(api):
    flight = new_flight()
    references = [made(api.book(flight, special_requests=str(n)))
                  ["booking_reference"] for n in range(12)]
    assert len(set(references)) == 12


@pytest.mark.parametrize("price, passengers, shown", [
    (100, 1, "100.00"), ("310.5", 2, "621.00"), (0.1, 3, "0.30"),
    ("1111111.11", 9, "9999999.99"), (0, 1, "0.00"),
])
def test_money_has_two_decimals(api, sandbox, price, passengers, shown):
    flight = new_flight()
    sandbox.put_flight(flight, price=price)
    response = api.book(flight, passengers=passengers)
    made(response)
    assert f'"total_price":{shown},' in response.text


@pytest.mark.parametrize("ending, currency", [
    ("-eur", "EUR"), ("-nocurrency", "USD")])
def test_currency_is_the_flight_s(api, ending, currency):
    assert made(api.book(new_flight(ending=ending)))["currency"] == currency


def test_what_a_client_may_not_set_is_ignored(api, user):
    data = made(api.book(
        new_flight(), booking_id=str(uuid.uuid4()), user_id="somebody",
        status="CONFIRMED", total_price=0.01, currency="XXX",
        booking_reference="BK-20200101-001", created_at="2020-01-01T00:00:00Z",
        is_admin=True, confirmed_at="2020-01-01T00:00:00Z"))
    found = api.booking(data["booking_id"]).json()["data"]
    assert (found["user_id"], found["status"]) == (user, "CREATED")
    assert (found["total_price"], found["currency"]) == (299.99, "USD")
    assert found["confirmed_at"] is None


def test_what_is_stored_of_a_passenger(api, store):
    data = made(api.book(new_flight(), passengers=[
        passenger(0, first_name="  Zoë\u3000", last_name="O'Brien-李",
                  phone_number="+1234567890", date_of_birth="1990-05-15",
                  passport_number="ab123456", is_primary=True),
        {"first_name": "Max", "last_name": "M", "email": None}]))
    rows = store.query(
        "SELECT * FROM passengers WHERE booking_id = UNHEX(%s)"
        " ORDER BY position", data["booking_id"].replace("-", ""))
    assert [(r["first_name"], r["last_name"]) for r in rows] == \
        [("Zoë", "O'Brien-李"), ("Max", "M")]
    assert (rows[0]["passport_number"], rows[0]["phone_number"]) == \
        ("AB123456", "+1234567890")
    assert str(rows[0]["date_of_birth"]) == "1990-05-15"
    assert [r["is_primary_passenger"] for r in rows] == [1, 0]
    assert rows[1]["email"] is None
    assert [r["seat_number"] for r in rows] == data["allocated_seats"]


def test_first_passenger_is_primary_unless_one_says_so(api):
    for marked, primary in ((None, 0), (1, 1)):
        people = [passenger(0), passenger(1)]
        if marked is not None:
            people[marked]["is_primary"] = True
        data = made(api.book(new_flight(), passengers=people))
        found = api.booking(data["booking_id"]).json()["data"]["passengers"]
        assert [p["is_primary"] for p in found] == \
            [n == primary for n in range(2)]


# --- seats --------------------------------------------------------------------

def test_preferences_go_to_passengers_in_order(api):
    assert seats(api.book(new_flight(), passengers=3,
                          seat_preferences=["12c", "3A", "12D"])) == \
        ["12C", "3A", "12D"]


def test_passengers_without_preference_sit_together(api):
    flight = new_flight(12)
    assert seats(api.book(flight, seat_preferences=["1C"])) == ["1C"]
    for count in (3, 2):
        chosen = seats(api.book(flight, passengers=count))
        assert len({seat[0] for seat in chosen}) == 1
        assert "".join(seat[1] for seat in chosen) in "ABCDEF"


def test_groups_are_split_when_there_is_no_other_way(api):
    flight = new_flight(12)
    for seat in ("1B", "1D", "1F", "2B", "2D", "2F"):
        seats(api.book(flight, seat_preferences=[seat]))
    assert sorted(seats(api.book(flight, passengers=6))) == \
        ["1A", "1C", "1E", "2A", "2C", "2E"]


def test_fewer_preferences_than_passengers(api):
    chosen = seats(api.book(new_flight(), passengers=3,
                            seat_preferences=["2B"]))
    assert chosen[0] == "2B" and len(set(chosen)) == 3


def test_taken_seat_is_named_and_nothing_is_booked(api, user, store,
                                                   client_of):
    flight = new_flight()
    seats(client_of(user + "-other").book(flight, seat_preferences=["1A"]))
    error = assert_error(
        api.book(flight, passengers=2, seat_preferences=["1B", "1A"]),
        409, "SEAT_UNAVAILABLE")
    assert "1A" in error["details"]
    assert nothing_booked(store, user)
    assert seats(api.book(flight, seat_preferences=["1B"])) == ["1B"]


def test_alternatives_are_taken_in_order(api):
    flight = new_flight()
    seats(api.book(flight, passengers=2, seat_preferences=["1A", "1B"]))
    assert seats(api.book(flight, passengers=1,
                          seat_preferences=["1A", "1B", "5C", "5D"])) == ["5C"]


def test_unused_alternatives_are_not_looked_at(api):
    assert seats(api.book(new_flight(6),
                          seat_preferences=["1A", "99F"])) == ["1A"]


def test_other_seats_on_request(api):
    flight = new_flight()
    seats(api.book(flight, seat_preferences=["1A"]))
    chosen = seats(api.book(flight, passengers=2, allow_other_seats=True,
                            seat_preferences=["1A", "1B"]))
    assert chosen[1] == "1B" and chosen[0] not in ("1A", "1B")


def test_seat_that_the_flight_lacks_counts_as_taken(api):
    flight = new_flight(12)
    error = assert_error(api.book(flight, seat_preferences=["3A"]),
                         409, "SEAT_UNAVAILABLE")
    assert "3A" in error["details"]
    assert seats(api.book(flight, seat_preferences=["3A"],
                          allow_other_seats=True)) == ["1A"]


def test_named_seats_of_a_flight(api, sandbox):
    flight = new_flight()
    sandbox.put_flight(flight, seats=["7A", "7C", "9B"])
    assert sorted(seats(api.book(flight, passengers=3))) == ["7A", "7C", "9B"]
    assert_error(api.book(flight, special_requests="again"),
                 400, "FLIGHT_UNAVAILABLE")


def test_inventory_grows_with_the_flight(api, sandbox):
    flight = new_flight()
    sandbox.put_flight(flight, total_seats=2, available_seats=2)
    seats(api.book(flight, passengers=2))
    sandbox.put_flight(flight, total_seats=4, available_seats=2)
    assert seats(api.book(flight, passengers=2, special_requests="more")) == \
        ["1C", "1D"]


# --- flights ------------------------------------------------------------------

@pytest.mark.parametrize("seats_there, ending, words", [
    (None, "", "does not exist"),
    (180, "-cancelled", "cancelled"),
    (180, "-departed", "departed"),
    (180, "-full", "0 seats available"),
    (180, "-last", "only 1 seat available but 2 passengers"),
    (1, "", "only 1 seat available but 2 passengers"),
])
def test_flight_that_cannot_be_booked(api, user, store, seats_there, ending,
                                      words):
    flight = new_flight(seats_there, ending) if seats_there else "no-such"
    error = assert_error(api.book(flight, passengers=2),
                         400, "FLIGHT_UNAVAILABLE")
    assert error["message"] == \
        "Flight is not available or has insufficient seats"
    assert words in error["details"] and flight in error["details"]
    assert nothing_booked(store, user)


def test_free_seats_of_the_service_count_too(api, sandbox):
    flight = new_flight(60)
    seats(api.book(flight))
    sandbox.put_flight(flight, total_seats=60, available_seats=1)
    assert_error(api.book(flight, passengers=2), 400, "FLIGHT_UNAVAILABLE")
    seats(api.book(flight, passengers=1, special_requests="the last"))


def test_flight_that_is_sold_out_here(api):
    flight = new_flight(3)
    seats(api.book(flight, passengers=3))
    error = assert_error(api.book(flight), 400, "FLIGHT_UNAVAILABLE")
    assert "only 0 seats available but 1 passenger requested" in \
        error["details"]


# --- the same again -----------------------------------------------------------

def test_double_click_books_once(api, user, store):
    flight = new_flight()
    first = api.book(flight)
    again = api.book(flight)
    assert made(again) == made(first)
    assert again.json() == first.json()
    assert again.headers["Idempotent-Replayed"] == "true"
    assert store.count("bookings", "user_id = %s", user) == 1


def test_another_body_or_user_books_anew(api, client_of, user):
    flight = new_flight()
    first = made(api.book(flight))
    assert made(api.book(flight, special_requests="aisle")) != first
    assert made(client_of(user + "-other").book(flight)) != first


def test_cancelled_booking_does_not_stand_in_the_way(api):
    flight = new_flight()
    first = made(api.book(flight))
    api.request("DELETE", f"{BOOKINGS}/{first['booking_id']}")
    second = api.book(flight)
    assert "Idempotent-Replayed" not in second.headers
    assert made(second)["booking_id"] != first["booking_id"]


def test_after_the_window_it_is_a_new_booking(api, store):
    flight = new_flight()
    first = made(api.book(flight))
    store.query("UPDATE bookings SET created_at = created_at"
                " - INTERVAL 61 SECOND WHERE booking_reference = %s",
                first["booking_reference"])
    second = api.book(flight)
    assert "Idempotent-Replayed" not in second.headers
    assert made(second)["booking_id"] != first["booking_id"]


def test_window_can_be_off(pool_with, user, secret):
    from support import token
    from support.client import Client
    pool = pool_with(DUPLICATE_WINDOW_SECONDS="0", BOOKING_HOLD_MINUTES="0")
    api, flight = Client(pool.url, token.make(user, secret)), new_flight()
    first = made(api.book(flight))
    assert first["expires_at"] is None
    assert made(api.book(flight))["booking_id"] != first["booking_id"]


# --- the event ----------------------------------------------------------------

def test_event_says_all_that_a_consumer_needs(api, user, events):
    flight = new_flight()
    response = api.book(flight, passengers=2, headers={
        "X-Request-Id": "create-1",
        "traceparent": "00-" + "ab" * 16 + "-" + "cd" * 8 + "-01"})
    data = made(response)
    key, properties, payload = events.of_booking(data["booking_id"])
    assert key == properties.type == payload["event_type"] == "booking.created"
    assert properties.delivery_mode == 2
    assert properties.content_type == "application/json"
    assert properties.correlation_id == "create-1"
    assert properties.app_id
    assert properties.headers["traceparent"][3:35] == "ab" * 16
    assert payload["sequence"] == 1
    for name in ("booking_reference", "user_id", "flight_id", "total_price",
                 "currency", "created_at"):
        assert payload[name] == data[name]
    assert payload["seats"] == data["allocated_seats"]
    assert [p["first_name"] for p in payload["passengers"]] == ["Ada", "Ada"]
    assert "passport_number" not in str(payload)
