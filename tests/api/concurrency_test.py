"""Many at once: no seat is sold twice, no change is lost."""

import concurrent.futures

import pytest

from support import token as tokens
from support.client import BOOKINGS, Client, new_flight


def at_once(calls):
    with concurrent.futures.ThreadPoolExecutor(len(calls)) as threads:
        return [f.result() for f in [threads.submit(c) for c in calls]]


@pytest.fixture
def buyers(url, secret, user):
    def make(count):
        return [Client(url, tokens.make(f"{user}-{n}", secret))
                for n in range(count)]
    return make


def assert_no_seat_twice(store, flight):
    assert store.query(
        "SELECT p.seat_position FROM passengers p"
        " JOIN bookings b ON b.id = p.booking_id"
        " WHERE b.flight_id = %s AND b.booking_status <> 'CANCELLED'"
        " GROUP BY p.seat_position HAVING COUNT(*) > 1", flight) == []
    assert store.count("seats", "flight_id = %s AND NOT is_available",
                       flight) == store.value(
        "SELECT COUNT(*) FROM passengers p JOIN bookings b"
        " ON b.id = p.booking_id WHERE b.flight_id = %s"
        " AND b.booking_status <> 'CANCELLED'", flight)


@pytest.mark.parametrize("first_booking", [True, False])
def test_twenty_for_the_last_three_seats(buyers, api, store, first_booking):
    """Also when all of them come before the flight has an inventory."""
    flight = new_flight(3 if first_booking else 4)
    if not first_booking:
        assert api.book(flight).status_code == 201
    answers = at_once([lambda b=b: b.book(flight) for b in buyers(20)])
    statuses = [a.status_code for a in answers]
    assert (statuses.count(201), statuses.count(400)) == (3, 17)
    for answer in answers:
        if answer.status_code == 400:
            assert answer.json()["error"]["code"] == "FLIGHT_UNAVAILABLE"
    assert_no_seat_twice(store, flight)


def test_groups_for_one_flight(buyers, store):
    """Groups of one to five: as many as fit, all of them complete."""
    flight = new_flight(30)
    answers = at_once([lambda b=b, n=n: b.book(flight, passengers=n % 5 + 1)
                       for n, b in enumerate(buyers(16))])
    assert {a.status_code for a in answers} <= {201, 400}
    sold = [s for a in answers if a.status_code == 201
            for s in a.json()["data"]["allocated_seats"]]
    assert len(sold) == len(set(sold)) >= 26
    assert_no_seat_twice(store, flight)


def test_twenty_for_one_named_seat(buyers, store):
    flight = new_flight()
    answers = at_once([lambda b=b: b.book(flight, seat_preferences=["7C"])
                       for b in buyers(20)])
    statuses = [a.status_code for a in answers]
    assert (statuses.count(201), statuses.count(409)) == (1, 19)
    assert {a.json()["error"]["code"] for a in answers
            if a.status_code == 409} == {"SEAT_UNAVAILABLE"}
    assert_no_seat_twice(store, flight)


def test_alternatives_under_load(buyers, store):
    """Nobody goes without who would take any seat."""
    flight = new_flight(20)
    answers = at_once([lambda b=b: b.book(
        flight, seat_preferences=["1A", "1B"], allow_other_seats=True)
        for b in buyers(20)])
    assert [a.status_code for a in answers] == [201] * 20
    assert_no_seat_twice(store, flight)


def test_booking_and_cancelling_at_once(buyers, store):
    flight = new_flight(6)

    def buy_and_return(buyer):
        for number in range(4):
            answer = buyer.book(flight, passengers=2,
                                special_requests=str(number))
            assert answer.status_code in (201, 400), answer.text
            if answer.status_code == 201:
                path = f"{BOOKINGS}/{answer.json()['data']['booking_id']}"
                assert buyer.request("DELETE", path).status_code == 200

    at_once([lambda b=b: buy_and_return(b) for b in buyers(8)])
    assert store.count("seats", "flight_id = %s AND is_available",
                       flight) == 6
    assert_no_seat_twice(store, flight)


# --- the lifecycle ----------------------------------------------------------------

# From each state, what each action answers and leaves behind.
EDGES = [
    ("CREATED", "confirm", 200, "CONFIRMED"),
    ("CREATED", "cancel", 200, "CANCELLED"),
    ("CREATED", "edit", 200, "CREATED"),
    ("CONFIRMED", "confirm", 200, "CONFIRMED"),
    ("CONFIRMED", "cancel", 200, "CANCELLED"),
    ("CONFIRMED", "edit", 409, "CONFIRMED"),
    ("CANCELLED", "confirm", 409, "CANCELLED"),
    ("CANCELLED", "cancel", 409, "CANCELLED"),
    ("CANCELLED", "edit", 409, "CANCELLED"),
]


