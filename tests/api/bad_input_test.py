"""Bad input, row by row: never a 5xx, never an effect, never a look inside."""

import copy
import json
import re
import socket
import urllib.parse

import pytest

from support.client import BOOKINGS, assert_error, new_flight, passenger

JSON = {"Content-Type": "application/json"}
LEAKS = re.compile(r"SELECT|INSERT|mysql|mariadb|\.c:\d|/src/|/lib/|errno",
                   re.IGNORECASE)


@pytest.fixture
def untouched(store, user):
    yield
    assert store.count("bookings", "user_id = %s", user) == 0


def good():
    return {"flight_id": "F8-bad-input", "passengers": [passenger(0)]}


def send(api, body, **headers):
    response = api.post(BOOKINGS, data=body, headers={**JSON, **headers})
    assert not LEAKS.search(response.text)
    return response


# --- HTTP itself, as raw bytes --------------------------------------------------------

def exchange(url, data, end=False):
    """What comes back for these bytes; the peer closes the connection."""
    address = urllib.parse.urlparse(url)
    with socket.create_connection((address.hostname, address.port),
                                  10) as peer:
        peer.settimeout(20)
        peer.sendall(data)
        if end:
            peer.shutdown(socket.SHUT_WR)
        answer = b""
        while True:
            try:
                piece = peer.recv(65536)
            except ConnectionResetError:
                break
            if not piece:
                break
            answer += piece
    return answer


def request(method="POST", target=BOOKINGS, headers=(), body=b"",
            version="HTTP/1.1", host="Host: localhost"):
    head = [f"{method} {target} {version}", host, *headers,
            "Connection: close"]
    return "\r\n".join([h for h in head if h] + ["", ""]).encode(
        "latin-1") + body


BODY = json.dumps(good()).encode()
LENGTH = f"Content-Length: {len(BODY)}"
TYPE = "Content-Type: application/json"
AUTH = "Authorization: Bearer {token}"

FRAMING = [
    ("length and chunked", request(headers=(
        LENGTH, "Transfer-Encoding: chunked", TYPE, AUTH),
        body=b"0\r\n\r\n"), {400}),
    ("two lengths", request(headers=(LENGTH, LENGTH, TYPE, AUTH), body=BODY),
     {400}),
    ("two different lengths", request(headers=(
        LENGTH, "Content-Length: 5", TYPE, AUTH), body=BODY), {400}),
    ("negative length", request(headers=("Content-Length: -1", TYPE, AUTH),
                                body=BODY), {400}),
    ("length of 20 digits", request(headers=(
        "Content-Length: 99999999999999999999", TYPE, AUTH), body=BODY),
     {400, 413}),
    ("gzip transfer", request(headers=(
        "Transfer-Encoding: gzip", TYPE, AUTH), body=BODY), {400, 501}),
    ("bad chunk", request(headers=(
        "Transfer-Encoding: chunked", TYPE, AUTH), body=b"zz\r\nx\r\n"),
     {400}),
    ("no length", request(headers=(TYPE, AUTH)), {400, 411}),
    ("HTTP/3.0", request(version="HTTP/3.0", headers=(
        LENGTH, TYPE, AUTH), body=BODY), {400, 505}),
    ("no host", request(host="", headers=(LENGTH, TYPE, AUTH), body=BODY),
     {400}),
    ("two hosts", request(headers=("Host: other", LENGTH, TYPE, AUTH),
                          body=BODY), {400}),
    ("header of 9 KB", request(headers=(
        "X-Long: " + "x" * 9000, LENGTH, TYPE, AUTH), body=BODY), {400, 431}),
    ("target of 9 KB", request(target=BOOKINGS + "?" + "x" * 9000, headers=(
        LENGTH, TYPE, AUTH), body=BODY), {400, 414, 431}),
    ("space before colon", request(headers=(
        "X-Odd : 1", LENGTH, TYPE, AUTH), body=BODY), {400}),
    ("control byte in header", request(headers=(
        "X-Odd: a\x01b", LENGTH, TYPE, AUTH), body=BODY), {400}),
    ("NUL in target", request(target=BOOKINGS + "/%00", method="GET",
                              headers=(AUTH,)), {400, 404}),
    ("line break in target", request(target=BOOKINGS + "/%0d%0a",
                                     method="GET", headers=(AUTH,)),
     {400, 404}),
    ("raw byte in target", request(target=BOOKINGS + "/\xff", method="GET",
                                   headers=(AUTH,)), {400, 404}),
    ("climbing target", request(target=BOOKINGS + "/..%2e/x", method="GET",
                                headers=(AUTH,)), {400, 404}),
    ("lower-case method", request(method="get", headers=(AUTH,)),
     {400, 405, 501}),
    ("unknown method", request(method="BREW", headers=(AUTH,)),
     {400, 405, 501}),
    ("short body", request(headers=(
        "Content-Length: 9999", TYPE, AUTH), body=BODY), None),
]


