"""The lists: one user's and, for admins, all."""

import base64
import itertools

import pytest

from support.client import BOOKINGS, assert_error, new_flight

SORTS = ("created_at", "-created_at", "departure", "-departure")
ITEM = {"booking_id", "booking_reference", "flight_id", "flight_number",
        "status", "total_price", "currency", "departure", "created_at"}


def page_of(client, path, **parameters):
    response = client.get(path, params=parameters)
    assert response.status_code == 200, response.text
    return response.json()["data"]


def walk(client, path, **parameters):
    """All bookings of a list, page by page behind cursors."""
    found, cursor = [], {}
    for number in itertools.count(1):
        data = page_of(client, path, **parameters, **cursor)
        pagination = data["pagination"]
        assert pagination["page"] == number
        found += [b["booking_id"] for b in data["bookings"]]
        if pagination["next_cursor"] is None:
            assert len(found) == pagination["total"]
            assert number == max(pagination["pages"], 1)
            return found
        assert len(data["bookings"]) == pagination["limit"]
        cursor = {"cursor": pagination["next_cursor"]}


class Bookings:
    """Seven of one user: two flights of different days, three states."""

    def __init__(self, api, admin, sandbox):
        self.flights = [new_flight(), new_flight()]
        sandbox.put_flight(self.flights[0], departure="2031-01-02T00:00:00Z")
        sandbox.put_flight(self.flights[1], departure="2031-01-01T00:00:00Z")
        self.data = [api.book(self.flights[n % 2],
                              special_requests=str(n)).json()["data"]
                     for n in range(7)]
        self.ids = [b["booking_id"] for b in self.data]
        self.status = dict.fromkeys(self.ids, "CREATED")
        for place in (1, 2, 5):
            admin.post(f"{BOOKINGS}/{self.ids[place]}/confirm")
            self.status[self.ids[place]] = "CONFIRMED"
        for place in (2, 3):
            admin.request("DELETE", f"{BOOKINGS}/{self.ids[place]}")
            self.status[self.ids[place]] = "CANCELLED"

    def sorted(self, sort):
        """Flight 1 leaves first; within a flight the id decides."""
        order = list(self.ids)
        if "departure" in sort:
            order = self.ids[1::2] + self.ids[0::2]
        return order[::-1] if sort[0] == "-" else order


@pytest.fixture
def bookings(api, admin, sandbox):
    return Bookings(api, admin, sandbox)


@pytest.fixture
def path(user):
    return f"{BOOKINGS}/user/{user}"


def test_items_and_pagination(api, path, bookings):
    data = page_of(api, path)
    assert set(data) == {"bookings", "pagination"}
    assert data["pagination"] == {"total": 7, "page": 1, "limit": 10,
                                  "pages": 1, "next_cursor": None}
    assert [b["booking_id"] for b in data["bookings"]] == bookings.ids[::-1]
    for item in data["bookings"]:
        assert set(item) == ITEM
        assert item["status"] == bookings.status[item["booking_id"]]
        assert item["flight_number"] == "AA100"
    first = data["bookings"][-1]
    for name in ("booking_reference", "flight_id", "total_price", "currency",
                 "created_at"):
        assert first[name] == bookings.data[0][name]
    assert first["departure"] == "2031-01-02T00:00:00Z"


def test_nobody_has_bookings(api, path):
    assert page_of(api, path) == {"bookings": [], "pagination": {
        "total": 0, "page": 1, "limit": 10, "pages": 0, "next_cursor": None}}