class Walk:
    def __init__(self, api, admin):
        self.api, self.admin = api, admin
        data = api.book(new_flight()).json()["data"]
        self.path = f"{BOOKINGS}/{data['booking_id']}"
        self.person = api.get(self.path).json()["data"]["passengers"][0][
            "passenger_id"]

    def do(self, action):
        if action == "confirm":
            return self.admin.post(self.path + "/confirm")
        if action == "cancel":
            return self.api.request("DELETE", self.path)
        return self.api.request(
            "PATCH", f"{self.path}/passengers/{self.person}",
            json={"first_name": "J"})

    def get(self):
        return self.api.get(self.path)

    def history(self):
        return self.api.get(self.path + "/history").json()["data"]["history"]


@pytest.fixture
def walk(api, admin):
    return Walk(api, admin)


@pytest.mark.parametrize("state, action, status, after", EDGES)
def test_all_pairs_of_the_lifecycle(walk, state, action, status, after):
    if state != "CREATED":
        walk.do("confirm" if state == "CONFIRMED" else "cancel")
    before = walk.get().json()["data"]
    assert before["status"] == state
    assert walk.do(action).status_code == status
    found = walk.get()
    assert found.json()["data"]["status"] == after
    if status == 409:
        assert found.json()["data"] == before
    assert found.headers["ETag"] == f'"{len(walk.history())}"'


@pytest.mark.parametrize("attempt", range(8))
def test_cancel_against_confirm(walk, store, attempt):
    confirmed, cancelled = at_once([lambda: walk.do("confirm"),
                                    lambda: walk.do("cancel")])
    assert cancelled.status_code == 200
    events = [e["event_type"] for e in walk.history()]
    if confirmed.status_code == 200:
        assert events == ["booking.created", "booking.confirmed",
                          "booking.cancelled"]
    else:
        assert confirmed.json()["error"]["code"] == "CANNOT_CONFIRM_BOOKING"
        assert events == ["booking.created", "booking.cancelled"]
    data = walk.get().json()["data"]
    assert data["status"] == "CANCELLED"
    assert_no_seat_twice(store, data["flight_id"])


def test_cancel_against_cancel(walk):
    answers = at_once([lambda: walk.do("cancel")] * 6)
    statuses = sorted(a.status_code for a in answers)
    assert statuses == [200] + [409] * 5
    assert len(walk.history()) == 2


def test_twenty_edits_lose_none(walk):
    answers = at_once([lambda: walk.do("edit")] * 20)
    assert [a.status_code for a in answers] == [200] * 20
    assert sorted(a.headers["ETag"] for a in answers) == \
        sorted(f'"{n}"' for n in range(2, 22))
    assert [e["sequence"] for e in walk.history()] == list(range(1, 22))


def test_edits_that_collide_again_and_again(pool_with, secret, walk):
    """More at once than tries of one: who lost once takes its turn."""
    pool = pool_with(workers=20)
    editors = [Client(pool.url, tokens.make("admin-1", secret, "admin"))
               for _ in range(20)]

    def edit(editor):
        return [editor.request(
            "PATCH", f"{walk.path}/passengers/{walk.person}",
            json={"first_name": "J"}).status_code for _ in range(5)]

    statuses = at_once([lambda e=e: edit(e) for e in editors])
    assert statuses == [[200] * 5] * 20
    assert [e["sequence"] for e in walk.history()] == list(range(1, 102))


def test_of_twenty_with_one_version_one_wins(walk, api):
    def edit():
        return api.request("PATCH", f"{walk.path}/passengers/{walk.person}",
                           json={"first_name": "J"},
                           headers={"If-Match": '"1"'})
    statuses = [a.status_code for a in at_once([edit] * 20)]
    assert (statuses.count(200), statuses.count(412)) == (1, 19)


def test_references_never_collide(buyers, store, user):
    flight = new_flight()
    answers = at_once([lambda b=b: [
        b.book(flight, special_requests=str(n)) for n in range(4)]
        for b in buyers(12)])
    made = [a.json()["data"]["booking_reference"]
            for buyer in answers for a in buyer]
    assert len(set(made)) == 48