@pytest.mark.parametrize("name, data, statuses", FRAMING,
                         ids=[row[0] for row in FRAMING])
def test_framing(api, url, untouched, name, data, statuses):
    answer = exchange(url, data.replace(b"{token}", api.token.encode()),
                      end=statuses is None)
    if statuses is None:
        assert not answer.startswith(b"HTTP/1.1 2")
        return
    head, _, body = answer.partition(b"\r\n\r\n")
    assert int(head.split()[1]) in statuses, answer[:200]
    # What the web server answers itself is JSON as well.
    assert b"content-type: application/json" in head.lower()
    assert json.loads(body)["success"] is False


def test_chunked_body_is_fine(api, url, user, store):
    flight = new_flight()
    body = json.dumps({**good(), "flight_id": flight}).encode()
    answer = exchange(url, request(headers=(
        "Transfer-Encoding: chunked", TYPE, f"Authorization: Bearer "
        f"{api.token}"), body=b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)))
    assert answer.startswith(b"HTTP/1.1 201 "), answer[:300]
    assert store.count("bookings", "user_id = %s", user) == 1


# --- the body's type and size ----------------------------------------------------------

@pytest.mark.parametrize("kind", [
    None, "", "text/plain", "text/json", "application/jsonp",
    "application/json; charset=utf-16", "application/json; charset=latin1",
    "application/merge-patch+json", "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x", "json", "application/json x"])
def test_wrong_types(api, untouched, kind):
    headers = {} if kind is None else {"Content-Type": kind}
    assert_error(api.post(BOOKINGS, data=BODY, headers=headers),
                 415, "UNSUPPORTED_MEDIA_TYPE")


@pytest.mark.parametrize("kind", [
    "application/json", "Application/JSON", "application/json;charset=utf-8",
    'application/json; charset="UTF-8"', "application/json ; x=y"])
def test_right_types(api, kind):
    body = json.dumps({**good(), "flight_id": new_flight()})
    assert api.post(BOOKINGS, data=body, headers={"Content-Type": kind}) \
        .status_code == 201


@pytest.mark.parametrize("size, status", [
    (65536, 201), (65537, 413), (300000, 413)])
def test_sizes(api, size, status):
    body = json.dumps({**good(), "flight_id": new_flight(), "x": ""})
    body = body[:-2] + "y" * (size - len(body)) + body[-2:]
    assert len(body) == size
    assert send(api, body).status_code == status


# --- JSON ------------------------------------------------------------------------------

def with_value(text):
    return '{"flight_id":"F8-x","passengers":[],"x":%s}' % text


NOT_JSON = [
    b"", b" ", b"{", b"}", b"[]", b"1", b'"x"', b"null", b"true",
    BODY[:-1], BODY + b"x", BODY + b"{}", BODY + b"\0", b"\xef\xbb\xbf" + BODY,
    BODY.replace(b'"', b"'"), b'{"a":1,}', b'{"a":1 "b":2}', b"{a:1}",
    b'{"a":1,"a":1}', b'{"a":1,"\\u0061":2}', b"// x\n{}", b"/* x */{}",
    b'{"flight_id\\u0000x":1}', b"\xff\xfe{\0}\0",
    *(with_value(v).encode("latin-1") for v in (
        "NaN", "Infinity", "-Infinity", "01", "+1", "1.", ".5", "0x10", "1e",
        "nul", "True", "'x'", '"\t"', '"\n"', '"\x00"', '"\\x41"', '"\\u12"',
        '"\\u0000"', '"\\ud800"', '"\\udc00x"', '"\\ud800\\u0041"',
        '"\xc0\x80"', '"\xff"', '"\xed\xa0\x80"', '"\xf4\x90\x80\x80"',
        '"\xe2\x82"', "[1,]", "[", '{"y":1,"y":2}',
        "[" * 16 + "]" * 16))]


@pytest.mark.parametrize("body", NOT_JSON)
def test_not_one_json_object(api, untouched, body):
    assert_error(send(api, body), 400, "INVALID_JSON")