@pytest.mark.parametrize("limit", [1, 2, 3, 6, 7, 100])
def test_every_sort_by_page_and_by_cursor(api, path, bookings, limit):
    for sort in SORTS:
        assert walk(api, path, sort=sort, limit=limit) == \
            bookings.sorted(sort), sort
        pages = -(-7 // limit)
        by_number = []
        for number in range(1, pages + 1):
            data = page_of(api, path, sort=sort, limit=limit, page=number)
            assert data["pagination"]["pages"] == pages
            assert data["pagination"]["total"] == 7
            assert data["pagination"]["page"] == number
            by_number += [b["booking_id"] for b in data["bookings"]]
        assert by_number == bookings.sorted(sort), sort


def test_equal_times_neither_hide_nor_repeat(api, path, user, bookings,
                                             store):
    store.query("UPDATE bookings SET created_at = '2026-01-01 00:00:00.123'"
                " WHERE user_id = %s", user)
    for sort in SORTS:
        assert walk(api, path, sort=sort, limit=2) == \
            bookings.sorted(sort), sort


def test_status_filter(api, path, bookings):
    for status in ("CREATED", "CONFIRMED", "CANCELLED"):
        for sort in SORTS:
            expected = [i for i in bookings.sorted(sort)
                        if bookings.status[i] == status]
            assert walk(api, path, sort=sort, status=status, limit=1) == \
                expected
            assert page_of(api, path, status=status)["pagination"]["total"] \
                == len(expected)


@pytest.mark.parametrize("page", [2, 8, 1000000, 2147483647])
def test_page_past_the_end_is_empty(api, path, bookings, page):
    data = page_of(api, path, page=page, limit=100)
    assert data["bookings"] == []
    assert data["pagination"] == {"total": 7, "page": page, "limit": 100,
                                  "pages": 1, "next_cursor": None}


def test_new_bookings_do_not_shift_a_walk(api, path, bookings):
    first = page_of(api, path, limit=3)
    api.book(bookings.flights[0], special_requests="meanwhile")
    second = page_of(api, path, limit=3,
                     cursor=first["pagination"]["next_cursor"])
    assert [b["booking_id"] for b in second["bookings"]] == \
        bookings.ids[::-1][3:6]
    assert second["pagination"]["total"] == 7


@pytest.fixture
def many(api, user, store):
    """A flight, one booking of the user's on it, and 150 copies of that, made
    in as many seconds a day ago."""
    flight = new_flight()
    booking = api.book(flight).json()["data"]
    columns = (" user_id, flight_id, booking_status, version, total_price,"
               " currency, passengers_count, departure, flight_number,"
               " airline, origin, destination, arrival")
    store.query(
        f"INSERT INTO bookings ({columns}, id, booking_reference, created_at,"
        " updated_at) WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL"
        " SELECT n + 1 FROM numbers WHERE n < 150), copies AS (SELECT b.*, n,"
        " created_at - INTERVAL 86400 - n SECOND AS at FROM bookings b"
        " JOIN numbers WHERE booking_reference = %s)"
        f" SELECT {columns}, UNHEX(CONCAT(LPAD(HEX(TIMESTAMPDIFF(MICROSECOND,"
        " '1970-01-01', at) DIV 1000), 12, '0'), '7', RIGHT(HEX(id), 19))),"
        " CONCAT('BK-20000202-', 100 + n), at, at FROM copies",
        booking["booking_reference"])
    yield flight
    store.query("DELETE FROM bookings WHERE booking_reference LIKE"
                " 'BK-20000202-%%' AND user_id = %s", user)


def test_total_of_many_is_right_at_once(api, path, user, many, client_of):
    """Whichever worker of the pool counted last."""
    total = 151
    for number in range(5):
        for page in (1, 2, 6, 100):
            for _ in range(4):
                data = page_of(api, path, page=page)
                assert data["pagination"]["total"] == total
        made = api.book(many, special_requests=str(number)).json()["data"]
        total += 1
        data = page_of(api, path)
        assert data["pagination"]["total"] == total
        assert data["bookings"][0]["booking_id"] == made["booking_id"]
    client_of(user + "-2").book(many, special_requests="another's")
    assert len(walk(api, path, limit=100)) == total
    assert len(walk(api, path, limit=7, sort="departure")) == total
    assert len(walk(api, path, limit=50, status="CREATED")) == total


def test_cursor_wins_over_page(api, path, bookings):
    cursor = page_of(api, path, limit=2)["pagination"]["next_cursor"]
    data = page_of(api, path, limit=2, page=99, cursor=cursor)
    assert [b["booking_id"] for b in data["bookings"]] == \
        bookings.ids[::-1][2:4]


def changed(text, place):
    raw = bytearray(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    raw[place] ^= 1
    return base64.urlsafe_b64encode(bytes(raw)).rstrip(b"=").decode()


def test_bad_cursors(api, path, bookings, client_of, user):
    good = page_of(api, path, limit=2)["pagination"]["next_cursor"]
    size = len(base64.urlsafe_b64decode(good + "=" * (-len(good) % 4)))
    for bad in ("", "x", "!", good[:-1], good + "A", good.upper(),
                *(changed(good, n) for n in range(size))):
        error = assert_error(api.get(path, params={"cursor": bad}),
                             400, "VALIDATION_ERROR")
        assert [f["field"] for f in error["fields"]] == ["cursor"]
    for other in ({"sort": "created_at"}, {"sort": "-departure"},
                  {"status": "CREATED"}):
        assert_error(api.get(path, params={"cursor": good, **other}),
                     400, "VALIDATION_ERROR")
    admin = client_of("admin-2", "admin")
    assert_error(admin.get(BOOKINGS, params={"cursor": good}),
                 400, "VALIDATION_ERROR")
    assert_error(admin.get(f"{BOOKINGS}/user/{user}x",
                           params={"cursor": good}), 400, "VALIDATION_ERROR")


WRONG = [
    ("page", v) for v in ("0", "-1", "abc", "", "1.0", "1e3", " 1", "01x",
                          "99999999999999999999", "2147483648")] + [
    ("limit", v) for v in ("0", "101", "-5", "", "ten", "2147483648")] + [
    ("sort", v) for v in ("", "password", "created_at;drop", "+created_at",
                          "-created_at,departure", "CREATED_AT")] + [
    ("status", v) for v in ("", "created", "FOO", "CREATED,CONFIRMED")]
WRONG_OF_ADMINS = [
    ("user_id", ""), ("user_id", "ü"), ("user_id", "a b"),
    ("user_id", "u" * 256), ("flight_id", ""), ("flight_id", "a/b"),
    ("flight_id", "f" * 65), ("reference", "BK-1"), ("reference", ""),
    ("from", "yesterday"), ("from", "2025-02-30"), ("from", ""),
    ("to", "2025-13-01"), ("to", "2025-01-01T25:00:00Z"), ("to", "1")]


@pytest.mark.parametrize("name, value", WRONG)
def test_wrong_parameters(api, admin, path, name, value):
    for client, address in ((api, path), (admin, BOOKINGS)):
        error = assert_error(client.get(address, params={name: value}),
                             400, "VALIDATION_ERROR")
        assert [f["field"] for f in error["fields"]] == [name]


@pytest.mark.parametrize("name, value", WRONG_OF_ADMINS)
def test_wrong_filters_of_admins(api, admin, path, name, value):
    error = assert_error(admin.get(BOOKINGS, params={name: value}),
                         400, "VALIDATION_ERROR")
    assert [f["field"] for f in error["fields"]] == [name]
    # To the user's list these are unknown parameters.
    assert page_of(api, path, **{name: value})["bookings"] == []


def test_all_wrong_parameters_at_once(api, path):
    error = assert_error(
        api.get(path + "?page=0&limit=0&sort=x&status=y&page=1&other=1"),
        400, "VALIDATION_ERROR")
    assert {f["field"] for f in error["fields"]} == \
        {"page", "limit", "sort", "status"}


def test_badly_encoded_query(api, path):
    assert_error(api.get(path + "?status=%zz"), 400, "VALIDATION_ERROR")


def test_who_may_list_whom(api, path, client_of, user, bookings):
    assert_error(client_of("stranger").get(path), 403, "FORBIDDEN")
    assert_error(client_of("service-1", "service").get(path),
                 403, "FORBIDDEN")
    assert page_of(client_of("a", "admin"), path)["pagination"]["total"] == 7
    # Fields come before permission.
    assert_error(client_of("stranger").get(path + "?page=0"),
                 400, "VALIDATION_ERROR")


@pytest.mark.parametrize("name", ["%C3%BC", "a%20b", "u" * 300])
def test_user_that_cannot_be(admin, name):
    data = page_of(admin, f"{BOOKINGS}/user/{name}")
    assert data["pagination"]["total"] == 0


# --- the list of all ----------------------------------------------------------

def test_admins_only(api, client_of):
    for client in (api, client_of("s", "service")):
        assert_error(client.get(BOOKINGS), 403, "FORBIDDEN")
        assert_error(client.get(BOOKINGS + "?page=0"),
                     400, "VALIDATION_ERROR")


def test_items_name_the_user(admin, user, bookings):
    data = page_of(admin, BOOKINGS, user_id=user, limit=1)
    assert set(data["bookings"][0]) == ITEM | {"user_id"}
    assert data["bookings"][0]["user_id"] == user


def test_every_filter_in_every_order(admin, user, bookings):
    other = bookings.flights[1]
    filters = [
        ({"user_id": user}, lambda b: True),
        ({"flight_id": other}, lambda b: b["flight_id"] == other),
        ({"flight_id": other, "user_id": user},
         lambda b: b["flight_id"] == other),
        ({"flight_id": other, "user_id": "nobody"}, lambda b: False),
        ({"reference": bookings.data[3]["booking_reference"]},
         lambda b: b is bookings.data[3]),
        ({"reference": bookings.data[3]["booking_reference"],
          "user_id": "nobody"}, lambda b: False),
        ({"reference": bookings.data[3]["booking_reference"],
          "flight_id": bookings.flights[0]}, lambda b: False),
        ({"user_id": user, "status": "CONFIRMED"},
         lambda b: bookings.status[b["booking_id"]] == "CONFIRMED"),
        ({"flight_id": other, "status": "CONFIRMED"},
         lambda b: b["flight_id"] == other and
         bookings.status[b["booking_id"]] == "CONFIRMED"),
        ({"user_id": user, "from": "2020-01-01", "to": "2099-12-31"},
         lambda b: True),
        ({"user_id": user, "to": "2020-01-01"}, lambda b: False),
        ({"flight_id": other, "from": "2099-01-01"}, lambda b: False),
    ]
    for sort in SORTS:
        for chosen, fits in filters:
            expected = {b["booking_id"] for b in bookings.data if fits(b)}
            assert walk(admin, BOOKINGS, sort=sort, limit=2, **chosen) == \
                [i for i in bookings.sorted(sort) if i in expected], \
                (sort, chosen)


def test_all_bookings_in_every_order(admin, bookings, store):
    total = store.count("bookings")
    for sort in SORTS:
        found = walk(admin, BOOKINGS, sort=sort, limit=100)
        assert len(found) == len(set(found)) == total
        mine = [i for i in found if i in bookings.status]
        assert mine == bookings.sorted(sort)


def test_time_bounds(admin, user, api, store):
    """`from` is included; `to` is not as a time, and is as a day."""
    first = api.book(new_flight()).json()["data"]
    moment = store.value(
        "SELECT DATE_FORMAT(created_at, '%%Y-%%m-%%dT%%H:%%i:%%s.%%f')"
        " FROM bookings WHERE booking_reference = %s",
        first["booking_reference"])[:23]
    day = first["created_at"][:10]
    for bounds, expected in (
            ({"from": moment + "Z"}, 1), ({"to": moment + "Z"}, 0),
            ({"from": day, "to": day}, 1), ({"to": day + "T00:00:00Z"}, 0),
            ({"from": day + "T23:59:59.999Z"}, 0),
            ({"from": moment + "+00:00", "to": moment[:-3] + "999Z"},
             int(not moment.endswith("999")))):
        data = page_of(admin, BOOKINGS, user_id=user, **bounds)
        assert data["pagination"]["total"] == len(data["bookings"]) == \
            expected, bounds