@pytest.mark.parametrize("value", [
    "1e400", "1e999", "-1e999", "123456789012345678901234", "0.1e-400",
    '"\\ud83d\\ude00"', '"\\u2028"', "[" * 15 + "]" * 15, "null"])
def test_unusual_but_well_formed(api, value):
    """In a field that nobody knows."""
    body = json.dumps({**good(), "flight_id": new_flight()})
    assert send(api, body[:-1] + ',"unknown":' + value + "}") \
        .status_code == 201


@pytest.mark.parametrize("value", ["1e400", "123456789012345678901234", "1"])
def test_numbers_where_a_text_belongs(api, untouched, value):
    body = BODY.replace(b'"F8-bad-input"', value.encode())
    error = assert_error(send(api, body), 400, "VALIDATION_ERROR")
    assert [f["field"] for f in error["fields"]] == ["flight_id"]


def test_a_hundred_thousand_keys(api, untouched):
    keys = ",".join(f'"k{n}":1' for n in range(5000))
    assert_error(send(api, "{" + keys + ',"k1":2}'), 400, "INVALID_JSON")


# --- fields of a booking ------------------------------------------------------------------

MISSING = object()
FIRST = "passengers[0]"
FIELDS = [
    # path to the value, wrong values, the field that is named
    (("flight_id",), [MISSING, None, "", 1, True, [], {}, "a/b", "a b", "ü",
                      "f" * 65, "x\n", "'; DROP TABLE bookings; --"],
     "flight_id"),
    (("passengers",), [MISSING, None, [], "x", {}, 1,
                       [passenger(n) for n in range(10)]], "passengers"),
    (("passengers", 0), [None, "x", 1, [], True], FIRST),
    *((("passengers", 0, name),
       [MISSING, None, "", "  ", "\u3000", 1, [], "x" * 101, "ü" * 101,
        "a\u0007b", "a\nb", "a\u0085b", "a\u007fb"], f"{FIRST}.{name}")
      for name in ("first_name", "last_name")),
    (("passengers", 0, "email"),
     [MISSING, None, "", "x", "@b.c", "a@", "a@@b.c", "a b@c.d", "a@b..c",
      "a@-b.c", "a@b-.c", "a@b_c.d", "a@b.c\r\nBcc: x@y.z", '"a b"@c.d',
      "a@" + "b" * 64 + ".c", "a" * 250 + "@b.cd", "ü@b.c", "a@ü.c", 1,
      ["a@b.c"]], f"{FIRST}.email"),
    (("passengers", 0, "phone_number"),
     ["", "1234567890", "+123456", "+1234567890123456", "+49 30 123456",
      "+49abc4567", "++1234567", "+", 1234567890, "+１２３４５６７８"],
     f"{FIRST}.phone_number"),
    (("passengers", 0, "date_of_birth"),
     ["", "2025-02-30", "1899-12-31", "2999-01-01", "1990-5-15", "15.05.1990",
      "1990-05-15T00:00:00Z", "1990-13-01", "1990-00-10", "0000-01-01", 19900515,
      "1990-05-1５"], f"{FIRST}.date_of_birth"),
    (("passengers", 0, "passport_number"),
     ["", "AB12", "A" * 21, "AB-12345", "AB 12345", "ÄB12345", "AB1234\U0001F600",
      123456], f"{FIRST}.passport_number"),
    (("passengers", 0, "is_primary"), ["true", 1, 0, [], {}],
     f"{FIRST}.is_primary"),
    (("seat_preferences",), ["12A", {}, 1, [f"{n}A" for n in range(1, 20)]],
     "seat_preferences"),
    *((("seat_preferences",), [[seat]], "seat_preferences[0]")
      for seat in ("", "A", "12", "0A", "01A", "12a ", " 12A", "12ABC",
                   "123456A", "1Ä", "12A';--", 12, None, ["12A"])),
    (("seat_preferences",), [["1A", "1a"], ["2B", "2B"]],
     "seat_preferences[1]"),
    (("allow_other_seats",), ["true", 1, [], "yes"], "allow_other_seats"),
    (("special_requests",), [1, [], {}, True, "x" * 501, "ü" * 501],
     "special_requests"),
]
ROWS = [(path, value, field) for path, values, field in FIELDS
        for value in values]


def changed(body, path, value):
    *outer, last = path
    place = body
    for step in outer:
        place = place[step]
    if value is MISSING:
        del place[last]
    else:
        place[last] = value
    return body


@pytest.mark.parametrize("path, value, field", ROWS,
                         ids=[f"{r[2]}-{n}" for n, r in enumerate(ROWS)])
def test_wrong_fields(api, untouched, path, value, field):
    response = send(api, json.dumps(changed(good(), path, value)))
    error = assert_error(response, 400, "VALIDATION_ERROR")
    assert [f["field"] for f in error["fields"]] == [field]


RIGHT = [
    (("passengers", 0, "first_name"), ["ü" * 100, "X", "李", "O'Brien",
                                       "\u202eabc", "a\u200db",
                                       "Robert'); DROP TABLE students;--"]),
    (("passengers", 0, "email"), ["a@b", "a.b+c@d-e.fr", "!#$%&'*+/=?^_`{|}~-@x",
                                  "a" * 242 + "@example.com"[:12]]),
    (("passengers", 0, "phone_number"), [None, "+1234567", "+" + "1" * 15]),
    (("passengers", 0, "date_of_birth"), [None, "1900-01-01", "2000-02-29"]),
    (("passengers", 0, "passport_number"), [None, "AB123", "a" * 20]),
    (("passengers", 0, "is_primary"), [None, True, False]),
    (("seat_preferences",), [None, [], ["2a"]]),
    (("allow_other_seats",), [None, True, False]),
    (("special_requests",), [None, "", "ü" * 500]),
]
RIGHT_ROWS = [(path, value) for path, values in RIGHT for value in values]


@pytest.mark.parametrize("path, value", RIGHT_ROWS,
                         ids=[f"{r[0][-1]}-{n}"
                              for n, r in enumerate(RIGHT_ROWS)])
def test_right_fields(api, path, value):
    body = changed({**good(), "flight_id": new_flight()}, path, value)
    response = send(api, json.dumps(body))
    assert response.status_code == 201, response.text
    assert api.booking(response.json()["data"]["booking_id"]) \
        .status_code == 200


def test_every_wrong_field_at_once(api, untouched):
    body = {"flight_id": 1, "passengers": [
        {"first_name": "", "email": "x"},
        {"first_name": "A", "last_name": "B", "email": "a@b.c",
         "phone_number": "1", "is_primary": "yes"}],
        "seat_preferences": ["1A", "x", "1a"], "allow_other_seats": 0,
        "special_requests": []}
    error = assert_error(
        send(api, json.dumps(body), **{"Idempotency-Key": "a b"}),
        400, "VALIDATION_ERROR")
    assert {f["field"] for f in error["fields"]} == {
        "flight_id", "passengers[0].first_name", "passengers[0].last_name",
        "passengers[0].email", "passengers[1].phone_number",
        "passengers[1].is_primary", "seat_preferences[1]",
        "seat_preferences[2]", "allow_other_seats", "special_requests",
        "Idempotency-Key"}


def test_every_field_wrong(api, untouched):
    names = ("first_name", "last_name", "email", "phone_number",
             "date_of_birth", "passport_number", "is_primary")
    body = {"flight_id": 1, "passengers": [dict.fromkeys(names, 1)] * 9,
            "seat_preferences": ["x"] * 18, "allow_other_seats": 1,
            "special_requests": 1}
    error = assert_error(
        send(api, json.dumps(body), **{"Idempotency-Key": "a b"}),
        400, "VALIDATION_ERROR")
    assert {f["field"] for f in error["fields"]} == {
        "flight_id", "allow_other_seats", "special_requests",
        "Idempotency-Key",
        *(f"passengers[{n}].{name}" for n in range(9) for name in names),
        *(f"seat_preferences[{n}]" for n in range(18))}


@pytest.mark.parametrize("people, field", [
    ([{"is_primary": True}, {"is_primary": True}],
     "passengers[1].is_primary"),
    ([{"email": None}, {}], "passengers[0].email"),
    ([{}, {"is_primary": True, "email": None}], "passengers[1].email")])
def test_primary_passenger(api, untouched, people, field):
    body = copy.deepcopy(good())
    body["passengers"] = [passenger(n, **p) for n, p in enumerate(people)]
    error = assert_error(send(api, json.dumps(body)), 400, "VALIDATION_ERROR")
    assert [f["field"] for f in error["fields"]] == [field]


@pytest.mark.parametrize("query", [
    "%" * 4000, "status=%", "%zz=1", "status=%00", "limit=%g1"])
def test_odd_escapes_in_a_query(api, url, user, query):
    answer = exchange(url, request("GET", f"{BOOKINGS}/user/{user}?{query}",
                                   headers=(f"Authorization: Bearer "
                                            f"{api.token}",)))
    assert int(answer.split()[1]) == 400, answer[:300]
